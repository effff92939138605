"""What a run did with a job: each item's end in the books and in Pleo, and how the job ended."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pleoctl.documents.canonical import indented_bytes
from pleoctl.documents.kept import kept
from pleoctl.documents.versions import check_version
from pleoctl.errors import ExitCode, Finding
from pleoctl.jobs.document import Action, item_at
from pleoctl.model.shape import Strict, Told
from pleoctl.run.chain import Died, Links, sealed
from pleoctl.run.receipt import Outcome

BETWEEN: Final = ", "
"""What stands between the ids of an item whose legs are records of their own."""
ItemStatus = Literal["done", "alreadyDone", "partial", "failed", "ambiguous", "blocked", "notAttempted"]
JobEnd = Literal["completed", "completed_with_errors", "failed", "open"]


class ItemError(Strict):
    """Why an item did not end well; ``code`` is a reason type of Pleo's or one of ours."""

    code: str
    message: str
    http_status: int | None = None


class ItemResult(Strict):
    """How one item ended: in the books (``status``, ``externalId``), and in Pleo (``reported``)."""

    address: str
    action: Action
    status: ItemStatus = "notAttempted"
    external_id: str | None = None
    external_url: str | None = None
    reported: Literal["successful", "failed"] | None = None
    error: ItemError | None = None
    warnings: list[str] = msgspec.field(default_factory=list)

    @property
    def item(self) -> str:
        """The id of its item."""
        return item_at(self.address)


class JobOutcome(Strict):
    """How the job stands after the run."""

    id: str
    outcome: JobEnd = "open"


class JobReceipt(Strict):
    """The receipt of a posting plan; times are ISO in UTC."""

    plan_id: str
    run_id: str
    company: str
    url: str
    job: JobOutcome
    changes: list[ItemResult]
    started_at: str
    outcome: Outcome = "done"
    finished_at: str = ""
    requests: dict[str, int] = msgspec.field(default_factory=dict)
    findings: list[Told] = msgspec.field(default_factory=list)
    format_version: Literal[1] = 1
    kind: Literal["Receipt"] = "Receipt"
    previous: str | None = None
    journal: str | None = None
    died: list[Died] | UnsetType = UNSET
    beside: list[str] | UnsetType = UNSET
    id: str | UnsetType = UNSET  # earlier versions made none

    def join(self, links: Links) -> None:
        """See `pleoctl.run.chain.Chained`."""
        self.previous, self.journal = links.previous, links.journal
        self.died, self.beside = list(links.died) or UNSET, list(links.beside) or UNSET

    def as_json(self) -> dict[str, Any]:
        """The receipt as a file."""
        return sealed(msgspec.to_builtins(self))

    def counts(self) -> Counter[str]:
        """Changes per status."""
        return Counter(change.status for change in self.changes)

    @property
    def brief(self) -> dict[str, Any]:
        """How the job stands and how its items ended, where the jobs of several runs are listed."""
        counts = dict(sorted(self.counts().items()))
        return {"job": self.job.id, "outcome": self.job.outcome, "runId": self.run_id, "counts": counts}

    def tell(self, *findings: Finding) -> None:
        """Note what there is to tell beside the changes."""
        self.findings += Told.each(findings)

    @property
    def told(self) -> list[Finding]:
        """What there is to tell beside the changes."""
        return [told.finding for told in self.findings]

    @property
    def bytes(self) -> bytes:
        """The file's content, indented for people."""
        return indented_bytes(self.as_json())

    @property
    def exit_code(self) -> ExitCode:
        """0 where the job is closed and everything booked; 5 where something failed or the job is left open.

        A run that was halted before anything was booked has done nothing: 1.
        """
        if self.outcome in {"stale", "refused"}:
            return ExitCode.STALE if self.outcome == "stale" else ExitCode.REFUSED
        if self.job.outcome == "completed" and self.outcome == "done":
            return ExitCode.OK
        booked = any(change.status in {"done", "alreadyDone", "partial", "ambiguous"} for change in self.changes)
        halted = any(finding.level == "error" for finding in self.findings)
        return ExitCode.ERROR if halted and not booked else ExitCode.PARTIAL


def job_receipt_of(data: Any, name: str) -> JobReceipt:
    """A job's receipt, checked. Raises `InvalidFile`."""
    check_version(data, "Receipt", name)
    return kept(data, JobReceipt, name, schema="job-receipt")
