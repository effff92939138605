"""A posting plan as a bookkeeper reads it: sums first, what is refused and why, what needs a look, then T-lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.markup import Markdown
from pleoctl.report.markdown import MAX_BYTES, fitting, more
from pleoctl.report.table import table
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.jobs.document import ItemChange, PostingPlan
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.mapping.engine.entries import Posting

NO_FILES: Final = "has no attachment"
RECEIPTED: Final = frozenset({"card_purchase", "out_of_pocket", "atm_withdrawal", "invoice"})
"""Types of which people expect a receipt."""
PROBLEMS: Final = ("partial", "failed", "ambiguous", "blocked", "notAttempted")


def money(hundredths: int) -> str:
    """``1234.50``."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}"


def headline(plan: PostingPlan) -> str:
    """``3 to book, 1 to refuse, 2 to report, 0 final``."""
    told = plan.summary
    return f"{told.book} to book, {told.refuse} to refuse, {told.report} to report, {told.final} final"


def looks(change: ItemChange) -> list[str]:
    """Why a person should look at an item that is booked or reported."""
    entry = change.entry
    bare = entry is not None and entry.type in RECEIPTED and change.action == "book" and not change.attachments
    return [*change.warnings, *(entry.warnings if entry else []), *([NO_FILES] if bare else [])]


def of_action(plan: PostingPlan, action: str) -> list[ItemChange]:
    """The changes of one action, in Pleo's order."""
    return [change for change in plan.changes if change.action == action]


def title(change: ItemChange) -> str:
    """``item:… 2026-03-15 Taxi``."""
    entry = change.entry
    parts = [change.address, entry.posting_date if entry else None, entry.description if entry else None]
    return " ".join(part for part in parts if part)


def sides(change: ItemChange) -> Iterator[Posting]:
    """The T-lines of an item."""
    for leg in change.entry.entries if change.entry else ():
        yield from leg.postings


def posting_text(plan: PostingPlan) -> Shown:
    """A posting plan for a terminal."""
    job = plan.job
    lines: list[Shown | str] = [
        Shown.styled(f"Export job {job.id} ({job.status}, {job.items} items) into {plan.sink.type}", bold=True),
        "",
    ]
    sums = [[t.account, t.currency, money(t.debit), money(t.credit)] for t in plan.summary.totals]
    if sums:
        lines += [table(["account", "currency", "debit", "credit"], sums), ""]
    lines += _text_of_items(plan)
    lines += [
        " ".join(filter(None, (f"warning {warned.code}:", warned.address, warned.message))) for warned in plan.warnings
    ]
    lines.append(Shown.styled(f"{headline(plan)}.", bold=True))
    lines.append(f"Requests: {plan.requests.read} read, at least {plan.requests.write} to write.")
    return Shown(
        "", *(line if isinstance(line, Shown) and line.plain.endswith("\n") else Shown.lines([line]) for line in lines)
    )


def _text_of_items(plan: PostingPlan) -> Iterator[Shown | str]:
    for change in of_action(plan, "refuse"):
        head = Shown("  ", Shown.styled("refuse", colour="red"))
        yield head + f" {change.address}: {change.reason_type}: {change.reason}"
    for change in plan.changes:
        if change.action != "refuse" and (told := looks(change)):
            yield Shown("  ", Shown.styled("look  ", colour="yellow")) + f" {change.address}: {', '.join(told)}"
    for change in of_action(plan, "report"):
        head = Shown("  ", Shown.styled("report", colour="cyan"))
        yield head + f" {title(change)}: in the books as {change.external_id}"
    for change in of_action(plan, "book"):
        yield Shown("  ", Shown.styled("book  ", colour="green")) + f" {title(change)}"
        for posting in sides(change):
            side = "debit " if posting.side == "debit" else "    credit "
            yield f"           {side}{posting.account} {money(posting.amount)} {posting.currency}"


def posting_markdown(plan: PostingPlan, *, max_bytes: int = MAX_BYTES) -> Markdown:
    """A posting plan for a comment; entries are left out where it grows too long, refused ones last."""
    head = Markdown.lines(_markdown_head(plan))
    lines = [*_markdown_refused(plan), *_markdown_looks(plan), *_markdown_entries(plan)]
    shown = fitting(lines, max_bytes - head.size - more(len(lines)).size)
    rest = [more(len(lines) - len(shown))] if len(shown) < len(lines) else []
    return Markdown.lines([head, *shown, *rest, Markdown()])


def _markdown_head(plan: PostingPlan) -> Iterator[Markdown]:
    yield Markdown("## Posting plan: {}\n", headline(plan))
    yield Markdown(
        "Export job {} into {}, plan {}\n", Markdown.code(plan.job.id), plan.sink.type, Markdown.code(plan.id)
    )
    if plan.summary.totals:
        yield Markdown("| account | currency | debit | credit |\n|---|---|---:|---:|")
        for total in plan.summary.totals:
            yield Markdown.row([total.account, total.currency, money(total.debit), money(total.credit)])
        yield Markdown()
    yield from (Markdown("- **{}** {} {}", w.code, w.address, w.message) for w in plan.warnings)
    yield Markdown()


def _markdown_refused(plan: PostingPlan) -> Iterator[Markdown]:
    for change in of_action(plan, "refuse"):
        yield Markdown("- refuse {}: {} {}", change.address, change.reason_type, change.reason)


def _markdown_looks(plan: PostingPlan) -> Iterator[Markdown]:
    for change in plan.changes:
        if change.action != "refuse" and (told := looks(change)):
            yield Markdown("- look at {}: {}", change.address, ", ".join(told))


def _markdown_entries(plan: PostingPlan) -> Iterator[Markdown]:
    for change in of_action(plan, "report"):
        yield Markdown("- report {}, in the books as {}", title(change), change.external_id)
    for change in of_action(plan, "book"):
        lines = [Markdown("- book {}", title(change))]
        lines += [
            Markdown("  - {} {} {} {}", posting.side, posting.account, money(posting.amount), posting.currency)
            for posting in sides(change)
        ]
        yield Markdown.lines(lines)


def job_receipt_text(receipt: JobReceipt) -> Shown:
    """A job's receipt for a terminal: what went wrong first, then the counts."""
    lines: list[Shown | str] = []
    for change in receipt.changes:
        if change.status in PROBLEMS:
            told = f" {change.address}: {change.error.message if change.error else 'nothing was tried'}"
            lines.append(Shown("  ", Shown.styled(change.status, colour="red")) + told)
        elif change.warnings:
            lines.append(f"  {change.address}: {', '.join(change.warnings)}")
    ended = ", ".join(f"{number} {status}" for status, number in sorted(receipt.counts().items())) or "no items"
    colour = "green" if receipt.job.outcome == "completed" else "red"
    lines.append(Shown.styled(f"Job {receipt.job.outcome}: ", colour=colour, bold=True) + f"{ended}.")
    used = receipt.requests
    told = f"{used.get('read', 0)} read, {used.get('write', 0)} written, {used.get('retries', 0)} repeated"
    return Shown.lines([*lines, f"Requests: {told}. Run {receipt.run_id}."])
