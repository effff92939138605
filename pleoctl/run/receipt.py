"""What a run did, change by change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from pleoctl.documents.canonical import indented_bytes
from pleoctl.errors import ExitCode
from pleoctl.run.chain import Links, sealed
from pleoctl.state.base import StateLost

if TYPE_CHECKING:
    from pleoctl.errors import Finding
    from pleoctl.model.changes import Change

Status = Literal["done", "alreadyDone", "failed", "ambiguous", "blocked", "notAttempted"]
Outcome = Literal["done", "partial", "stale", "refused", "interrupted"]
PROBLEMS: Final = ("failed", "ambiguous", "blocked")
DENIED: Final = 401
"""The status of a request whose credential is not accepted; 403 is one scope."""


@dataclass(slots=True)
class Result:
    """How one change ended; ``error`` is ``{code, message, httpStatus}``."""

    change: Change
    status: Status = "notAttempted"
    id: str | None = None
    error: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The change's entry in a receipt."""
        change = self.change
        return {
            "address": str(change.address),
            "action": change.action,
            "status": self.status,
            "pleoId": self.id or change.id,
            "before": change.before,
            "after": change.after,
            "error": self.error,
        }


@dataclass(slots=True)
class Receipt:
    """The receipt of one run; times are ISO in UTC, ``findings`` what there is to tell beside the changes."""

    plan_id: str
    run_id: str
    company: str
    url: str
    outcome: Outcome
    started: str
    finished: str = ""
    results: list[Result] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=lambda: {"read": 0, "write": 0, "retries": 0})
    findings: list[Finding] = field(default_factory=list)
    links: Links = field(default_factory=Links)

    def as_json(self) -> dict[str, Any]:
        """The receipt as a file."""
        return sealed(self._content())

    def _content(self) -> dict[str, Any]:
        return {
            "formatVersion": 1,
            "kind": "Receipt",
            "planId": self.plan_id,
            "runId": self.run_id,
            "company": self.company,
            "url": self.url,
            "outcome": self.outcome,
            "changes": [result.as_json() for result in self.results],
            "requests": self.requests,
            "startedAt": self.started,
            "finishedAt": self.finished,
            **self.links.as_json(),
            **({"findings": [finding.as_json() for finding in self.findings]} if self.findings else {}),
        }

    def tell(self, *findings: Finding) -> None:
        """Note what there is to tell beside the changes."""
        self.findings += findings

    def join(self, links: Links) -> None:
        """See `pleoctl.run.chain.Chained`."""
        self.links = links

    def counts(self) -> Counter[str]:
        """Changes per status."""
        return Counter(result.status for result in self.results)

    @property
    def bytes(self) -> bytes:
        """The file's content, indented for people."""
        return indented_bytes(self.as_json())

    @property
    def exit_code(self) -> ExitCode:
        """0, 1, 3, 4 or 5; an interrupted run's is the signal's.

        1: the sign-in or the shared state was lost before anything was written (N9).
        """
        if self._lost and not {"done", "ambiguous"} & {result.status for result in self.results}:
            return ExitCode.ERROR
        by_outcome = {"stale": ExitCode.STALE, "refused": ExitCode.REFUSED, "partial": ExitCode.PARTIAL}
        return by_outcome.get(self.outcome, ExitCode.OK)

    @property
    def _lost(self) -> bool:
        """Whether something ended that every write needs."""
        signed_out = any(result.error is not None and result.error["httpStatus"] == DENIED for result in self.results)
        return signed_out or any(finding.code == StateLost.code for finding in self.findings)
