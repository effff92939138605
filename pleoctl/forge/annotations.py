"""What GitHub Actions reads from a log and from the step summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.report.paths import in_repository
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.errors import Finding

# GitHub shows ten annotations of a level and step, and refuses a whole summary of more than a mebibyte.
MOST: Final = 10
SUMMARY_BYTES: Final = 1_000_000
COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}


@dataclass(frozen=True, slots=True)
class WorkflowCommand:
    """A line that GitHub takes for an annotation; nothing live in it can end it or start another."""

    level: str
    message: str
    properties: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        properties = ",".join(f"{name}={_property(value)}" for name, value in self.properties.items())
        return f"::{COMMANDS[self.level]} {properties}::{_data(self.message)}"


def workflow_commands(findings: Sequence[Finding], *, folder: str = "") -> list[WorkflowCommand]:
    """At most ten annotations of a level; the last one counts what is left."""
    return [made for level in COMMANDS for made in _level([f for f in findings if f.level == level], folder)]


def _level(findings: list[Finding], folder: str) -> Iterator[WorkflowCommand]:
    shown = findings if len(findings) <= MOST else findings[: MOST - 1]
    for finding in shown:
        yield _command(finding, folder)
    if len(shown) < len(findings):
        words = f"and {len(findings) - len(shown)} more, see the log"
        yield WorkflowCommand(findings[0].level, words, {"title": "pleoctl"})


def _command(finding: Finding, folder: str) -> WorkflowCommand:
    place: dict[str, object] = {"title": f"pleoctl {finding.code}"}
    where = finding.place
    if where is not None:
        place["file"] = in_repository(where.file, folder)
        place |= {name: n for name, n in (("line", where.line), ("col", where.column)) if n is not None}
    about = f"{finding.address or finding.rule}: " if finding.address or finding.rule else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return WorkflowCommand(finding.level, f"{about}{finding.message}{hint}", place)


def _data(value: object) -> str:
    # A percent sign starts an escape of GitHub's own.
    return str(Shown(value)).replace("%", "%25")


def _property(value: object) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
