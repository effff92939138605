"""`lines.file`: line rows that are kept in a spreadsheet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile

from .checked_rules import report
from .conftest import HEAD, Cli, engine, item, line, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.errors import Finding
    from shapes import Json, Value

RULES = HEAD + "lines:\n  file: rules.csv\n  rows:\n  - {id: own, when: {supplier: Own}, account: '99'}\n"


def account(folder: Path, table: str, given: Json) -> str:
    """The account of an item's line under a table."""
    entry = mapped(engine(folder, RULES, None, **{"rules.csv": table}), given)
    assert entry.failure_reason is None, entry.failure_reason
    return entry.entries[0].postings[0].account


def refused(folder: Path, table: str) -> list[Finding]:
    """What is wrong with a table."""
    with pytest.raises(InvalidFile) as caught:
        engine(folder, RULES, None, **{"rules.csv": table})
    return caught.value.findings


def purchase(name: str | None = None, value: int = 10000, **supplier: Value) -> Json:
    """A card purchase."""
    return item("card_purchase", line(value), supplier={"name": name, **supplier})


@pytest.mark.parametrize(
    ("column", "cell", "given", "holds"),
    [
        ("supplier", "Figma", purchase("FIGMA"), True),
        ("supplier", "Figma|Miro ", purchase("miro"), True),
        ("supplier", "Fig*", purchase("figma monthly"), True),
        ("supplier", "Fig*|Miro|No*", purchase("notion"), True),
        ("supplier", "Fig*|Miro|No*", purchase("miro x"), False),
        ("supplier", "Fig *", purchase("figma"), False),
        ("supplier", "Fig *|Miro", purchase("figma"), False),
        ("supplier", "Fig *|Miro", purchase("fig ma"), True),
        ("supplier", r"Tom\|Jerry", purchase("tom|jerry"), True),
        ("supplier", r"Five\*", purchase("five*"), True),
        ("supplier", r"\*AB", purchase("*ab"), True),
        ("supplier", "a*b", purchase("a*b"), True),
        ("supplier", "*", purchase("x"), True),
        ("supplier", "*", purchase(None), False),
        ("supplier", "", purchase(None), True),
        ("type", "fee|card_purchase", purchase(), True),
        ("method", "accounts_payable", purchase(), False),
        ("lineAccount", "6540", purchase(), True),
        ("amount", "10000", purchase(), True),
        ("amount", "..9999", purchase(), False),
        ("amount", "500|9000..", purchase(), True),
        ("perAttendee", "..100", purchase(), False),
        ("weekday", "mon|wed", purchase(), True),
        ("tag.DEPT", "20", item("fee", line(tags=[{"groupCode": "dept", "code": "20"}])), True),
        ("from", "2026-03-05", purchase(), False),
        ("until", "2026-03-04", purchase(), True),
    ],
)
def test_a_cell_is_a_condition(tmp_path: Path, column: str, cell: str, given: Json, holds: bool) -> None:
    """Values, lists, beginnings, ranges of numbers; an empty cell asks for nothing."""
    assert (account(tmp_path, f"id,account,{column}\nr,77,{cell}\n", given) == "77") is holds


def test_rows_of_the_file_stand_below_those_of_the_table(tmp_path: Path) -> None:
    """And in the order of the file."""
    table = "id,supplier,account,reason\na,Own,1,below\nb,Fig*,2,\nc,Figma,3,shadowed\n"
    assert account(tmp_path, table, purchase("own")) == "99"
    assert account(tmp_path, table, purchase("figma")) == "2"
    found = report(tmp_path, RULES).findings
    assert [(f.code, str(f.place), f.rule) for f in found] == [
        ("MAP011", "rules.csv:2", "a"),
        ("MAP011", "rules.csv:4", "c"),
    ]


def test_a_table_overrides_included_rows(tmp_path: Path) -> None:
    """As the rows of the file that names it do."""
    shared = "apiVersion: pleoctl/v1\nkind: ExportMapping\nlines: {rows: [{id: s, when: {mcc: '1'}, account: '5'}]}\n"
    (tmp_path / "shared.yaml").write_text(shared)
    (tmp_path / "rules.csv").write_text("id,account,mcc\nt,7,1\n")
    findings = report(tmp_path, RULES.replace("[standard]", "[standard, shared.yaml]")).findings
    assert [(f.code, f.level, f.rule) for f in findings] == [("MAP013", "info", "s")]


def test_keep_and_literal_codes(tmp_path: Path) -> None:
    """As in rows of a rule file."""
    table = "id,account,supplier\na,keep,Fig*\nb,account:wallet,Miro\n"
    assert account(tmp_path, table, purchase("figma")) == "6540"
    assert account(tmp_path, table, purchase("miro")) == "wallet"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_spreadsheets_save(tmp_path: Path, ending: str, delimiter: str) -> None:
    """Semicolons, a byte order mark, quotes, empty rows, any line ends."""
    rows = [["id", "supplier", "account"], ["", "", ""], ["a", '"Smith, Jones; Co"', "7"]]
    table = "\ufeff" + ending.join(delimiter.join(row) for row in rows) + ending
    assert account(tmp_path, table, purchase("Smith, Jones; Co")) == "7"


def test_a_delimiter_at_the_end_of_the_header_names_nothing(tmp_path: Path) -> None:
    """Spreadsheets leave them behind; rows may end with as many, and a cell that says something is none."""
    table = "id,account,supplier,,\na,7,Fig*,,\nb,8,Miro\n"
    assert account(tmp_path, table, purchase("figma")) == "7"
    assert account(tmp_path, table, purchase("miro")) == "8"
    (finding,) = refused(tmp_path, "id,account,supplier,\na,7,Fig*,x\n")
    assert "4 cells where the header has 3" in finding.message


@pytest.mark.parametrize(
    ("table", "where", "said"),
    [
        ("id,account,suplier\n", (1, None), "did you mean 'supplier'"),
        ("id,supplier\n", (1, None), "lacks the column account"),
        ("id,account,id\n", (1, None), "names a column twice"),
        ("id,account,tag.A,tag.a\n", (1, None), "names a column twice"),
        ("id,account\na,1\n\n,2\n", (4, 1), "the row has no id"),
        ("id,account,note\nabc,,x\n", (2, 5), "the row has no account"),
        ("id,account\na,1,2\n", (2, 1), "3 cells where the header has 2"),
        ("id,account,amount\na,1,12.50\n", (2, 5), "'12.50' is no number"),
        ("id,account,type\na,1,fees\n", (2, 5), "did you mean 'fee'"),
        ("id,account,note\na,1,*taxi*\n", (2, 5), "begins with a *"),
        ("id,account,supplier\na,1,Fig*|*AB\n", (2, 5), "{endsWith: …}"),
        ("id,account,weekday\na,1,mon|tusday\n", (2, 5), "unknown weekday"),
        ('id,account,note,mcc\na,1,"x,\ny",1\nb,1,"x, y",3\nc,wallet,,\n', (5, 3), "is a role"),
        ("id,account,from\na,1,2026-02-30\n", (2, 5), "is no day"),
        ("id,account,from,until\na,1,2026-02-02,2026-02-01\n", (2, 16), "before from"),
        ("id,account,amount\na,1,9..1\n", (2, 5), "ends below its start"),
        ('id,account\n"a,1\n', (2, None), "is not valid CSV"),
        ("id,account\na,1\na,2\n", (3, 1), "stands twice"),
    ],
)
def test_faults_have_their_cell(tmp_path: Path, table: str, where: tuple[int, int | None], said: str) -> None:
    """File, line and column, and what to write."""
    (finding,) = refused(tmp_path, table)
    assert said in f"{finding} {finding.hint}"
    assert finding.place is not None
    assert (finding.place.file, finding.place.line, finding.place.column or None) == ("rules.csv", *where)


def test_a_table_that_does_not_exist_is_told_where_it_is_named(tmp_path: Path) -> None:
    """As an include is."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, RULES)
    assert [str(f.place) for f in caught.value.findings] == ["mapping.yaml:13"]


def test_commands_know_the_table(workspace: Path, cli: Cli) -> None:
    """Check lists the file and its digest follows it; explain names file and line; coverage counts; impact compares."""
    (workspace / "mapping.yaml").write_text(RULES)
    (workspace / "rules.csv").write_text("id,account,supplier\na,1,Fig*\nb,2,Miro\n")
    (workspace / "items.json").write_text(json.dumps([purchase("figma")]))
    assert cli("mapping", "check", "--format", "json") == 0
    first = cli.json["result"]
    assert first["files"] == ["mapping.yaml", "rules.csv"]
    assert cli("mapping", "explain", "items.json", "--format", "json") == 0
    step = next(s for s in cli.json["result"]["trace"] if s["step"] == "line 1")
    assert step["winner"] == {"rule": "a", "file": "rules.csv", "line": 2}
    assert cli("mapping", "coverage", "--items", "items.json", "--format", "json") == 0
    assert cli.json["result"]["neverHit"] == ["own", "b"]
    old = workspace / "old"
    old.mkdir()
    for name in ("mapping.yaml", "rules.csv", "pleoctl.yaml"):
        (old / name).write_bytes((workspace / name).read_bytes())
    (workspace / "rules.csv").write_text("id,account,supplier\na,3,Fig*\nb,2,Miro\n")
    assert cli("mapping", "check", "--format", "json") == 0
    assert cli.json["result"]["rulesDigest"] != first["rulesDigest"]
    assert cli("mapping", "impact", "--base", "old", "--items", "items.json", "--format", "json") == 0
    assert [(m["from"], m["to"]) for m in cli.json["result"]["moves"]] == [("1", "3")]


def test_an_output_does_not_overwrite_the_table(workspace: Path, cli: Cli) -> None:
    """It is an input like the rule file."""
    (workspace / "mapping.yaml").write_text(RULES)
    (workspace / "rules.csv").write_text("id,account,supplier\na,1,Fig*\n")
    assert cli("mapping", "check", "--junit", "rules.csv") != 0
    assert (workspace / "rules.csv").read_text().startswith("id,account")


@pytest.mark.parametrize("place", ["accounts", "type", "vendor"])
@pytest.mark.parametrize("word", ["keep", "line"])
def test_words_that_stand_for_accounts_are_codes_nowhere(tmp_path: Path, place: str, word: str) -> None:
    """`keep` and roles are refused where codes are due, and told how a code that is spelt so is written."""
    if place == "type" and word == "line":
        return
    text = {
        "accounts": HEAD.replace('contra: "1930"', f"contra: {word}"),
        "type": HEAD + f"expenseTypes:\n- {{id: a, when: {{type: fee}}, debit: {word}, credit: wallet}}\n",
        "vendor": HEAD.replace('account: "2901"', f"account: {word}"),
    }[place]
    assert text != HEAD
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, text)
    assert f"account:{word}" in str(caught.value.findings[0].hint)
    engine(tmp_path, text.replace(f": {word}", f': "account:{word}"'))  # which is taken
