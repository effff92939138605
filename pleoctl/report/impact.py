"""An impact for people: text, and markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.text import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.analysis.impact import Impact
    from pleoctl.mapping.rules.model import Rules

HEADERS = ("items", "side", "from", "to", "amount")
FAILURE_HEADERS = ("items", "fail now with", "reason", "for example")


def rows(found: Impact, rules: Rules) -> list[list[str]]:
    """One row for each move, amounts as decimals with their currency."""
    return [
        [
            str(found.counts[m]), m.side, m.before or "nothing", m.after or "nothing",
            f"{decimal(found.sums[m], rules.divisor(m.currency))} {m.currency}",
        ]
        for m in found.ordered()
    ]  # fmt: skip


def headline(found: Impact) -> str:
    """``37 of 1204 items change``."""
    if not found.changed:
        return f"None of {found.items} items changes."
    more = [
        f"{found.now_failed} fail now" if found.now_failed else "",
        f"{found.now_mapped} are mapped now" if found.now_mapped else "",
    ]
    tail = "".join(f", {part}" for part in more if part)
    return f"{found.changed} of {found.items} items change{tail}."


def failure_rows(found: Impact) -> list[list[str]]:
    """One row for each reason why items fail now."""
    return [
        [str(count), why.reason_type, why.reason, found.examples[why] or ""]
        for why, count in found.failures.most_common()
    ]


def impact_markdown(found: Impact, rules: Rules) -> str:
    """The impact as a markdown comment; texts of items and rules cannot become markup."""
    return "\n".join(_lines(found, rules)) + "\n"


def _lines(found: Impact, rules: Rules) -> Iterator[str]:
    yield "### Impact of the mapping rules"
    yield ""
    yield headline(found)
    yield from _table(HEADERS, "|---:|---|---|---|---:|", rows(found, rules))
    yield from _table(FAILURE_HEADERS, "|---:|---|---|---|", failure_rows(found))


def _table(headers: tuple[str, ...], rule: str, listed: list[list[str]]) -> Iterator[str]:
    if listed:
        yield ""
        yield "| " + " | ".join(headers) + " |"
        yield rule
        for row in listed:
            yield "| " + " | ".join(markdown(cell) for cell in row) + " |"
