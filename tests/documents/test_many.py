"""Files with very many mistakes, and what of them is told."""

from __future__ import annotations

import json
import tracemalloc
from difflib import get_close_matches
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import line_of
from pleoctl.documents.load import parse
from pleoctl.documents.schemas import violations
from pleoctl.errors import MOST_ALIKE, Finding, InvalidFile, More, counted, limited
from pleoctl.place import Place
from pleoctl.text import closest, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

STATE = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts: []\n"
RULES = 'apiVersion: pleoctl/v1\nkind: ExportMapping\naccounts: {wallet: "1"}\ninclude: [standard]\n'


def findings(cli: Cli, *arguments: str) -> list[Json]:
    """What a command tells as JSON."""
    found: list[Json] = cli(*arguments, "--format", "json").json["findings"]
    return found


def test_of_very_many_unknown_keys_the_first_hundred_are_told(workspace: MakeWorkspace, cli: Cli) -> None:
    """Each with its place and hint, then one finding with the count of the others; exit 78."""
    folder: Path = workspace(None)
    (folder / "desired-state.yaml").write_text(STATE + "".join(f"key{i}: 1\n" for i in range(20_000)))
    said = cli("validate", "--format", "json")
    assert said.code == 78
    told = said.json["findings"]
    assert [(f["code"], f["line"]) for f in told[:100]] == [("schema", line) for line in range(4, 104)]
    assert all(f["hint"] for f in told[:100])
    assert [(f["code"], f["file"], f["message"]) for f in told[100:]] == [
        ("schema", "desired-state.yaml", "19900 more findings of this kind")
    ]
    assert set(told[100]) == set(told[0])
    assert len(cli("validate").stderr.splitlines()) == 101


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("desired-state.yaml", STATE.replace(" []", "") + '- {externalId: "e", name: "n"}\n' * 300, "duplicate-key"),
        ("desired-state.yaml", STATE.replace(" []", "") + '- {externalId: "e", nam3: "n"}\n' * 300, "schema"),
        ("desired-state.yaml", STATE + "a: 1\n" * 300, "invalid-file"),
        ("mapping.yaml", RULES + "".join(f"key{i}: 1\n" for i in range(300)), "MAP001"),
        ("mapping.yaml", RULES + "lines:\n  rows:\n" + '  - {id: a, when: {nte: x}, account: "1"}\n' * 300, "MAP001"),
        ("mapping.yaml", RULES + "lines:\n  rows:\n" + '  - {id: a, when: {note: "("}, account: 1}\n' * 300, "schema"),
        ("mapping.yaml", RULES + "lines:\n  rows:\n" + '  - {id: a, when: {}, account: "1"}\n' * 300, "duplicate-id"),
        (
            "mapping.yaml",
            RULES
            + "expenseTypes:\n"
            + "".join(
                f"- {{id: t{i}, when: {{type: fee}}, debit: line, credit: wallet, replaces: fe{i}}}\n"
                for i in range(300)
            ),
            "MAP001",
        ),
        ("vendors.csv", ",".join(f"c{i}" for i in range(300)) + "\n", "MAP001"),
    ],
)
def test_no_mistake_is_told_more_than_a_hundred_times(
    workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, name: str, text: str, code: str
) -> None:
    """Whatever the file and the kind of mistake: a hundred of one code, and their number."""
    folder: Path = workspace(None, mapping="mapping.yaml")
    desired(folder, accounts=[])
    (folder / "mapping.yaml").write_text(RULES + "vendors: {unmatched: fail, file: vendors.csv}\n")
    (folder / "vendors.csv").write_text("code\n")
    (folder / name).write_text(text)
    told = [f for f in findings(cli, "validate") if f["code"] == code]
    assert len(told) <= MOST_ALIKE + 1
    assert told[-1]["message"].endswith("more findings of this kind") or name == "vendors.csv"


def test_overlaps_and_missing_accounts_are_counted(workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """`mapping check` tells a hundred of each code, and counts all in its summary."""
    folder: Path = workspace(None, mapping="mapping.yaml")
    desired(folder, accounts=[{"externalId": "1", "name": "n"}])
    types = "".join(f"- {{id: t{i}, when: {{type: fee}}, debit: line, credit: wallet}}\n" for i in range(20))
    rows = "".join(f'  - {{id: r{i}, when: {{note: "n{i}"}}, account: "a{i}"}}\n' for i in range(150))
    (folder / "mapping.yaml").write_text(RULES + "expenseTypes:\n" + types + "lines:\n  rows:\n" + rows)
    codes = [f["code"] for f in findings(cli, "mapping", "check")]
    assert (codes.count("MAP010"), codes.count("MAP030")) == (101, 101)
    assert "more findings of this kind" in cli("mapping", "check").stderr


def test_a_key_that_stands_twice_among_many_is_found_in_json(cli: Cli, workspace: MakeWorkspace) -> None:
    """One look at each key."""
    folder: Path = workspace(None)
    text = "{" + ",".join(f'"k{i}": 1' for i in range(50_000)) + ', "k7": 2}'
    (folder / "plan.json").write_text(text)
    said = cli("show", "plan.json")
    assert (said.code, "key 'k7' stands twice" in said.stderr) == (78, True)


def test_comments_of_every_row_come_back(cli: Cli, workspace: MakeWorkspace) -> None:
    """Also of very many rows in a style of their own."""
    folder: Path = workspace(None)
    rows = "".join(f'- externalId: "e{i:05}"  # first {i}\n  name: "n"\n' for i in range(2000))
    (folder / "desired-state.yaml").write_text(STATE.replace(" []", "") + rows)
    assert cli("fmt").code == 0
    text = (folder / "desired-state.yaml").read_text()
    assert text.splitlines()[3:5] == [
        '- {externalId: "e00000", name: "n"}  # first 0',
        '- {externalId: "e00001", name: "n"}  # first 1',
    ]
    assert text.count("# first") == 2000


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["f", None]), st.booleans()), max_size=450))
def test_limiting_keeps_the_order_and_loses_no_count(given: list[tuple[str, str | None, bool]]) -> None:
    """A hundred of each code and file, the number of the others behind the last of them; twice is once."""
    made = [
        Finding(code, f"m{n}", "error" if bad else "warning", Place(file, n) if file else None)
        for n, (code, file, bad) in enumerate(given)
    ]
    once = limited(made)
    assert counted(once) == len(made)
    assert limited(once) == once
    told = [f for f in once if not isinstance(f, More)]
    assert told == [f for f in made if f in told]
    for more in (f for f in once if isinstance(f, More)):
        same = [f for f in made if (f.code, f.file) == (more.code, more.file)]
        assert more.count == len(same) - MOST_ALIKE
        assert more.level == ("error" if any(f.level == "error" for f in same[MOST_ALIKE:]) else "warning")


def test_the_error_of_many_findings_counts_them_all() -> None:
    """Its message has their number, its list is limited."""
    error = InvalidFile.of([Finding("c", str(n)) for n in range(1000)])
    assert (str(error), len(error.findings)) == ("1000 problems found", MOST_ALIKE + 1)


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("acounts", ["accounts", "kind"], "did you mean 'accounts'?"),
        ("KIND", ["accounts", "kind"], "did you mean 'kind'?"),
        ("zzz", ["accounts", "kind"], "known keys: accounts, kind"),
        ("zzz", [f"k{i}" for i in range(40)], f"known keys: {', '.join(f'k{i}' for i in range(30))}, …"),
        ("k1234x", [f"k{i}" for i in range(5000)], f"known keys: {', '.join(f'k{i}' for i in range(30))}, …"),
        ("K1234", [f"k{i}" for i in range(5000)], "did you mean 'k1234'?"),
    ],
)
def test_a_hint_names_what_was_meant_or_what_is_known(name: str, known: list[str], hint: str) -> None:
    """Among very many names only one that differs by case is looked for; few are listed."""
    assert did_you_mean(name, known) == hint


def test_a_guess_looks_at_the_beginning_of_a_long_name() -> None:
    """A name of a million characters costs no more than a short one."""
    assert closest("x" * 1_000_000, ["x" * 55]) == "x" * 55


NAME = st.text("abcdefg-1", max_size=8)


@given(st.text("abcdefgX-1", max_size=8), st.lists(NAME, max_size=12))
def test_a_guess_is_what_difflib_finds_closest(name: str, known: list[str]) -> None:
    """Comparing few names closely leaves none out that is more alike."""
    listed = list(reversed(known))
    found = [name.casefold()] if name.casefold() in known else get_close_matches(name.casefold(), listed, n=1)
    assert closest(name, known) == next(iter(found), None)


def test_rows_that_are_all_wrong_are_not_all_kept() -> None:
    """What is wrong with a row beyond the first hundred is counted and forgotten."""
    text = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n" + '- {externalId: "e", name: }\n' * 1000
    document = parse(text, "f.yaml")
    violations(document, "desired-state")  # what is loaded once
    tracemalloc.start()
    try:
        found = violations(document, "desired-state")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert counted(found) > 1900
    assert most < 1_000_000, most


def test_unknown_keys_beside_patterns_are_told() -> None:
    """A key that neither a property nor a pattern allows is unknown."""
    text = RULES + "lines: {rows: [{id: a, when: {tag.A: x, nosuch: y}, account: '1'}]}\n"
    found = violations(parse(text, "f.yaml"), "mapping")
    assert [(f.message, line_of(f)) for f in found] == [("unknown key 'nosuch'", 5)]
    assert json.dumps([f.as_json() for f in found])
