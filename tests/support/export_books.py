"""A sandbox with export jobs, and what is asked of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pleoctl.sandbox import Request, Sandbox, Seed, Settings

if TYPE_CHECKING:
    from sandbox_client import SetClock
    from shapes import Json, Value


ENTRIES = [f"00000000-0000-4000-8000-{n:012}" for n in range(1, 200)]


JOB = "11111111-0000-4000-8000-000000000001"


SECOND = "11111111-0000-4000-8000-000000000002"


class Books:
    """An integration that speaks to a sandbox without a socket."""

    def __init__(self, pleo: Sandbox, clock: SetClock) -> None:
        self.pleo = pleo
        self.clock = clock
        self.settings = Settings()

    def seeded(self, *jobs: Json) -> None:
        """Start again with these jobs and the settings of this integration."""
        self.pleo.reset(Seed(export_jobs=jobs), self.settings)

    def call(self, method: str, target: str, body: Value = None) -> tuple[int, Value]:
        """Status and decoded body of one call."""
        path, _, query = target.partition("?")
        headers = {"Authorization": f"Bearer {self.pleo.token}", "Content-Type": "application/json", "Host": "h:1"}
        reply = self.pleo.respond(
            Request(method, path, query, headers, b"" if body is None else json.dumps(body).encode())
        )
        return reply.status, json.loads(reply.content) if reply.content else None

    def event(self, name: str, job: str = JOB, **fields: Value) -> int:
        """The status of an event."""
        return self.call("POST", "/v3/export-job-events", {"jobId": job, "event": name, **fields})[0]

    def job(self, job: str = JOB) -> Json:
        """A job."""
        found: Json = self.call("GET", f"/v3/export-jobs/{job}")[1]["data"]
        return found

    def items(self, job: str = JOB) -> list[str]:
        """The states of a job's items."""
        return [item["status"] for item in self.call("GET", f"/v3/export-jobs/{job}/items?limit=100")[1]["data"]]

    def update(self, *updates: Json, job: str = JOB) -> tuple[int, Value]:
        """Report outcomes."""
        return self.call("PUT", f"/v3/export-jobs/{job}/items", list(updates))


def items(count: int) -> list[Json]:
    """So many items of a seed."""
    return [{"accountingEntryId": entry, "amount": 100} for entry in ENTRIES[:count]]
