"""Fields that depend on each other: rows are dead or needless exactly where no item tells otherwise."""

from __future__ import annotations

import random
from functools import reduce
from itertools import product
from operator import or_
from typing import TYPE_CHECKING, Any, Final

import pytest

from pleoctl.mapping.analysis import linked
from pleoctl.mapping.rules.predicates import predicate
from pleoctl.place import Place

from .checked_rules import report
from .conftest import engine, item, line, mapped, money
from .test_conditions import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapes import Value

PLACE: Final = Place("f", 1, 1)
TABLES: Final = 40
FIELDS: Final = ("amount", "itemAmount", "netAmount", "taxType", "taxCode", "attendees", "perAttendee")
Values = dict[str, Any]


def items() -> Iterator[Values]:
    """Every small item of one kind: sums, tax and attendees as they come together."""
    taxes = [(None, None), *product(("reverse", "reversed", "inclusive", "other"), (None, "A", "AA", "B", "Z"))]
    for amount, (kind, code), people in product(range(1, 6), taxes, range(6)):
        nets = [amount] if kind in {None, "reverse"} else range(amount + 1)
        for total, net in product(range(amount, 26), nets):
            share = None if not people else 2 * (total // people) + (total % people > 0)
            yield dict(zip(FIELDS, (amount, total, net, kind, code, people, share), strict=True))


ITEMS: Final = list(items())
ALL: Final = (1 << len(ITEMS)) - 1


def masks() -> dict[str, dict[Value, int]]:
    """For each field and value the items that have it, as bits."""
    made: dict[str, dict[Value, int]] = {field: {} for field in FIELDS}
    for field in FIELDS:
        bits: dict[Value, bytearray] = {}
        for index, one in enumerate(ITEMS):
            bits.setdefault(one[field], bytearray(b"0" * len(ITEMS)))[-1 - index] = ord("1")
        made[field] = {value: int(found, 2) for value, found in bits.items()}
    return made


MASKS: Final = masks()


def condition(chance: random.Random, field: str) -> Value:
    """A condition on a field, of small numbers."""
    one: Value
    if field.startswith("tax"):
        words: list[Value] = ["reverse", "inclusive", "other"] if field == "taxType" else ["A", "B"]
        one = chance.choice([*words, None, words[:2], {"startsWith": words[0]}])
    else:
        low = chance.randint(0 if field in {"netAmount", "attendees"} else 1, 3)
        one = chance.choice([low, {"range": [low, None]}, {"range": [None, low]}, {"range": [low, low + 1]}, [1, low]])
        one = None if field == "perAttendee" and chance.random() < 0.2 else one
    return {"not": one} if chance.random() < 0.3 else one


def when(chance: random.Random, most: int = 3) -> Values:
    """Some conditions together."""
    return {field: condition(chance, field) for field in chance.sample(FIELDS, chance.randint(1, most))}


def row(chance: random.Random) -> Values:
    """A row of such conditions, now and then with `any` and `unless`."""
    made: Values = {"when": when(chance), "account": chance.choice("1112")}
    if chance.random() < 0.2:
        made["when"] = {"any": [when(chance, 2), when(chance, 2)]}
    if chance.random() < 0.2:
        made["unless"] = when(chance, 2)
    return made


def taken(asked: Values) -> int:
    """The items that fulfil conditions, as bits."""
    found = ALL
    for field, given in asked.items():
        if field == "any":
            found &= reduce(or_, map(taken, given))
        else:
            test = predicate(field, given, PLACE).test()
            found &= reduce(or_, (bits for value, bits in MASKS[field].items() if test(value)), 0)
    return found


def needless(index: int, own: int, first: list[int], table: list[Values], matched: list[int]) -> bool:
    """Whether what a row takes would become the same without it; rows that take nothing do not count."""
    left = own
    for later in range(index + 1, len(table)):
        if left & matched[later] and first[later]:
            if table[later]["account"] != table[index]["account"]:
                return False
            left &= ~matched[later]
    return not left


def told(folder: Path, table: list[Values]) -> tuple[set[str | None], set[str | None]]:
    """The rows that the analysis calls dead, and those that change nothing."""
    findings = report(folder, rules(*table)).findings
    dead, idle = ({f.rule for f in findings if f.code == code} for code in ("MAP011", "MAP012"))
    return dead, idle


def test_rows_are_told_exactly_where_no_item_shows_otherwise(tmp_path: Path) -> None:
    """MAP011 and MAP012 of random tables are those that trying every small item gives."""
    chance, count = random.Random(7), [0, 0]
    for _ in range(TABLES):
        table = [row(chance) for _ in range(chance.randint(2, 5))]
        matched = [taken(one["when"]) & ~(taken(one["unless"]) if "unless" in one else 0) for one in table]
        gone = [0, *(reduce(or_, matched[: n + 1]) for n in range(len(table)))]
        first = [own & ~before for own, before in zip(matched, gone, strict=False)]
        dead, idle = told(tmp_path, table)
        assert dead == {f"r{n}" for n, own in enumerate(first) if not own}, table
        expected = {f"r{n}" for n, own in enumerate(first) if own and needless(n, own, first, table, matched)}
        assert idle <= expected, table
        assert idle == expected or dead, table
        count = [count[0] + len(dead), count[1] + len(idle)]
    assert min(count) > 2


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"amount": 500, "itemAmount": {"range": [None, 499]}}, "amount and itemAmount"),
        ({"attendees": 0, "perAttendee": {"range": [1, None]}}, "attendees and perAttendee"),
        ({"attendees": 3, "perAttendee": 100, "itemAmount": {"not": 300}}, "attendees and itemAmount and perAttendee"),
        ({"taxType": None, "taxCode": "A"}, "taxCode and taxType"),
        ({"taxType": "reverse", "amount": 5, "netAmount": 4}, "amount and netAmount and taxType"),
        ({"originalCurrency": None, "originalAmount": {"not": None}}, "originalAmount and originalCurrency"),
    ],
)
def test_a_row_for_what_no_item_has_together_says_so(tmp_path: Path, asked: Values, reason: str) -> None:
    """It can never match, and the fields that do not go together are named."""
    (finding,) = report(tmp_path, rules({"when": asked})).findings
    assert finding.code == "MAP011"
    assert f"no item has such {reason} together" in finding.message


def test_what_the_analysis_takes_for_granted_holds_of_every_item(tmp_path: Path) -> None:
    """A tax without a type fails its item; an amount without a currency is no original amount."""
    made = engine(tmp_path, rules({"when": {"originalAmount": {"not": None}}}))
    for kind in ("", " ", "reverse "):
        failed = mapped(made, item("fee", line(5, tax={"code": "A", "type": kind, "amount": money(1)})))
        assert "line 1: the tax has no type" in (failed.failure_reason or "")
    amount = {**money(5), "inSupplierCurrency": {"currency": " ", "value": 7}}
    entry = mapped(made, item("fee", line(5, account={"code": "6540"}), amount=amount))
    assert entry.original is None
    assert entry.entries[0].postings[0].account == "6540"


def test_lists_that_are_too_long_to_be_tried_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amounts, attendees and shares that are not held against each other one by one are called undecided, not dead."""
    asked = {"itemAmount": [1000, 1002, 1004], "attendees": [1, 3], "perAttendee": [1, 3, 5]}
    (finding,) = report(tmp_path, rules({"when": asked})).findings
    assert "no item has such attendees and itemAmount and perAttendee together" in finding.message
    monkeypatch.setattr(linked, "MAX_TRIPLES", 10)
    hasty = report(tmp_path, rules({"when": asked}))
    assert (hasty.findings, [row.reason for row in hasty.unanalysed]) == ([], ["it falls into too many pieces"])
