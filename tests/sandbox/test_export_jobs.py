"""Export jobs: their life, their items and what is reported of them, under each behaviour that is not published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pleoctl.sandbox import Request, Sandbox, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import SetClock

Json = dict[str, Any]
ENTRIES = [f"00000000-0000-4000-8000-{n:012}" for n in range(1, 200)]
JOB = "11111111-0000-4000-8000-000000000001"
SECOND = "11111111-0000-4000-8000-000000000002"


class Books:
    """An integration that speaks to a sandbox without a socket."""

    def __init__(self, pleo: Sandbox, clock: SetClock) -> None:
        self.pleo = pleo
        self.clock = clock

    def seeded(self, *jobs: Json) -> None:
        """Start again with these jobs."""
        self.pleo.reset(Seed(export_jobs=jobs), Settings())

    def call(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of one call."""
        path, _, query = target.partition("?")
        headers = {"Authorization": f"Bearer {self.pleo.token}", "Content-Type": "application/json", "Host": "h:1"}
        reply = self.pleo.respond(
            Request(method, path, query, headers, b"" if body is None else json.dumps(body).encode())
        )
        return reply.status, json.loads(reply.content) if reply.content else None

    def event(self, name: str, job: str = JOB, **fields: Any) -> int:
        """The status of an event."""
        return self.call("POST", "/v3/export-job-events", {"jobId": job, "event": name, **fields})[0]

    def job(self, job: str = JOB) -> Json:
        """A job."""
        found: Json = self.call("GET", f"/v3/export-jobs/{job}")[1]["data"]
        return found

    def items(self, job: str = JOB) -> list[str]:
        """The states of a job's items."""
        return [item["status"] for item in self.call("GET", f"/v3/export-jobs/{job}/items?limit=100")[1]["data"]]

    def update(self, *updates: Json, job: str = JOB) -> tuple[int, Any]:
        """Report outcomes."""
        return self.call("PUT", f"/v3/export-jobs/{job}/items", list(updates))


def _items(count: int) -> list[Json]:
    return [{"accountingEntryId": entry, "amount": 100} for entry in ENTRIES[:count]]


def _booked(n: int, external_id: str = "b") -> Json:
    return {"accountingEntryId": ENTRIES[n], "status": "successful", "externalId": external_id}


@pytest.fixture
def books(clock: SetClock) -> Iterator[Books]:
    """A company with one pending job of three items."""
    pleo = Sandbox(clock=clock)
    made = Books(pleo, clock)
    made.seeded({"id": JOB, "items": _items(3)})
    yield made
    pleo.stop()


def test_a_job_is_found_started_booked_and_closed(books: Books) -> None:
    """The whole way: list, start, items, payloads, outcomes, one closing event; the state tells it in order."""
    status, page = books.call(
        "GET", f"/v3/export-jobs?company_id={books.pleo.company}&statuses=pending&statuses=in_progress"
    )
    assert (status, [(job["id"], job["numberOfItems"]) for job in page["data"]]) == (200, [(JOB, 3)])
    assert books.event("started") == 202
    assert (books.job()["status"], books.job()["startedAt"]) == ("in_progress", "2030-01-01T00:00:00Z")
    payloads = books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"]
    assert [item["accountingEntryId"] for item in payloads] == ENTRIES[:3]
    failed = {"accountingEntryId": ENTRIES[2], "status": "failed", "failureReasonType": "account_unknown"}
    status, answer = books.update(_booked(0), _booked(1), failed)
    assert (status, answer["errors"], [item["status"] for item in answer["data"]]) == (
        200,
        [],
        ["successful", "successful", "failed"],
    )
    assert books.event("completed_with_errors") == 202
    assert (books.job()["status"], books.job()["completedAt"]) == ("completed_with_errors", "2030-01-01T00:00:00Z")
    told = [(r.get("event"), r.get("status"), r["error"]) for r in books.pleo.state()["exportReports"]]
    assert told == [
        ("started", None, None),
        (None, "successful", None),
        (None, "successful", None),
        (None, "failed", None),
        ("completed_with_errors", None, None),
    ]
    assert books.pleo.stats()["violations"] == []


def test_a_job_that_is_over_takes_nothing(books: Books) -> None:
    """Updates, payloads and events get 422; what is known can still be read."""
    books.event("started")
    assert books.event("failed", failureReason="no books", failureReasonType="accounting_system_unreachable") == 202
    assert books.job()["failureReasonType"] == "accounting_system_unreachable"
    assert books.items() == ["abandoned"] * 3
    assert books.update(_booked(0)) == (
        422,
        {
            "type": "EXPORT_JOB_STATUS_UNPROCESSABLE",
            "message": "The export job is failed",
        },
    )
    assert books.call("GET", f"/v3/export-items?job_id={JOB}")[0] == 422
    assert books.event("failed") == 422
    assert books.call("GET", f"/v3/export-jobs/{SECOND}")[1]["type"] == "EXPORT_NOT_FOUND"
