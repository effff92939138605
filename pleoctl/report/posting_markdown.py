"""Posting plans for a comment, within a size that a comment can hold: entries are cut first, refused items last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.markup import Markdown
from pleoctl.report.markdown import cut
from pleoctl.report.posting import Review, t_lines, title
from pleoctl.text import COMMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.jobs.document import ItemChange
    from pleoctl.report.posting import TLine

SHOWN: Final = 10
"""Items that are named for one reason to look at them."""


def posting_markdown(review: Review, *, max_bytes: int = COMMENT_BYTES) -> Markdown:
    """A posting plan: sums, refused items, what needs a look, entries."""
    head = Markdown.lines(_head(review))
    lines = [*_refused(review), *_looks(review), *_reported(review), *_entries(review)]
    return cut(head, lines, max_bytes)


def _head(review: Review) -> Iterator[Markdown]:
    plan = review.plan
    yield Markdown("## Posting plan: {}\n", review.headline)
    yield Markdown("{}. Plan {}\n", review.head, Markdown.code(plan.id))
    if review.sums:
        yield Markdown("| account | currency | debit | credit |\n|---|---|---:|---:|")
        yield from (Markdown.row([Markdown.code(account), *rest]) for account, *rest in review.sums)
        yield Markdown()
    yield from (Markdown("- **{}** {} {}", w.code, w.address, w.message) for w in plan.warnings)


def _refused(review: Review) -> Iterator[Markdown]:
    if review.refused:
        yield Markdown("\n### Refused ({})\n", len(review.refused))
    for change in review.refused:
        yield Markdown("- {} {}: **{}** {}", change.address, title(change), change.reason_type, change.reason)


def _looks(review: Review) -> Iterator[Markdown]:
    if review.looks:
        yield Markdown("\n### To look at\n")
    for reason, changes in review.looks.items():
        named = [Markdown("  - {} {}", change.address, title(change)) for change in changes[:SHOWN]]
        rest = [Markdown("  - … and {} more", len(changes) - SHOWN)] if len(changes) > SHOWN else []
        yield Markdown.lines([Markdown("- **{}** ({})", reason, len(changes)), *named, *rest])


def _reported(review: Review) -> Iterator[Markdown]:
    if review.reported:
        yield Markdown("\n### In the books already ({})\n", len(review.reported))
    for change in review.reported:
        yield Markdown("- {} {}: as {}", change.address, title(change), change.external_id)


def _entries(review: Review) -> Iterator[Markdown]:
    if review.booked:
        yield Markdown("\n### To book ({})", len(review.booked))
    yield from map(_entry, review.booked)


def _entry(change: ItemChange) -> Markdown:
    """One item with its T-lines as a table."""
    columns = Markdown("\n| account | debit | credit | | |\n|---|---:|---:|---|---|")
    return Markdown.lines(
        [Markdown("\n**{}** {}", title(change), change.address), columns, *map(_row, t_lines(change))]
    )


def _row(line: TLine) -> Markdown:
    if line.account is None:
        return Markdown.row([line.note, "", "", "", ""])
    return Markdown.row([Markdown.code(line.account), line.debit, line.credit, line.currency, line.note])
