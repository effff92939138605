"""An impact for people: text, and markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.markup import Markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.analysis.impact import Impact, Move
    from pleoctl.mapping.rules.model import Rules

HEADERS = ("items", "side", "from", "to", "amount")
FAILURE_HEADERS = ("items", "fail now with", "reason", "for example")


def rows(found: Impact, rules: Rules) -> list[list[str]]:
    """One row for each move, amounts as decimals with their currency."""
    return [_row(found, move, rules) for move in found.ordered()]


def _row(found: Impact, move: Move, rules: Rules) -> list[str]:
    amount = decimal(found.sums[move], rules.divisor(move.currency))
    accounts = [move.before or "nothing", move.after or "nothing"]
    return [str(found.counts[move]), move.side, *accounts, f"{amount} {move.currency}"]


def headline(found: Impact) -> str:
    """``37 of 1204 items change, 2 fail now``."""
    if not found.changed:
        return f"None of {found.items} items changes"
    more = [
        f"{found.now_failed} fail now" if found.now_failed else "",
        f"{found.now_mapped} are mapped now" if found.now_mapped else "",
    ]
    tail = "".join(f", {part}" for part in more if part)
    return f"{found.changed} of {found.items} items change{tail}"


def failure_rows(found: Impact) -> list[list[str]]:
    """One row for each reason why items fail now."""
    return [
        [str(count), why.reason_type, why.reason, found.examples[why] or ""]
        for why, count in found.failures.most_common()
    ]


def impact_markdown(found: Impact, rules: Rules) -> Markdown:
    """The impact as a markdown comment; texts of items and rules cannot become markup."""
    return Markdown.lines([*_lines(found, rules), Markdown()])


def _lines(found: Impact, rules: Rules) -> Iterator[Markdown]:
    yield Markdown("### Impact of the mapping rules\n")
    yield Markdown("{}.", headline(found))
    yield from _table(HEADERS, Markdown("|---:|---|---|---|---:|"), rows(found, rules))
    yield from _table(FAILURE_HEADERS, Markdown("|---:|---|---|---|"), failure_rows(found))


def _table(headers: tuple[str, ...], rule: Markdown, listed: list[list[str]]) -> Iterator[Markdown]:
    if listed:
        yield Markdown()
        yield Markdown.row(headers)
        yield rule
        yield from map(Markdown.row, listed)
