"""What GitHub Actions reads from a log and from the step summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.report.paths import in_repository
from pleoctl.text import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.errors import Finding

# GitHub shows ten annotations of a level and step, and refuses a whole summary of more than a mebibyte.
MOST: Final = 10
SUMMARY_BYTES: Final = 1_000_000
COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}


def workflow_commands(findings: Sequence[Finding], *, folder: str = "") -> str:
    """Workflow commands, at most ten per level; the last one counts what is left."""
    return "".join(
        f"{line}\n" for level in COMMANDS for line in _level([f for f in findings if f.level == level], folder)
    )


def _level(findings: list[Finding], folder: str) -> Iterator[str]:
    shown = findings if len(findings) <= MOST else findings[: MOST - 1]
    for finding in shown:
        yield _command(finding, folder)
    if len(shown) < len(findings):
        words = f"and {len(findings) - len(shown)} more, see the log"
        yield f"::{COMMANDS[findings[0].level]} title=pleoctl::{words}"


def _command(finding: Finding, folder: str) -> str:
    place = {"title": f"pleoctl {finding.code}"}
    if finding.file is not None:
        place["file"] = in_repository(finding.file, folder)
        place |= {name: str(n) for name, n in (("line", finding.line), ("col", finding.column)) if n is not None}
    properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    about = f"{finding.address or finding.rule}: " if finding.address or finding.rule else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"::{COMMANDS[finding.level]} {properties}::{_data(f'{about}{finding.message}{hint}')}"


def _data(text: str) -> str:
    return terminal(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
