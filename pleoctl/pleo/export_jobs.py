"""Export jobs: the queue, its items and their payloads, statuses and events (E1, J1-J6, C1-C3, F1-F3, U1-U4, K1-K2).

As elsewhere the reader has no method that writes; lists are complete or an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from urllib.parse import quote

import msgspec

from pleoctl.errors import PleoError, Refused, Stale
from pleoctl.pleo import wire
from pleoctl.pleo.answers import carried_out
from pleoctl.pleo.paging import Listing, read_pages
from pleoctl.pleo.reader import PleoReader
from pleoctl.remote.errors import ApiError, LostAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

JOBS: Final = "/v3/export-jobs"
EVENTS: Final = "/v3/export-job-events"
ITEMS: Final = "/v3/export-items"
JOBS_READ: Final = "export-jobs:read"
JOBS_WRITE: Final = "export-jobs:write"
ITEMS_READ: Final = "export-items:read"
_OVER: Final = 422
_ACCEPTED: Final = 202
MISSING_CONTRA: Final = "MISSING_CONTRA_ACCOUNTS"
UPDATES: Final = 100
OPEN_JOBS: Final = ("pending", "in_progress")
OPEN_ITEMS: Final = frozenset({"pending", "in_progress"})
DEFAULT_EXPIRY: Final = 3600
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")


@dataclass(frozen=True, slots=True)
class ExportJob:
    """One job; times are ISO timestamps in UTC, ``expires_in`` seconds after its last update (J6)."""

    id: str
    company: str
    status: str
    items: int
    created: str
    updated: str | None
    expires_in: int

    @property
    def is_open(self) -> bool:
        """Whether it can still be worked on (J2)."""
        return self.status in OPEN_JOBS

    @property
    def expires(self) -> str | None:
        """When it expires unless something happens; None where it is over, or Pleo's times cannot be read."""
        if not self.is_open:
            return None
        try:
            moment = datetime.fromisoformat(self.updated or self.created) + timedelta(seconds=self.expires_in)
        except ValueError:
            return None
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class JobItem:
    """The tracking row of one accounting entry (C1); ``id`` is its accountingEntryId."""

    id: str
    status: str
    external_id: str | None = None
    external_url: str | None = None
    reason_type: str | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether its outcome is still to be reported (C2)."""
        return self.status in OPEN_ITEMS


@dataclass(frozen=True, slots=True)
class Payload(Generic[T]):
    """The export item of one accounting entry; ``kept`` is what its reader keeps of what Pleo sent."""

    id: str
    kept: T


class Update(msgspec.Struct, rename="camel", omit_defaults=True):
    """One outcome to report (U2, U3); fields that say nothing are left out, since none may be null."""

    accounting_entry_id: str
    status: str
    external_id: str | None = None
    external_url: str | None = None
    exported_at: str | None = None
    failure_reason: str | None = None
    failure_reason_type: str | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """Answer to a report: items as they are now, and messages for those that were not taken (U4)."""

    items: dict[str, JobItem]
    errors: dict[str, str]


class ExportReader(PleoReader):
    """Reads one company's export jobs."""

    def jobs(self, statuses: Sequence[str] = ()) -> list[ExportJob]:
        """Operation ``getExportJobsListV3``, oldest first. Raises `Refused` for another company's."""
        params: dict[str, Any] = {"company_id": self.company}
        if statuses:
            params["statuses"] = list(statuses)
        listing = Listing("GET", JOBS, params, scope=JOBS_READ)
        found: list[ExportJob] = read_pages(self._http, listing, _job)
        for job in found:
            self.require_own(job)
        return sorted(found, key=lambda job: (job.created, job.id))

    def probe_jobs(self) -> None:
        """One small read, to see whether the credential may. Raises `RemoteError`."""
        self._http.read("GET", JOBS, params={"company_id": self.company, "limit": 1}, scope=JOBS_READ)

    def job(self, identity: str) -> ExportJob:
        """Operation ``getExportJobByIdV3``. Raises `ApiError` (404), `Refused`."""
        answer = self._http.read("GET", f"{JOBS}/{quote(identity, safe='')}", scope=JOBS_READ)
        job = _job(wire.data_of(answer.body))
        self.require_own(job)
        return job

    def require_own(self, job: ExportJob) -> None:
        """Raise `Refused` for a job of another company (V3)."""
        if job.company != self.company:
            raise Refused(f"export job {job.id} is of company {job.company}, this workspace of {self.company}")

    def job_items(self, identity: str) -> list[JobItem]:
        """Operation ``getExportJobItemsV3``: every tracking row, in Pleo's order (C1)."""
        listing = Listing("GET", f"{JOBS}/{quote(identity, safe='')}/items", scope=JOBS_READ)
        found: list[JobItem] = read_pages(self._http, listing, _item)
        return found

    def payloads(self, identity: str, keep: Callable[[dict[str, Any]], T]) -> list[Payload[T]]:
        """Operation ``getExportItemsV3``: of every payload what is to be kept, in Pleo's order (F2).

        Raises `MissingContraAccounts`, and `Stale` where the job is over.
        """
        listing = Listing("GET", ITEMS, {"job_id": identity}, scope=ITEMS_READ)
        try:
            found: list[Payload[T]] = read_pages(self._http, listing, lambda raw: _payload(raw, keep))
        except ApiError as error:
            if error.kind.upper() == MISSING_CONTRA:
                raise MissingContraAccounts(error.message) from error
            if error.status == _OVER:
                words = f"export job {identity} is over, and Pleo gives the items of open jobs only"
                raise Stale(words, hint="`pleoctl jobs list` tells how it ended") from error
            raise
        return found


class ExportWriter(ExportReader):
    """Reports outcomes. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def event(self, job: str, event: str, reason_type: str | None = None, reason: str | None = None) -> None:
        """Operation ``createExportJobEventV3``; reason fields go only with ``failed`` (K2, C-6)."""
        body = {"jobId": job, "event": event}
        if event == "failed":
            body |= {"failureReasonType": reason_type or "validation_failure", "failureReason": reason or ""}
        answer = self._http.write("POST", EVENTS, json=body, scope=JOBS_WRITE)
        if answer.status != _ACCEPTED:
            carried_out(answer, job)

    def report(self, job: str, updates: Sequence[Update]) -> Reported:
        """Operation ``updateExportJobItemsV3`` for at most 100 items; a 200 may carry errors (U1, U4)."""
        body = msgspec.to_builtins(list(updates))
        answer = self._http.write("PUT", f"{JOBS}/{quote(job, safe='')}/items", json=body, scope=JOBS_WRITE)
        try:
            data, errors = answer.body["data"], answer.body["errors"]
            items = {row["accountingEntryId"]: _item(row) for row in data}
            return Reported(items, {row["accountingEntryId"]: str(row.get("message") or row["type"]) for row in errors})
        except (KeyError, TypeError, AttributeError, PleoError) as error:
            raise LostAnswer("the answer to a report is not understood", answer.status) from error


class MissingContraAccounts(PleoError):
    """Pleo gives no items until contra accounts are mapped (F3); no fault of the job's."""

    code = "missing-contra-accounts"

    def __init__(self, words: str) -> None:
        """``words`` are Pleo's own."""
        super().__init__(
            f"Pleo lacks contra accounts for this company: {words}",
            hint="map them in Pleo: Settings, Accounting, Contra accounts",
        )


def _job(raw: dict[str, Any]) -> ExportJob:
    try:
        return ExportJob(
            _id(raw["id"]),
            _id(raw["companyId"]).lower(),
            str(raw["status"]),
            _number(raw["numberOfItems"]),
            str(raw["createdAt"]),
            _text(raw.get("lastUpdatedAt")),
            _number(raw.get("expiresIn", DEFAULT_EXPIRY)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PleoError(f"Pleo's answer has an export job that is not understood: {error}") from error


def _item(raw: dict[str, Any]) -> JobItem:
    try:
        return JobItem(
            _id(raw["accountingEntryId"]),
            str(raw["status"]),
            _text(raw.get("externalId")),
            _text(raw.get("externalUrl")),
            _text(raw.get("failureReasonType")),
            _text(raw.get("failureReason")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PleoError(f"Pleo's answer has an export job item that is not understood: {error}") from error


def _payload(raw: dict[str, Any], keep: Callable[[dict[str, Any]], T]) -> Payload[T]:
    try:
        identity = _id(raw["accountingEntryId"])
    except (KeyError, ValueError) as error:
        raise PleoError("Pleo's answer has an export item without accountingEntryId") from error
    return Payload(identity, keep(raw))


def _id(value: Any) -> str:
    """An id as it was sent; it becomes a part of file names, so it must not lead anywhere."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is no id")
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no number of items")
    return value
