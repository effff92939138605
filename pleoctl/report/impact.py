"""An impact for people: text, and markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.markup import Markdown
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.analysis.impact import Changed, Impact
    from pleoctl.mapping.analysis.moves import Move
    from pleoctl.mapping.rules.model import Rules

HEADERS = ("items", "side", "from", "to", "amount")
DESCRIPTION_HEADERS = ("item", "description from", "to")
CODE_HEADERS = ("items", "code", "from", "to", "for example")
FAILURE_HEADERS = ("items", "fail now with", "reason", "for example")
_NOUNS: Final = {
    "taxCode": "tax codes",
    "tag": "tags",
    "kind": "kinds of entries",
    "vendor": "vendors",
    "divisor": "divisors",
}


_RULES: Final = {
    HEADERS: Markdown("|---:|---|---|---|---:|"),
    CODE_HEADERS: Markdown("|---:|---|---|---|---|"),
    FAILURE_HEADERS: Markdown("|---:|---|---|---|"),
    DESCRIPTION_HEADERS: Markdown("|---|---|---|"),
}


def tables(found: Impact, rules: Rules) -> list[tuple[tuple[str, ...], list[list[str]]]]:
    """Headers and rows of each table that has rows."""
    made = [
        (HEADERS, _rows(found, rules)),
        (CODE_HEADERS, _code_rows(found)),
        (FAILURE_HEADERS, _failure_rows(found)),
        (DESCRIPTION_HEADERS, _description_rows(found)),
    ]
    return [(headers, listed) for headers, listed in made if listed]


def _rows(found: Impact, rules: Rules) -> list[list[str]]:
    """One row for each move, amounts as decimals with their currency."""
    return [_row(found, move, rules) for move in found.ordered()]


def _row(found: Impact, move: Move, rules: Rules) -> list[str]:
    amount = decimal(found.sums[move], rules.divisor(move.currency))
    accounts = [move.before or "nothing", move.after or "nothing"]
    return [str(found.counts[move]), move.side, *accounts, f"{amount} {move.currency}"]


def headline(found: Impact) -> str:
    """``37 of 1204 items change, 2 fail now``."""
    if not found.changed:
        return f"None of {many(found.items, 'item')} changes"
    told = (
        (found.now_failed, "fails", "fail", "now"),
        (found.now_mapped, "is", "are", "mapped now"),
        (found.redescribed, "is", "are", "described anew"),
        (found.otherwise, "fails", "fail", "otherwise"),
        (found.recoded, "has", "have", f"other {_nouns(found)}"),
    )
    tail = "".join(f", {number} {one if number == 1 else more} {how}" for number, one, more, how in told if number)
    return f"{found.changed} of {many(found.items, 'item')} {'changes' if found.changed == 1 else 'change'}{tail}"


def _nouns(found: Impact) -> str:
    """What other codes there are among the items that are kept."""
    whats = {recoding.what.partition(" ")[0] for one in found.listed for recoding in one.recodings}
    return " or ".join(noun for what, noun in _NOUNS.items() if what in whats) or "codes"


def _code_rows(found: Impact) -> list[list[str]]:
    """One row for each change of a tax code or tag, the most items first, of the items that are kept."""
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for one in found.listed:
        for change in dict.fromkeys(recoding[1:] for recoding in one.recodings):
            counts[change] += 1
            examples.setdefault(change, one.after.accounting_entry_id or "")
    return [
        [str(count), what, before or "nothing", after or "nothing", examples[what, before, after]]
        for (what, before, after), count in counts.most_common()
    ]


def _failure_rows(found: Impact) -> list[list[str]]:
    """One row for each reason why items fail now."""
    return [
        [str(count), why.reason_type, why.reason, found.examples[why] or ""]
        for why, count in found.failures.most_common()
    ]


def _description_rows(found: Impact) -> list[list[str]]:
    """One row for each item whose description changes, as many as are kept."""
    return [[d.accounting_entry_id or "", d.before, d.after] for d in found.descriptions]


def changes(one: Changed, rules: Rules) -> list[str]:
    """What changes of an item, a sentence each."""
    told = [
        f"{move.side} {move.before or 'nothing'} → {move.after or 'nothing'}: "
        f"{decimal(amount, rules.divisor(move.currency))} {move.currency}"
        for move, amount in one.moves.items()
    ]
    told += [f"{code.what} {code.before or 'nothing'} → {code.after or 'nothing'}" for code in one.recodings]
    if one.is_renamed:
        told.append(f"was described as {one.before.description}")
    if one.after.failed != one.before.failed or one.fails_otherwise:
        failed = one.after if one.after.failed else one.before
        told.append(f"{'fails now' if one.after.failed else 'failed before'}: {failed.failure_reason}")
    return told


def impact_markdown(found: Impact, rules: Rules) -> Markdown:
    """The impact as a markdown comment; texts of items and rules cannot become markup."""
    return Markdown.lines([*_lines(found, rules), Markdown()])


def _lines(found: Impact, rules: Rules) -> Iterator[Markdown]:
    yield Markdown("### Impact of the mapping rules\n")
    yield Markdown("{}.", headline(found))
    for headers, listed in tables(found, rules):
        yield Markdown()
        yield Markdown.row(headers)
        yield _RULES[headers]
        yield from map(Markdown.row, listed)
