"""The line table finds the row that trying one after the other finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pleoctl.mapping.engine import columns, sieve, tagged
from pleoctl.mapping.engine.facts import Facts, reader
from pleoctl.mapping.engine.linetable import LineTable
from pleoctl.mapping.items import Item, convert
from pleoctl.mapping.rules.model import LineRow
from pleoctl.mapping.rules.predicates import Predicate, folded, predicate
from pleoctl.mapping.rules.when import When
from pleoctl.mapping.vocabulary import CELLS
from pleoctl.place import Place

from .conftest import item, line, money

if TYPE_CHECKING:
    from shapes import Json, Value

# More than usual, since an example is cheap; the thorough profile may ask for more still.
MANY = max(250, settings().max_examples)
PLACE = Place("f", 1, 1)
CELL = next(c for c in CELLS if c.type == "card_purchase" and c.method == "journal")

TEXTS = st.one_of(
    st.sampled_from(["figma", "ab", "abc", "b", None]),
    st.lists(st.sampled_from(["figma", "ab", None]), min_size=1, max_size=2),
    st.sampled_from(
        [
            *({"startsWith": "a"}, {"startsWith": ["fig", "abc"]}, {"contains": "b"}, {"contains": ["c", "x"]}),
            *({"endsWith": "b"}, {"range": ["a", "c"]}, {"regex": "^a"}, {"regex": r"\bab\b"}, {"regex": "[^b]$"}),
            {"not": {"regex": "c"}},
        ]
    ),
)
NUMBER = st.integers(0, 6)
RANGE = st.tuples(NUMBER | st.none(), NUMBER).map(lambda bounds: {"range": [*bounds]})
ONE_OF_NUMBERS = NUMBER | st.lists(NUMBER, min_size=1, max_size=2) | RANGE
NUMBERS = ONE_OF_NUMBERS | st.builds(lambda one: {"not": one}, ONE_OF_NUMBERS)
NUMBERS |= st.builds(lambda *parts: {"any": [*parts]}, ONE_OF_NUMBERS, ONE_OF_NUMBERS)
DAYS = st.sampled_from(["2026-01-01", "2026-01-02", "2026-01-05"])
OF_TEXTS = ("supplier", "mcc", "tag.Dept", "tag.Proj", "note", "account")
OF_NUMBERS = ("amount", "itemAmount", "netAmount", "originalAmount", "perAttendee", "attendees")
FIELDS = {
    **dict.fromkeys(OF_TEXTS, TEXTS),
    **dict.fromkeys(OF_NUMBERS, NUMBERS),
    "originalAmount": NUMBERS | st.none(),
    "type": st.sampled_from(["card_purchase", ["refund"]]),
    "weekday": st.sampled_from(["thu", ["fri", "mon"], {"not": "mon"}]),
}
#: What some rows ask, and rows of which several often hold.
WHEN = st.lists(st.sampled_from([*FIELDS]), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
) | st.fixed_dictionaries(
    {"supplier": st.sampled_from([{"startsWith": "a"}, {"contains": "b"}, {"not": "figma"}, "ab", ["ab", "a"]])},
    optional={"mcc": st.sampled_from(["a", {"not": "b"}]), "amount": ONE_OF_NUMBERS},
)
OF_TAGS = st.fixed_dictionaries({"tag.Dept": st.sampled_from([None, "b", ["ab", None], {"not": "b"}])})
EXCEPTIONS = st.sampled_from([[], [], [{"supplier": "ab"}], [{"mcc": "a"}], [{"note": {"not": "b"}, "amount": 2}]])
WORDS = st.sampled_from([None, "", "a", "ab", "abc", "ABC", "Figma", "b", "ab" * 80])


@st.composite
def items(draw: st.DrawFn) -> list[Facts]:
    """What is known of the lines of an item."""
    lines = []
    for code, value in draw(st.lists(st.tuples(WORDS, st.integers(1, 6)), min_size=1, max_size=3)):
        tax = {"type": draw(st.sampled_from(["inclusive", "reverse"])), "amount": money(1), "code": "T"}
        tags = [
            {"groupCode": group, "code": text or ""} for group, text in (("DEPT", code), ("dept", "b"), ("PROJ", "ab"))
        ]
        lines.append(
            line(
                value,
                tax=draw(st.sampled_from([None, tax])),
                tags=draw(st.sampled_from([None, [*tags, None], tags[1:], tags[:1]])),
            )
        )
    made = item("card_purchase", *lines, note=draw(WORDS), date=draw(DAYS))
    made["supplier"] = {"name": draw(WORDS), "categoryCode": draw(WORDS)}
    made["additionalInformation"]["attendees"] = ["x"] * draw(st.integers(0, 2))
    made["amount"]["inSupplierCurrency"] = draw(st.sampled_from([None, *map(money, (1, 3))]))
    if made["amount"]["inSupplierCurrency"] is not None:
        made["amount"]["inSupplierCurrency"] = made["amount"]["inSupplierCurrency"]["inWalletCurrency"]
    read = convert(made)
    assert isinstance(read, Item)
    of_lines = read.accounting_entry_lines
    return [Facts(read, one, draw(WORDS), int(one.line_amount.in_wallet_currency.value)) for one in of_lines]


def _value(field: str, facts: Facts) -> Value:
    return "card_purchase" if field == "type" else folded(field, reader(field)(facts))


def _way(when: Json) -> tuple[Predicate, ...]:
    return tuple(predicate(name, asked, PLACE) for name, asked in when.items())


def _holds(way: tuple[Predicate, ...], facts: Facts) -> bool:
    return all(one.test()(_value(one.field, facts)) for one in way)


@given(st.lists(st.tuples(WHEN | OF_TAGS, EXCEPTIONS), max_size=8), st.lists(items(), min_size=1, max_size=4))
@settings(max_examples=MANY)
def test_the_index_finds_what_a_scan_finds(rows: list[tuple[Json, list[Json]]], asked: list[list[Facts]]) -> None:
    """The first matching row, whichever way it is looked for, whatever was looked for before, kept or forgotten."""
    listed = [
        LineRow(f"r{n}", When(_way(when), unless=tuple(map(_way, unless))), str(n), PLACE)
        for n, (when, unless) in enumerate(rows)
    ]
    lines = [one for facts in asked for one in facts] * 2
    scanned = [
        next(
            (row for row in listed if _holds(row.when.each, one) and not any(_holds(w, one) for w in row.when.unless)),
            None,
        )
        for one in lines
    ]
    assert [*map(LineTable(listed, CELL).find, lines)] == scanned
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "MOST", 2)
        patch.setattr(columns, "_MOST_WAYS", 1)
        patch.setattr(tagged, "MOST", 1)
        patch.setattr(columns, "WORTH", 1)
        patch.setattr(sieve, "TRIED", 0)
        assert [*map(LineTable(listed, CELL).find, lines)] == scanned
