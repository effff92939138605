"""What a fleet's run did, company by company, as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pleoctl.documents.kept import kept
from pleoctl.documents.load import load_json
from pleoctl.documents.versions import check_version
from pleoctl.errors import ExitCode, Finding, Interrupted, PleoctlError, worst
from pleoctl.model.shape import Strict, Told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Command = Literal["plan", "sync", "jobs", "drift", "apply"]
Outcome = Literal[
    "done", "drifted", "partial", "failed", "refused", "stale", "locked", "interrupted", "running", "waiting"
]

OUTCOMES: Final[dict[int, Outcome]] = {
    ExitCode.OK: "done",
    ExitCode.CHANGES: "drifted",
    ExitCode.PARTIAL: "partial",
    ExitCode.STALE: "stale",
    ExitCode.REFUSED: "refused",
    ExitCode.LOCKED: "locked",
    ExitCode.HANGUP: "interrupted",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "interrupted",
}


class CompanyResult(Strict, kw_only=True):
    """How it went for one company; ``receipt`` is relative to fleet.yaml, ``error`` the first thing that is wrong."""

    path: str
    company: str | None = None
    exit_code: int = 0
    outcome: Outcome = "done"
    plan_id: str | None = None
    receipt: str | None = None
    summary: dict[str, Any] = msgspec.field(default_factory=dict)
    error: Told | None = None

    @property
    def well(self) -> bool:
        """Whether it ended as it should; drift that was found is no bad end."""
        return self.outcome in {"done", "drifted"}

    def ended(self, code: int, findings: Iterable[Finding] = ()) -> CompanyResult:
        """With an exit code; the first error among the findings is told, else what went with a bad end."""
        self.exit_code, self.outcome = int(code), OUTCOMES.get(code, "failed")
        ill = code not in {ExitCode.OK, ExitCode.CHANGES}
        ranked = sorted((one for one in findings if ill or one.level == "error"), key=lambda one: one.level != "error")
        first = next(iter(ranked), None)
        self.error = Told.each([first])[0] if first is not None else self.error
        return self

    def failed(self, error: Exception) -> CompanyResult:
        """Ended by an error, of ours or one that nobody expected."""
        if isinstance(error, Interrupted):
            return self.ended(ExitCode.INTERRUPTED, error.findings)
        if isinstance(error, PleoctlError):
            return self.ended(error.exit_code, error.findings)
        if isinstance(error, MemoryError):
            return self.ended(ExitCode.ERROR, [Finding("error", "there is not enough memory for this company's run")])
        return self.ended(ExitCode.ERROR, [Finding.of_bug(error)])


FLEET_KIND: Final = "FleetReceipt"


class FleetReceipt(Strict, kw_only=True):
    """The receipt of a fleet's run; times are ISO in UTC. ``finishedAt`` is empty while it goes on."""

    run_id: str
    command: Command
    companies: list[CompanyResult]
    started_at: str
    finished_at: str = ""
    format_version: Literal[1] = 1
    kind: Literal["FleetReceipt"] = "FleetReceipt"

    @property
    def bytes(self) -> bytes:
        """The file's content, indented for people."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    @property
    def exit_code(self) -> ExitCode:
        """The worst that any company had."""
        return worst(result.exit_code for result in self.companies)


def read_fleet_receipt(path: Path, shown: str) -> FleetReceipt:
    """A fleet's receipt, checked. Raises `InvalidFile`."""
    return fleet_receipt_of(load_json(path, shown), shown)


def fleet_receipt_of(data: Any, name: str) -> FleetReceipt:
    """The receipt that a document's data say, checked as `read_fleet_receipt` does."""
    check_version(data, FLEET_KIND, name)
    return kept(data, FleetReceipt, name)
