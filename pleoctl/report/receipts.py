"""A receipt for the places where CI systems show results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pleoctl.errors import Finding
from pleoctl.markup import Markdown
from pleoctl.report.markdown import cut
from pleoctl.run.receipt import PROBLEMS
from pleoctl.text import COMMENT_BYTES
from pleoctl.words import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.run.receipt import Receipt, Result


def receipt_findings(receipt: Receipt) -> list[Finding]:
    """An error for each change that was not carried out because something went wrong."""
    return [_finding(result) for result in receipt.results if result.status in PROBLEMS]


def _finding(result: Result) -> Finding:
    error, change = result.error or {}, result.change
    code, message = error.get("code") or result.status, error.get("message") or "no message"
    return Finding(code, f"{change.action} {spoken(result.status)}: {message}", address=str(change.address))


def receipt_markdown(receipt: Receipt, *, max_bytes: int = COMMENT_BYTES) -> Markdown:
    """Outcome, counts, and what went wrong."""
    head = Markdown.lines(_head(receipt))
    lines = [_line(result) for result in receipt.results if result.status in PROBLEMS]
    return cut(head, lines, max_bytes, "receipt")


def _head(receipt: Receipt) -> Iterator[Markdown]:
    yield Markdown("## Apply: {}\n", receipt.outcome)
    yield Markdown("Plan {}, run {}\n", Markdown.code(receipt.plan_id), Markdown.code(receipt.run_id))
    counts = Counter((result.change.action, result.status) for result in receipt.results)
    if counts:
        yield Markdown("| action | status | changes |\n|---|---|---:|")
        listed = sorted(counts.items())
        yield from (Markdown.row([action, spoken(status), number]) for (action, status), number in listed)
        yield Markdown()


def _line(result: Result) -> Markdown:
    message = (result.error or {}).get("message") or "no message"
    return Markdown("- **{}** {} {}: {}", spoken(result.status), result.change.action, result.change.address, message)
