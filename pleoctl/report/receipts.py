"""A receipt for the places where CI systems show results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding
from pleoctl.markup import Markdown
from pleoctl.report.markdown import MAX_BYTES, fitting, more

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBLEMS: Final = ("failed", "ambiguous", "blocked")


def receipt_findings(receipt: dict[str, Any]) -> list[Finding]:
    """An error for each change that was not carried out because something went wrong."""
    failed = [change for change in receipt["changes"] if change["status"] in PROBLEMS]
    return [_finding(change, change["error"] or {}) for change in failed]


def _finding(change: dict[str, Any], error: dict[str, Any]) -> Finding:
    code, message = error.get("code") or change["status"], error.get("message") or "no message"
    return Finding(code, f"{change['action']} {change['status']}: {message}", address=change["address"])


def receipt_markdown(receipt: dict[str, Any], *, max_bytes: int = MAX_BYTES) -> Markdown:
    """Outcome, counts, and what went wrong."""
    head = Markdown.lines(_head(receipt))
    lines = [_line(change) for change in receipt["changes"] if change["status"] in PROBLEMS]
    shown = fitting(lines, max_bytes - head.size - more(len(lines), "receipt").size)
    rest = [more(len(lines) - len(shown), "receipt")] if len(shown) < len(lines) else []
    return Markdown.lines([head, *shown, *rest, Markdown()])


def _head(receipt: dict[str, Any]) -> Iterator[Markdown]:
    yield Markdown("## Apply: {}\n", receipt["outcome"])
    yield Markdown("Plan {}, run {}\n", Markdown.code(receipt["planId"]), Markdown.code(receipt["runId"]))
    counts = Counter((change["action"], change["status"]) for change in receipt["changes"])
    if counts:
        yield Markdown("| action | status | changes |\n|---|---|---:|")
        yield from (Markdown.row([action, status, number]) for (action, status), number in sorted(counts.items()))
        yield Markdown()


def _line(change: dict[str, Any]) -> Markdown:
    message = (change["error"] or {}).get("message") or "no message"
    return Markdown("- **{}** {} {}: {}", change["status"], change["action"], change["address"], message)
