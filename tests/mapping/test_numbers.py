"""Numbers as texts, as amounts of tax, as ids; many failures; answers that are no items."""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.mapping.analysis.check import check
from pleoctl.mapping.rules.build import load_rules

from .conftest import HEAD, Cli, engine, item, line, mapped, money

if TYPE_CHECKING:
    from shapes import Value


def rows(*conditions: Value) -> str:
    """A table with a row for each condition on mcc."""
    listed = [f"  - {{id: r{n}, when: {{mcc: {json.dumps(c)}}}, account: '{n}'}}\n" for n, c in enumerate(conditions)]
    return HEAD + "lines:\n  rows:\n" + "".join(listed)


@pytest.mark.parametrize(
    ("bounds", "value", "inside"),
    [
        (["6000", "6999"], "6500", True),
        (["6000", "6999"], "60000", False),
        (["6000", None], "60000", False),
        ([None, "6999"], "60", False),
        (["6000", "6999"], "6500a", True),
        (["a", "c"], "bb", True),
        (["A1", None], "5", False),
    ],
)
def test_numbers_of_another_length_lie_in_no_range(
    tmp_path: Path, bounds: list[str | None], value: str, inside: bool
) -> None:
    """60000 is not between 6000 and 6999; other texts compare character by character."""
    entry = mapped(engine(tmp_path, rows({"range": bounds})), item(supplier={"name": "x", "categoryCode": value}))
    assert (entry.entries[0].postings[0].account == "0") is inside


def test_bounds_of_different_length_are_refused(tmp_path: Path) -> None:
    """Nothing that is a number lies between them."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, rows({"range": ["600", "6999"]}))
    assert "bounds of different length" in str(caught.value.findings[0])


TEXTS = ["".join(signs) for length in range(1, 5) for signs in product("!019:a", repeat=length)]


def test_dead_rows_are_those_that_brute_force_finds(tmp_path: Path) -> None:
    """Ranges of numbers, beginnings and values: a row is told dead exactly where no text comes to it."""
    chance = random.Random(7)
    dead = 0
    for _ in range(60):
        table = [condition(chance) for _ in range(chance.randint(2, 5))]
        (tmp_path / "mapping.yaml").write_text(rows(*table))
        rules = load_rules(tmp_path / "mapping.yaml", tmp_path)
        told = {f.rule for f in check(rules, []).findings if f.code == "MAP011"}
        tests = [(row.id, row.when.each[0].test()) for row in rules.lines]
        alive = {next((name for name, test in tests if test(text)), None) for text in TEXTS}
        assert told == {name for name, _ in tests} - alive, table
        dead += len(told)
    assert dead > 10


def condition(chance: random.Random) -> Value:
    """A random condition on short texts."""
    made = ["".join(chance.choices("0019", k=chance.randint(1, 2))) for _ in range(3)]
    kind = chance.choice(("range", "range", "startsWith", "in"))
    if kind == "startsWith":
        return {kind: made[0] + chance.choice(("", "a"))}
    if kind == "in":
        return made
    low, high = sorted(text.ljust(len(made[0]), "0")[: len(made[0])] for text in made[:2])
    return {kind: chance.choice(([low, high], [low, None], [None, high]))}


@pytest.mark.parametrize("shape", ["code", "split"])
@pytest.mark.parametrize("amount", [20.5, -2000, 20000])
def test_a_tax_that_cannot_be_fails_under_either_shape(tmp_path: Path, shape: str, amount: float) -> None:
    """Fractional, of the wrong sign, larger than the line."""
    tax = {"type": "inclusive", "code": "I25", "amount": money(amount), "ingoingTaxAccount": "2641"}
    entry = mapped(engine(tmp_path, HEAD + f"tax: {{shape: {shape}}}\n"), item("card_purchase", line(tax=tax)))
    assert entry.failure_reason_type == "validation_failure"


def test_an_error_of_the_api_is_told_as_one(workspace: Path, cli: Cli) -> None:
    """Saved in place of items, it is no item that lacks fields."""
    (workspace / "items.json").write_text(json.dumps({"message": "Unauthorized", "status": 401}))
    assert cli("map", "items.json") == 5
    assert "Unauthorized" in cli.lines[0]["failureReason"]
    assert "answered in place of items" in cli.lines[0]["failureReason"]


def test_ids_have_no_case(workspace: Path, cli: Cli) -> None:
    """Explain finds an item by its id in capitals, and map finds it twice."""
    given = [item(accountingEntryId="aaaa-1"), item(accountingEntryId="AAAA-1")]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("map", "items.json") == 0
    assert [len(e["warnings"]) for e in cli.lines] == [0, 1]
    assert cli("mapping", "explain", "items.json", "--id", "Aaaa-1", "--format", "json") == 0
    assert len(cli.json["result"]["items"]) == 2


def test_failures_of_coverage_are_bounded(workspace: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number they are counted, and that is said."""
    monkeypatch.setattr("pleoctl.mapping.analysis.coverage.MAX_UNMAPPED", 3)
    (workspace / "items.json").write_text(json.dumps([item("card_purchase", line(account=None))] * 5))
    assert cli("mapping", "coverage", "--items", "items.json", "--format", "json") == 0
    result = cli.json["result"]
    assert (len(result["unmapped"]), result["unmappedLeftOut"], result["failed"], result["mapped"]) == (3, 2, 5, 0)
    assert cli("mapping", "coverage", "--items", "items.json") == 0
    assert "… and 2 more" in cli.out.decode()


def test_all_missing_fields_are_told_at_once(workspace: Path, cli: Cli) -> None:
    """Not one after the other, each time the file is mended."""
    given = item()
    for name in ("date", "amount", "additionalInformation"):
        del given[name]
    (workspace / "items.json").write_text(json.dumps([given, {}]))
    assert cli("map", "items.json") == 5
    assert [entry["failureReason"] for entry in cli.lines] == [
        "the item lacks date, amount, additionalInformation",
        "the item lacks accountingEntryId, type, date, amount, accountingEntryLines, additionalInformation",
    ]


def test_the_item_of_the_docs_is_mapped(workspace: Path, cli: Cli) -> None:
    """The example in docs/mapping.md is a whole item."""
    docs = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
    (workspace / "items.json").write_text(docs.partition("```json\n")[2].partition("```")[0])
    assert cli("map", "items.json") == 0
    assert cli.lines[0]["original"] == {"currency": "USD", "amount": 13600}
