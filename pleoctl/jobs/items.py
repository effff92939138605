"""A job's items as both the plan and `apply` read them: tracking rows and payloads, complete and of one company."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from pleoctl.documents.canonical import digest
from pleoctl.errors import PleoError
from pleoctl.jobs.document import AttachmentRef
from pleoctl.words import short_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.pleo.export_jobs import ExportJob, ExportReader, JobItem

_TRIES: Final = 2
FIELDS: Final = (
    "type",
    "subType",
    "date",
    "companyId",
    "amount",
    "accountingEntryLines",
    "contraAccount",
    "bookkeeping",
    "vendor",
    "supplier",
    "user",
    "team",
    "files",
    "note",
    "servicePeriod",
    "additionalInformation",
)
"""The fields of an export item (F5)."""
OTHERS: Final = "another field"


@dataclass(frozen=True, slots=True)
class Sent:
    """What Pleo sent of an item, as text: that takes a sixth of its memory, and a job may have many items.

    ``digest`` identifies what Pleo says of it; links are signed anew at each fetch and left out, and null is absent.
    """

    text: str
    digest: str
    company: Any
    files: list[dict[str, Any]]

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Sent:
        """What is kept of an item."""
        listed = raw.get("files")
        files = [file for file in listed if isinstance(file, dict)] if isinstance(listed, list) else []
        return cls(json.dumps(raw), digest(_without_links(raw)), raw.get("companyId"), files)


@dataclass(frozen=True, slots=True)
class Listed:
    """One item of a job. ``place`` counts from 1 in Pleo's list; ``sent`` is None where Pleo sent no payload."""

    place: int
    tracking: JobItem
    sent: Sent | None

    @property
    def raw(self) -> dict[str, Any] | None:
        """What Pleo sent, parsed anew each time."""
        return None if self.sent is None else dict(json.loads(self.sent.text))

    @property
    def company(self) -> str | None:
        """Whose it says that it is, if it says so."""
        return str(self.sent.company) if self.sent is not None and self.sent.company else None

    @property
    def id(self) -> str:
        """The accountingEntryId."""
        return self.tracking.id

    @property
    def digest(self) -> str:
        """Identifies what Pleo says of the item."""
        return digest(None) if self.sent is None else self.sent.digest

    @property
    def marks(self) -> str:
        """Four digits for each of `FIELDS` and four for all others: enough to name the field that has changed."""
        raw = self.raw
        if raw is None:
            return ""
        known = _without_links(raw)
        parts = [known.pop(name, None) for name in FIELDS]
        return "".join(f"{crc32(json.dumps(part, sort_keys=True).encode()) & 0xFFFF:04x}" for part in (*parts, known))

    def changed_since(self, marks: str) -> str:
        """Which field is not as it was marked then, as far as that can be told."""
        mine = self.marks
        if not marks or not mine:
            return "payload"
        places = range(0, max(len(marks), len(mine)), 4)
        changed = (n for n, at in enumerate(places) if marks[at : at + 4] != mine[at : at + 4])
        return [*FIELDS, OTHERS][min(next(changed, len(FIELDS)), len(FIELDS))]

    @property
    def files(self) -> list[dict[str, Any]]:
        """The attachments as Pleo sent them."""
        return [] if self.sent is None else self.sent.files

    @property
    def attachments(self) -> list[AttachmentRef]:
        """The attachments by id and name (H2); a payload has neither, so both follow from the order."""
        return [
            AttachmentRef(f"{self.id}/{n}", f"{n}{_extension(str(file.get('type') or ''))}")
            for n, file in enumerate(self.files, 1)
        ]


def read_items(reader: ExportReader, job: ExportJob) -> list[Listed]:
    """Every item of a job. Raises `PleoError` where the two lists contradict each other or the job's own number.

    An open item without a payload fails, so that payloads which do not come are asked for once more.
    """
    problem = ""
    for attempt in range(_TRIES):
        tracking = reader.job_items(job.id)
        payloads = {payload.id: payload.kept for payload in reader.payloads(job.id, Sent.of)}
        strangers = set(payloads) - {item.id for item in tracking}
        lacking = any(item.is_open and item.id not in payloads for item in tracking) and attempt == 0
        if not strangers and len(tracking) == job.items and not lacking:
            return [Listed(place, item, payloads.get(item.id)) for place, item in enumerate(tracking, 1)]
        problem = (
            f"item {min(strangers)} is in no list of the job"
            if strangers
            else short_of(len(tracking), job.items, "item")
        )
        job = reader.job(job.id)
    raise PleoError(f"the items of export job {job.id} were not read completely: {problem}", hint="run again")


def digest_of_all(items: Iterable[Listed]) -> str:
    """One digest over the digests of all items, in Pleo's order."""
    whole = hashlib.sha256()
    for item in items:
        whole.update(f"{item.id} {item.digest}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def _without_links(value: Any) -> Any:
    if isinstance(value, dict):
        known = ((key, part) for key, part in value.items() if part is not None and key not in {"_links", "url"})
        return {key: _without_links(part) for key, part in known}
    if isinstance(value, list):
        return [_without_links(part) for part in value]
    return value


_EXTENSIONS: Final = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "text/plain": ".txt",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""Pleo's formats (H4)."""


def _extension(kind: str) -> str:
    bare = kind.partition(";")[0].strip().lower()
    return _EXTENSIONS.get(bare) or mimetypes.guess_extension(bare) or ".bin"


def open_items(items: Iterable[Listed]) -> Iterator[Listed]:
    """Those whose outcome is still to be reported (C2)."""
    return (item for item in items if item.tracking.is_open)
