"""Conditions that join others, lists of parts of texts, and days: the engine, and the analysis against brute force."""

from __future__ import annotations

import json
import random
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.mapping.analysis.check import check
from pleoctl.mapping.rules.build import load_rules

from .conftest import HEAD, engine, item, line, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value


def rules(*rows: Json) -> str:
    """A table of rows, each with an account of its own."""
    listed = [{"id": f"r{n}", "when": {}, "account": f"{n}", **row} for n, row in enumerate(rows)]
    return HEAD + "lines:\n  rows:\n" + "".join(f"  - {json.dumps(row)}\n" for row in listed)


def hit(folder: Path, row: Json, given: Json) -> bool:
    """Whether a row takes an item."""
    entry = mapped(engine(folder, rules(row)), given)
    assert entry.failure_reason is None, entry.failure_reason
    return entry.entries[0].postings[0].account == "0"


@pytest.mark.parametrize(
    ("predicate", "name", "holds"),
    [
        ({"startsWith": ["Acme", "Figma"]}, "figma inc", True),
        ({"startsWith": ["Acme", "Figma"]}, "the figma", False),
        ({"endsWith": "AB"}, "Books  ab", True),
        ({"endsWith": ["AB", "Ltd"]}, "Books Inc", False),
        ({"contains": ["taxi", "cab"]}, "Yellow Cab 7", True),
        ({"contains": ["taxi", "cab"]}, "Rail", False),
        ({"not": "Acme"}, "ACME", False),
        ({"not": "Acme"}, None, True),
        ({"not": None}, None, False),
        ({"not": None}, "x", True),
        ({"not": {"startsWith": "A"}}, "Acme", False),
        ({"any": ["Acme", {"endsWith": "AB"}, None]}, None, True),
        ({"any": ["Acme", {"endsWith": "AB"}]}, "Books AB", True),
        ({"not": {"any": [{"startsWith": "A"}, {"regex": "b$"}]}}, "Cab", False),
    ],
)
def test_predicates_join_others(tmp_path: Path, predicate: Value, name: str | None, holds: bool) -> None:
    """Lists, ends, `not`, `any`; an absent value fulfils `not`, unless that is of null."""
    assert hit(tmp_path, {"when": {"supplier": predicate}}, item(supplier={"name": name})) is holds


def test_amounts_join_too(tmp_path: Path) -> None:
    """Outside a range."""
    row = {"when": {"amount": {"not": {"range": [100, 200]}}}}
    assert [hit(tmp_path, row, item("fee", line(value))) for value in (99, 100, 200, 201)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("limits", "holds"),
    [
        ({"from": "2026-03-04"}, True),
        ({"from": "2026-03-05"}, False),
        ({"until": "2026-03-04"}, True),
        ({"until": "2026-03-03"}, False),
        ({"from": "2026-01-01", "until": "2026-12-31"}, True),
    ],
)
def test_rows_have_their_time(tmp_path: Path, limits: dict[str, str], holds: bool) -> None:
    """By the posting date, both days included."""
    assert hit(tmp_path, limits, item()) is holds


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"from": "2026-02-30"}, "is no day"),
        ({"until": "20260228"}, "is no day"),
        ({"from": "2026-02-02", "until": "2026-02-01"}, "before from"),
        ({"when": {"mcc": {"not": {"range": ["2", "1"]}}}}, "ends below its start"),
        ({"when": {"mcc": {"any": []}}}, "any"),
        ({"when": {"mcc": {"not": {"regex": "(?=a)"}}}}, "regex"),
    ],
)
def test_conditions_that_cannot_be_are_refused(tmp_path: Path, row: Json, said: str) -> None:
    """With the reason."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, rules(row))
    assert said in " ".join(f"{f} {f.hint}" for f in caught.value.findings)


def dead(folder: Path, *rows: Json) -> set[str | None]:
    """The rows that the analysis says can never match."""
    (folder / "mapping.yaml").write_text(rules(*rows))
    found = check(load_rules(folder / "mapping.yaml", folder), [])
    return {f.rule for f in found.findings if f.code == "MAP011"}


def test_days_follow_on_each_other(tmp_path: Path) -> None:
    """A year that ends and one that begins leave nothing between them; a day that is left out is seen."""
    old, new = {"until": "2025-12-31"}, {"from": "2026-01-01"}
    assert dead(tmp_path, old, new, {}) == {"r2"}
    assert dead(tmp_path, old, {"from": "2026-01-02"}, {}) == set()
    assert dead(tmp_path, {"from": date.min.isoformat()}, {}) == {"r1"}


TEXTS: list[str | None] = [
    None,
    *("".join(signs) for n in range(1, 5) for signs in product("abc9!", repeat=n)),
    *("".join(signs) for n in (5, 6) for signs in product("ab!", repeat=n)),
]


def condition(chance: random.Random, depth: int = 2) -> Value:
    """A random condition on short texts."""
    kind = chance.choice(("in", "startsWith", "endsWith", "contains", "range", "not", "any"))
    texts = ["".join(chance.choices("ab", k=chance.randint(1, 2))) for _ in range(chance.randint(1, 2))]
    if kind in {"not", "any"} and depth:
        parts = [condition(chance, depth - 1) for _ in range(chance.randint(1, 2))]
        return {kind: parts[0] if kind == "not" else parts}
    if kind == "range":
        return {kind: sorted([texts[0], chance.choice("ab9")])}
    return {kind: texts} if kind in {"startsWith", "endsWith", "contains"} else [*texts, chance.choice(("a", None))]


def test_dead_rows_are_those_that_brute_force_finds(tmp_path: Path) -> None:
    """Whatever conditions join, beginnings, ends and contents of texts among them."""
    chance = random.Random(11)
    found = 0
    for _ in range(100):
        table = [{"when": {"mcc": condition(chance)}} for _ in range(chance.randint(2, 4))]
        told = dead(tmp_path, *table)
        listed = load_rules(tmp_path / "mapping.yaml", tmp_path).lines
        tests = [(row.id, row.when.each[0].test()) for row in listed]
        alive = {next((name for name, test in tests if test(text)), None) for text in TEXTS}
        assert told == {name for name, _ in tests} - alive, table
        found += len(told)
    assert found > 20
