"""`map --format datev` and `sie`: the files of the workspace's sink, by the sink's own format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.sinks.files.datev import DatevFormat
from pleoctl.sinks.files.sie import SieFormat

from .conftest import item, line

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sinks.files.format import Format
    from shapes import Json, Value

    from .conftest import Cli

SECTIONS: dict[str, Json] = {
    "datev": {"consultant": 1001, "client": 7, "currency": "EUR"},
    "sie": {"currency": "EUR", "company": "Böcker & Co", "series": "P", "dimensions": {"DEPT": 1}},
}


def formats() -> dict[str, Format]:
    """The formats, to read back."""
    return {"datev": DatevFormat(SECTIONS["datev"], split=False), "sie": SieFormat(SECTIONS["sie"])}


def given(workspace: Path, name: str, *items: Json) -> None:
    """A workspace with this sink and a file of items."""
    sink = json.dumps({"type": name, "path": "books", **SECTIONS[name]})
    path = workspace / "pleoctl.yaml"
    path.write_text(f"{path.read_text()}sink: {sink}\n")
    (workspace / "items.json").write_text(json.dumps(list(items)))


def numbered(number: int, *lines: Json, **more: Value) -> Json:
    """One of several items."""
    return item("card_purchase", *lines, accountingEntryId=f"00000000-0000-4000-8000-{number:012d}", **more)


@pytest.mark.parametrize("name", SECTIONS)
def test_the_file_holds_the_entries(workspace: Path, cli: Cli, name: str) -> None:
    """Keys, days, accounts and amounts read back by the sink's format are those of `map`'s entries."""
    given(workspace, name, numbered(1), numbered(2, line(2500), line(500, "6110")))
    assert cli("map", "items.json", "--format", name, "-o", "out") == 0
    assert cli("map", "items.json") == 0
    wanted = {}
    for entry in map(json.loads, cli.out.splitlines()):
        sums: dict[tuple[str, str], int] = {}
        for posting in entry["entries"][0]["postings"]:
            place = (posting["side"], posting["account"])
            sums[place] = sums.get(place, 0) + posting["amount"]
        wanted[entry["accountingEntryId"]] = (entry["postingDate"], sums)
    found = {
        standing.key: (standing.date, {(p.side, p.account): p.amount for p in standing.postings or ()})
        for standing in formats()[name].read((workspace / "out").read_bytes(), wanted)
    }
    assert {key: (day, merged(sums)) for key, (day, sums) in found.items()} == {
        key: (day, merged(sums)) for key, (day, sums) in wanted.items()
    }


def standing_in(workspace: Path, name: str) -> list[str]:
    """Of the items that were numbered, or have another name, those that the file holds."""
    wanted = ["日本", *(f"00000000-0000-4000-8000-{number:012d}" for number in range(3))]
    return [standing.key[-1] for standing in formats()[name].read((workspace / "out").read_bytes(), wanted)]


def merged(sums: dict[tuple[str, str], int]) -> dict[str, int]:
    """By account, debit positive."""
    made: dict[str, int] = {}
    for (side, account), amount in sums.items():
        made[account] = made.get(account, 0) + (amount if side == "debit" else -amount)
    return made


@pytest.mark.parametrize("name", SECTIONS)
def test_what_the_format_cannot_hold_fails_its_item(workspace: Path, cli: Cli, name: str) -> None:
    """Exit 5 with the reason; the other items stand in the file."""
    given(workspace, name, numbered(1), numbered(2, currency="USD"))
    assert cli("map", "items.json", "--format", name, "-o", "out") == 5
    assert b"the books are in EUR" in cli.err
    assert standing_in(workspace, name) == ["1"]


@pytest.mark.parametrize("name", SECTIONS)
def test_an_id_that_the_codepage_lacks_fails_its_item(workspace: Path, cli: Cli, name: str) -> None:
    """It would be another one in the file; so do no words, which are written in other letters."""
    given(workspace, name, numbered(1, note="日本"), item(accountingEntryId="日本"))
    assert cli("map", "items.json", "--format", name, "-o", "out") == 5
    assert b"characters that the file's codepage lacks" in cli.err
    assert standing_in(workspace, name) == ["1"]


def test_names_of_a_file_are_written_in_letters_of_the_codepage(workspace: Path, cli: Cli) -> None:
    """The company's, the series' and those of dimensions, as words of items are."""
    given(workspace, "sie", numbered(1))
    path = workspace / "pleoctl.yaml"
    sink = {
        **SECTIONS["sie"],
        "type": "sie",
        "path": "books",
        "company": "Ł “X”",
        "series": "Š",
        "dimensions": {"Ž": 6},
    }
    path.write_text(path.read_text().partition("sink:")[0] + f"sink: {json.dumps(sink)}\n")
    assert cli("map", "items.json", "--format", "sie", "-o", "out") == 0
    written = (workspace / "out").read_bytes().decode("cp437")
    assert '#FNAMN "L \\"X\\""' in written
    assert '#DIM 6 "Z"' in written
    assert '#VER "S"' in written


def test_a_batch_holds_one_month(workspace: Path, cli: Cli) -> None:
    """A row's date has no year: items of two months are refused, and nothing is written."""
    given(workspace, "datev", numbered(1), numbered(2, date="2026-04-01T00:00:00Z"))
    assert cli("map", "items.json", "--format", "datev", "-o", "out") == 1
    assert b"2026-03, 2026-04" in cli.err
    assert not (workspace / "out").exists()


def test_the_keys_are_the_sinks(workspace: Path, cli: Cli) -> None:
    """Without a sink of that type there are none: exit 78, and the section that is due."""
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("map", "items.json", "--format", "datev") == 78
    assert b"sink: {type: datev" in cli.err
