"""Posting plans and jobs' receipts for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.report.posting import Review, t_lines, title
from pleoctl.text import Shown, cell_len
from pleoctl.words import spoken, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pleoctl.jobs.document import ItemChange
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.report.posting import TLine

PROBLEMS: Final = ("partial", "failed", "ambiguous", "blocked", "notAttempted")
SHOWN: Final = 10
"""Items that are named for one reason to look at them."""


def posting_text(review: Review) -> Shown:
    """A posting plan: sums, refused items, what needs a look, entries."""
    return Shown.lines(_lines(review))


def _lines(review: Review) -> Iterator[Shown | str]:
    plan = review.plan
    yield Shown.styled(review.head, bold=True)
    yield from _part("Sums", _columns(("account", "", "debit", "credit"), review.sums, "<<>>"))
    yield from _part(f"Refused ({len(review.refused)})", map(_refused, review.refused), "red")
    yield from _part("To look at", _looks(review), "yellow")
    yield from _part("Warnings", (_words(w.code, w.address, w.message) for w in plan.warnings), "yellow")
    yield from _part(f"In the books already ({len(review.reported)})", map(_reported, review.reported))
    yield from _part(f"To book ({len(review.booked)})", _entries(review.booked))
    yield ""
    yield Shown.styled(f"{review.headline}.", bold=True)
    yield f"Requests: {plan.requests.read} read, at least {plan.requests.write} to write."


def _part(name: str, lines: Iterable[Shown | str], colour: str | None = None) -> Iterator[Shown | str]:
    """A titled part; nothing where it has no lines."""
    listed = list(lines)
    if listed:
        yield ""
        yield Shown.styled(name, colour=colour, bold=True)
        yield from (Shown("  ", line) for line in listed)


def _words(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _refused(change: ItemChange) -> str:
    return f"{change.address} {title(change)}: {change.reason_type}: {change.reason}"


def _reported(change: ItemChange) -> str:
    return f"{change.address} {title(change)}: as {change.external_id}; only its status is missing"


def _looks(review: Review) -> Iterator[Shown | str]:
    for reason, changes in review.looks.items():
        yield f"{reason} ({len(changes)})"
        yield from (f"  {change.address} {title(change)}" for change in changes[:SHOWN])
        if len(changes) > SHOWN:
            yield f"  … and {len(changes) - SHOWN} more"
    if review.known is None and review.booked:
        yield "nothing was booked from this workspace yet, so no account and no rule is called new"


def _entries(changes: Sequence[ItemChange]) -> Iterator[Shown | str]:
    """Each item with its T-lines, all in the same columns."""
    found = [list(t_lines(change)) for change in changes]
    widths = [
        max((cell_len(cell) for lines in found for line in lines for cell in [_cells(line)[n]]), default=0)
        for n in range(3)
    ]
    for change, lines in zip(changes, found, strict=True):
        yield Shown.styled(title(change), bold=True) + f"  {change.address}"
        yield from (_t_line(line, widths) for line in lines)


def _cells(line: TLine) -> tuple[str, str, str]:
    return line.account or "", line.debit, line.credit


def _t_line(line: TLine, widths: Sequence[int]) -> Shown | str:
    if line.account is None:
        return f"  {line.note}"
    account = Shown(line.account).padded(widths[0])
    return Shown(
        "    ",
        account,
        f"  {line.debit:>{widths[1]}}  {line.credit:>{widths[2]}} ",
        line.currency,
        f"  {line.note}" if line.note else "",
    )


def _columns(headers: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> Iterator[Shown | str]:
    """Aligned columns, to the left (<) or to the right (>); nothing without rows."""
    table = [headers, *rows] if rows else []
    widths = [max(cell_len(str(Shown(row[n]))) for row in table) for n in range(len(headers))] if rows else []
    for row in table:
        cells = [_aligned(cell, width, side) for cell, width, side in zip(row, widths, sides, strict=True)]
        yield Shown.joined(cells, "  ")


def _aligned(cell: str, width: int, side: str) -> Shown:
    return Shown(cell).padded(width) if side == "<" else Shown(" " * max(width - cell_len(cell), 0), cell)


def job_receipt_text(receipt: JobReceipt) -> Shown:
    """A job's receipt for a terminal: what went wrong first, then the counts."""
    lines: list[Shown | str] = []
    for change in receipt.changes:
        if change.status in PROBLEMS:
            told = f" {change.address}: {change.error.message if change.error else 'nothing was tried'}"
            lines.append(Shown("  ", Shown.styled(spoken(change.status), colour="red")) + told)
        elif change.warnings:
            lines.append(f"  {change.address}: {', '.join(change.warnings)}")
    ended = tally(receipt.counts()) or "no items"
    colour = "green" if receipt.job.outcome == "completed" else "red"
    lines.append(Shown.styled(f"Job {spoken(receipt.job.outcome)}: ", colour=colour, bold=True) + f"{ended}.")
    used = receipt.requests
    told = f"{used.get('read', 0)} read, {used.get('write', 0)} written, {used.get('retries', 0)} repeated"
    return Shown.lines([*lines, f"Requests: {told}. Export job {receipt.job.id}, run {receipt.run_id}."])
