"""Rows with `any` and `unless`: the engine, explain, and the analysis against brute force over several fields."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.mapping.engine.explain import explain
from pleoctl.mapping.items import convert

from .checked_rules import found, report, with_rows
from .conftest import Cli, engine, item, line, mapped, postings
from .test_conditions import condition, dead, hit, rules

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value


def supplied(name: str | None, **more: Value) -> Json:
    """A card purchase at a supplier."""
    return item(supplier={"name": name, **more})


@pytest.mark.parametrize(
    ("row", "given", "holds"),
    [
        ({"when": {"any": [{"supplier": "Uber"}, {"mcc": "4121"}]}}, supplied("Bolt", categoryCode="4121"), True),
        ({"when": {"any": [{"supplier": "Uber"}, {"mcc": "4121"}]}}, supplied("Bolt"), False),
        ({"when": {"country": "SE", "any": [{"supplier": "Uber"}]}}, supplied("Uber"), False),
        ({"when": {"any": [{"any": [{"mcc": "1"}]}, {"supplier": "Uber"}]}}, supplied("Uber"), True),
        ({"when": {"any": [{"type": "fee"}, {"type": {"not": "refund"}, "supplier": "A"}]}}, supplied("A"), True),
        ({"when": {}, "unless": {"supplier": "Uber"}}, supplied("Uber"), False),
        ({"when": {}, "unless": {"supplier": "Uber"}}, supplied(None), True),
        ({"when": {}, "unless": {"supplier": "Uber", "country": "SE"}}, supplied("Uber"), True),
        (
            {"when": {}, "unless": {"any": [{"supplier": "Uber"}, {"country": "SE"}]}},
            supplied("x", country="SE"),
            False,
        ),
        ({"when": {}, "unless": {"type": "card_purchase"}}, supplied("x"), False),
        ({"when": {}, "unless": {"type": "card_purchase", "supplier": "y"}}, supplied("x"), True),
        ({"when": {"type": {"any": ["fee", {"not": "card_purchase"}]}}}, supplied("x"), False),
        ({"when": {"subType": {"not": None}}}, supplied("x"), False),
    ],
)
def test_any_and_unless(tmp_path: Path, row: Json, given: Json, holds: bool) -> None:
    """One of `any` is enough, beside the other conditions; what fulfils all of `unless` is left out."""
    assert hit(tmp_path, row, given) is holds


def test_the_first_row_wins_in_whichever_way_it_holds(tmp_path: Path) -> None:
    """Ways are filed one by one, and the order of rows stays."""
    table = rules(
        {"when": {"any": [{"note": "x"}, {"supplier": {"startsWith": "Ub"}}]}}, {"when": {"supplier": "Uber"}}
    )
    made = engine(tmp_path, table)
    assert postings(mapped(made, supplied("Uber")))[0][1] == "0"


def test_a_type_row_takes_any_and_unless(tmp_path: Path) -> None:
    """The cells that are left are the standard table's."""
    own = "id: own, when: {any: [{type: [fee, refund]}], method: journal}, unless: {type: refund}, "
    rows = (f"{own}debit: line, credit: contra, replaces: standard/fee",)
    gaps = [f for f in found(tmp_path, with_rows(types=rows)) if f[0] == "MAP020"]
    assert gaps == []
    made = engine(tmp_path, with_rows(types=rows))
    assert postings(mapped(made, item("fee")))[1][1] == "1930"
    assert ("debit", "1940", 10000) in postings(mapped(made, item("refund")))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"unless": {}}, "always holds"),
        ({"when": {"any": [{"mcc": "1"}, {}]}}, "always holds"),
        ({"when": {"any": []}}, "any"),
        ({"unless": {"supplierr": "x"}}, "did you mean 'supplier'"),
        ({"when": {"type": {"not": "fees"}}}, "did you mean 'fee'"),
        ({"unless": {"any": [{"mcc": {"range": ["2", "1"]}}]}}, "ends below its start"),
        ({"when": {"any": [{"mcc": str(n)} for n in range(1001)]}}, "more than 1000"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, row: Json, said: str) -> None:
    """With the reason."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, rules(row))
    assert said in " ".join(f"{f} {f.hint}" for f in caught.value.findings)


def test_explain_tells_of_any_and_unless(tmp_path: Path) -> None:
    """Each as one condition with the values that it looked at."""
    made = engine(tmp_path, rules({"when": {"any": [{"supplier": "Uber"}, {"mcc": "1"}]}, "unless": {"country": "SE"}}))
    trace = explain(made, convert(supplied("Uber", country="SE")))["trace"]
    (loser,) = next(step for step in trace if step["step"] == "line 1")["losers"]
    assert loser["firstFailed"] == {
        "field": "unless",
        "predicate": [{"country": "SE"}],
        "value": {"country": "SE"},
        "result": False,
    }
    trace = explain(made, convert(supplied("Uber")))["trace"]
    conditions = next(step for step in trace if step["step"] == "line 1")["conditions"]
    assert [(c["field"], c["result"]) for c in conditions] == [("any", True), ("unless", True)]
    assert conditions[0]["value"] == {"supplier": "Uber", "mcc": None}


def test_explain_shows_them_as_text(workspace: Path, cli: Cli) -> None:
    """On the terminal as well."""
    (workspace / "mapping.yaml").write_text(rules({"when": {"any": [{"supplier": "Uber"}]}, "unless": {"mcc": "1"}}))
    (workspace / "items.json").write_text(json.dumps(supplied("Uber")))
    assert cli("mapping", "explain", "items.json") == 0
    assert 'any [{"supplier": "Uber"}], the item has {"supplier": "Uber"}: holds' in cli.out.decode()


# --- analysis --------------------------------------------------------------------------------------------------

DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(14)]
POINTS = list(product((None, "a", "b", "ab", "ba", "aab", "c"), (1, 2, 3), DAYS))


def when(chance: random.Random) -> Json:
    """Random conditions on supplier, amount and day of the week."""
    made: Json = {}
    if chance.random() < 0.6:
        made["supplier"] = condition(chance, 1)
    if chance.random() < 0.4:
        made["amount"] = chance.choice(([1, 2], {"range": [2, None]}, {"not": 3}))
    if chance.random() < 0.4 or not made:
        made["weekday"] = chance.choice((["sat", "sun"], "mon", {"not": ["sat", "sun"]}, {"any": ["tue", "wed"]}))
    return made


def row(chance: random.Random) -> Json:
    """A random row with `any`, `unless` and days."""
    made: Json = {"when": when(chance) if chance.random() < 0.5 else {}}
    if chance.random() < 0.5:
        made["when"]["any"] = [when(chance) for _ in range(chance.randint(1, 2))]
    if chance.random() < 0.4:
        made["unless"] = when(chance)
    if chance.random() < 0.3:
        first = chance.randrange(7)
        made |= {"from": DAYS[first].isoformat(), "until": DAYS[first + chance.randint(1, 7)].isoformat()}
    return made


def test_rows_with_any_and_unless_are_dead_where_no_item_comes(tmp_path: Path) -> None:
    """Nothing dead that an item reaches; what is told alive is reached by some item, or by one beyond those tried."""
    chance = random.Random(3)
    found = 0
    for _ in range(30):
        table = [row(chance) for _ in range(chance.randint(2, 4))]
        told = dead(tmp_path, *table)
        made = engine(tmp_path, rules(*table))
        items = [item("fee", line(n), supplier={"name": s}, date=f"{d}T00:00:00Z") for s, n, d in POINTS]
        entries = [mapped(made, given) for given in items]
        alive = {f"r{entry.entries[0].postings[0].account}" for entry in entries}
        assert not told & alive, table
        found += len(told)
    assert found > 8


@pytest.mark.parametrize(
    ("rows", "dead_ones"),
    [
        ([{"when": {"any": [{"mcc": "1"}, {"mcc": "2"}]}}, {"when": {"mcc": ["1", "2"]}}], {"r1"}),
        ([{"when": {"any": [{"mcc": "1"}, {"mcc": "2"}]}}, {"when": {"mcc": ["1", "2", "3"]}}], set()),
        ([{"when": {"mcc": "1"}, "unless": {"country": "SE"}}, {"when": {"mcc": "1"}}], set()),
        ([{"unless": {"country": "SE"}}, {"when": {"country": "SE"}}, {}], {"r2"}),
        ([{"when": {"mcc": "1"}, "unless": {"mcc": ["1", "2"]}}], {"r0"}),
        ([{"when": {"weekday": ["sat", "sun"]}}, {"when": {"weekday": {"not": ["mon", "sat"]}}}, {}], set()),
        ([{"when": {"weekday": ["sat", "sun"]}}, {"when": {"weekday": {"not": ["sat", "sun"]}}}, {}], {"r2"}),
        ([{"when": {"weekday": "mon"}, "from": "2026-03-03", "until": "2026-03-08"}], {"r0"}),
        ([{"when": {"weekday": "mon"}, "from": "2026-03-03", "until": "2026-03-09"}], set()),
        (
            [{"when": {"perAttendee": {"range": [5000, None]}}}, {"when": {"perAttendee": {"range": [5001, None]}}}],
            {"r1"},
        ),
        (
            [{"when": {"perAttendee": {"range": [5001, None]}}}, {"when": {"perAttendee": {"range": [5000, None]}}}],
            set(),
        ),
        ([{"when": {"supplier": {"contains": "taxi"}}}, {"when": {"supplier": {"endsWith": "yellow taxi"}}}], {"r1"}),
        ([{"when": {"supplier": {"endsWith": "ab"}}}, {"when": {"supplier": {"contains": "ab"}}}], set()),
        (
            [{"when": {"any": [{"type": "fee"}, {"type": {"not": ["fee", "refund"]}}]}}, {"when": {"type": "mileage"}}],
            {"r1"},
        ),
    ],
)
def test_dead_rows_that_people_write(tmp_path: Path, rows: list[Json], dead_ones: set[str]) -> None:
    """By `any`, `unless`, days of the week, and numbers that need not be whole."""
    assert dead(tmp_path, *rows) == dead_ones


def test_a_row_that_can_never_match_says_why(tmp_path: Path) -> None:
    """Its exceptions take all of it, or its days are none."""
    listed = with_rows(
        "id: a, when: {mcc: '1'}, unless: {mcc: ['1', '2']}, account: '1'",
        "id: b, when: {weekday: mon}, from: '2026-03-03', until: '2026-03-08', account: '1'",
    )
    said = [f.message for f in report(tmp_path, listed).findings]
    assert "unless takes all of it" in said[0]
    assert "none of its days is such a day of the week" in said[1]
