"""A Pleo that has export jobs and nothing else, with a fault for any of its calls.

`world.faults = {3: "before"}` loses the answer of the third write before it is carried out, "after" behind it, "half"
stores the first half of the statuses only and says so.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from answering import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value

COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
JOB = "6b1f2c1e-0000-4000-8000-000000000001"
OTHER = "6b1f2c1e-0000-4000-8000-000000000002"
AT = "2026-03-20T10:00:00Z"
CLOSED = {"completed", "completed_with_errors", "failed"}
#: Reason types of the contract, as it lists them.
BOTH_REASONS = {
    "invalid_configuration",
    "missing_configuration",
    "accounting_system_authentication_failure",
    "accounting_system_rate_limit",
    "accounting_system_unreachable",
    "validation_failure",
    "authorization_failure",
    "accounting_system_timeout",
}
JOB_REASONS = BOTH_REASONS | {
    "authentication_failure",
    "pleo_rate_limit",
    "service_unreachable",
    "integration_unusable",
    "job_expired",
    "service_timeout",
    "canceled_by_user",
}
ITEM_REASONS = BOTH_REASONS | {
    "accounting_system_validation_failure",
    "receipt_upload_failure",
    "receipt_download_failure",
    "receipt_file_size_limit_exceeded",
    "receipt_conversion_failure",
    "unexpected_failure",
    "vendor_unknown",
    "account_unknown",
    "tax_code_unknown",
    "tag_unknown",
}


def item_id(number: int) -> str:
    """A UUID."""
    return f"00000000-0000-4000-8000-{number:012d}"


def money(value: int) -> Json:
    """An amount in kronor, in hundredths."""
    return {side: {"currency": "SEK", "value": value} for side in ("inWalletCurrency", "inSupplierCurrency")}


def payload(number: int, **changes: Value) -> Json:
    """An export item that books 100 kr and some öre on 5810."""
    value = 10_000 + number
    made = {
        "accountingEntryId": item_id(number),
        "companyId": COMPANY,
        "type": "card_purchase",
        "date": "2026-03-15T12:00:00Z",
        "amount": money(value),
        "accountingEntryLines": [
            {
                "accountingEntryLineId": f"line-{number}",
                "lineAmount": money(value),
                "account": {"id": "a", "name": "Taxi", "code": "5810"},
            }
        ],
        "additionalInformation": {"reconciliationId": f"r-{number}"},
        "supplier": {"name": "Taxi"},
    }
    return {**made, **changes}


class World:
    """One company's queue: ``jobs`` by id, ``items`` and ``payloads`` by job, and all that was asked of it."""

    def __init__(self, numbers: int = 3) -> None:
        """One pending job of so many items."""
        self.jobs: dict[str, Json] = {}
        self.items: dict[str, list[Json]] = {}
        self.payloads: dict[str, list[Json]] = {}
        self.faults: dict[int, str] = {}
        self.writes: list[tuple[str, Value]] = []
        self.requests: list[str] = []
        self.files: dict[str, bytes] = {}
        self.url = ""
        self.down = False
        self.violations: list[str] = []
        self._guard = threading.Lock()
        self.add(JOB, [payload(number) for number in range(1, numbers + 1)])

    def add(self, job: str, payloads: list[Json], **fields: Value) -> None:
        """A job with these items, all pending."""
        self.jobs[job] = {
            "id": job,
            "companyId": COMPANY,
            "status": "pending",
            "numberOfItems": len(payloads),
            "createdAt": AT,
            "lastUpdatedAt": AT,
            "expiresIn": 3600,
            **fields,
        }
        self.items[job] = [{"accountingEntryId": p["accountingEntryId"], "status": "pending"} for p in payloads]
        self.payloads[job] = payloads

    @property
    def events(self) -> list[str]:
        """Events that were taken."""
        return [body["event"] for what, body in self.writes if what == "event"]

    @property
    def statuses(self) -> dict[str, list[Json]]:
        """Statuses that were taken, by item."""
        told: dict[str, list[Json]] = {}
        for what, body in self.writes:
            for update in body if what == "report" else ():
                told.setdefault(update["accountingEntryId"], []).append(update)
        return told

    def answer(self, method: str, target: str, body: Value) -> tuple[int, Value] | None:
        """Status and body; None drops the connection."""
        with self._guard:
            parts = urlsplit(target)
            self.requests.append(f"{method} {parts.path}")
            if self.down:
                return None
            if method == "GET":
                return self.read(parts.path, parse_qs(parts.query))
            number = sum(not request.startswith("GET") for request in self.requests)
            fault = self.faults.get(number)
            if fault == "before":
                return None
            done = self.write(parts.path, body, half=fault == "half")
            return None if fault == "after" else (int(fault), {}) if fault and fault.isdigit() else done

    def read(self, path: str, query: dict[str, list[str]]) -> tuple[int, Value]:
        """The answer to a read."""
        if path in self.files:
            return 200, self.files[path]
        steps = path.strip("/").split("/")
        if steps[1] == "export-items":
            job = self.jobs[query["job_id"][0]]
            if job["status"] in CLOSED:
                return 422, {"type": "EXPORT_JOB_STATUS_UNPROCESSABLE", "message": "over"}
            return 200, _page(self.payloads[job["id"]], query)
        if len(steps) == 2:
            wanted = query.get("statuses", [])
            return 200, _page([job for job in self.jobs.values() if not wanted or job["status"] in wanted], query)
        if steps[2] not in self.jobs:
            return 404, {"type": "EXPORT_NOT_FOUND", "message": "there is no such job"}
        return 200, _page(self.items[steps[2]], query) if len(steps) > 3 else {"data": self.jobs[steps[2]]}

    def write(self, path: str, body: Value, *, half: bool) -> tuple[int, Value]:
        """The answer to a write, and what it does."""
        if path.endswith("events"):
            self.violations += wrong_event(body)
            return self.event(body)
        job = self.jobs[path.split("/")[3]]
        self.violations += wrong_report(job["status"], body)
        if job["status"] in CLOSED:
            return 422, {"type": "EXPORT_JOB_STATUS_UNPROCESSABLE", "message": "over"}
        taken = body[: (len(body) + 1) // 2] if half else body
        rows = {row["accountingEntryId"]: row for row in self.items[job["id"]]}
        for update in taken:
            if rows[update["accountingEntryId"]]["status"] not in {"pending", "in_progress", update["status"]}:
                self.violations.append(f"two outcomes of {update['accountingEntryId']}")
            rows[update["accountingEntryId"]] |= update
        if taken:
            self.writes.append(("report", taken))
        left = body[len(taken) :]
        errors = [
            {
                "accountingEntryId": one["accountingEntryId"],
                "message": "try again",
                "type": "EXPORT_ENTRY_STATUS_UPDATE_FAILED",
            }
            for one in left
        ]
        return 200, {"data": [rows[one["accountingEntryId"]] for one in taken], "errors": errors}

    def event(self, body: Json) -> tuple[int, Value]:
        """The answer to an event, and what it does."""
        job, event = self.jobs[body["jobId"]], body["event"]
        allowed = {"pending": {"started"}, "in_progress": CLOSED}.get(job["status"], set())
        if event not in allowed:
            return 422, {"type": "INVALID_EXPORT_JOB_STATUS_CHANGE", "message": f"it is {job['status']}"}
        self.violations += untrue_event(event, [item["status"] for item in self.items[job["id"]]])
        job["status"] = "in_progress" if event == "started" else event
        self.writes.append(("event", body))
        return 200, {"data": job}


def wrong_event(body: Json) -> list[str]:
    """What the contract does not allow in an event."""
    closing = body["event"] == "failed"
    wanted = {"jobId", "event", "failureReason", "failureReasonType"} if closing else {"jobId", "event"}
    wrong = [] if set(body) == wanted and all(body.values()) else [f"fields of {body}"]
    return wrong + ([f"reason of {body}"] if closing and body.get("failureReasonType") not in JOB_REASONS else [])


def untrue_event(event: str, statuses: list[str]) -> list[str]:
    """What an event says that the items do not: a job is closed once all are final, by what became of them."""
    good, bad = statuses.count("successful"), statuses.count("failed")
    true = {
        "completed": good == len(statuses),
        "completed_with_errors": bool(good and bad) and good + bad == len(statuses),
        "failed": good == 0,
    }
    return [] if true.get(event, True) else [f"{event} with {good} successful and {bad} failed of {len(statuses)}"]


def wrong_report(status: str, body: Value) -> list[str]:
    """What the contract does not allow in a report."""
    wrong = [] if len(body) <= 100 else ["more than 100 items"]
    wrong += ["a report before the start"] if status == "pending" else []
    for one in body:
        good = one["status"] == "successful"
        wanted = {"externalId"} if good else {"failureReason", "failureReasonType"}
        allowed = wanted | ({"externalUrl", "exportedAt"} if good else set()) | {"accountingEntryId", "status"}
        if not (wanted <= set(one) <= allowed) or None in one.values():
            wrong.append(f"fields of {one}")
        if not good and one.get("failureReasonType") not in ITEM_REASONS:
            wrong.append(f"reason of {one}")
    return wrong


def _page(rows: list[Json], query: dict[str, list[str]]) -> Json:
    limit, start = int(query.get("limit", ["100"])[0]), int(query.get("after", ["0"])[0])
    end = start + limit
    page = {"hasNextPage": end < len(rows), "endCursor": str(end), "total": len(rows)}
    return {"data": rows[start:end], "pagination": page}


@contextmanager
def serving(world: World) -> Iterator[World]:
    """The world on a port of this machine."""

    def answer(method: str, target: str, _headers: dict[str, str], content: bytes) -> tuple[int, Value] | None:
        return world.answer(method, target, json.loads(content) if content else None)

    with answering(answer) as world.url:
        yield world
