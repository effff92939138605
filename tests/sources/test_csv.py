"""The csv source and the rows that come of it: verbatim, held, without a key, or refused as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import line_of
from pleoctl.desired.comments import render
from pleoctl.errors import SourceError
from pleoctl.sources import read_source
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import ReadAccounts
    from tests.conftest import MakeWorkspace


def test_columns_encoding_delimiter_and_values_are_configured(read: ReadAccounts) -> None:
    """The accounting system's file as it is: its headers, its code page, its words for open and closed."""
    content = (
        'Konto;"Nr.";Namn;Moms;Status;Typ\nk1;0100;"Överföring; ""x""";V25;Öppet;P\n'
        "k2;;Stängt;;STÄNGT;P\nk3;1;Summa;;Öppet;T\n"
    )
    rows, findings = read(
        content.encode("cp1252"),
        encoding="cp1252",
        delimiter=";",
        where={"Typ": ["P", "Q"]},
        columns={"externalId": "Konto", "code": "Nr.", "name": "Namn", "taxCodeExternalId": "Moms", "active": "Status"},
        activeValues=["öppet"],
        inactiveValues=["stängt"],
    )
    assert rows == [
        '- {externalId: "k1", code: "0100", name: "Överföring; \\"x\\"", taxCodeExternalId: "V25"}',
        '- {externalId: "k2", name: "Stängt", active: false, taxCodeExternalId: null}',
    ]
    assert [told.partition(": ")[2] for told in findings] == [
        "source.accounts.where.Typ lists 'Q', which no row has (check how it is written)"
    ]


DATEV = b'"EXTF";700;20;"Kontenbeschriftungen"\r\nKonto;Name\r\n0420;"B\xfcro"\r\n;\r\n 4930;"B\xfcrobedarf"\r\n'


def test_a_header_may_stand_below_other_lines(read: ReadAccounts) -> None:
    """What stands above it is not read, blank rows are none, and places count from the top of the file."""
    setting = {"delimiter": ";", "encoding": "cp1252", "columns": {"externalId": "Konto", "name": "Name"}}
    rows, findings = read(DATEV + b"5;\r\n", headerRow=2, **setting)
    assert rows[:2] == ['- {externalId: " 4930", name: "Bürobedarf"}', '- {externalId: "0420", name: "Büro"}']
    assert findings[-1] == "a.csv:6: '5': name is blank"
    with pytest.raises(SourceError, match="has no column 'Konto'"):
        read(DATEV, **setting)


def test_rows_can_be_left_out_by_a_word(read: ReadAccounts) -> None:
    """The opposite of where, and both together."""
    content = "externalId,name,kind,state\n1,A,sum,x\n2,B,posting,x\n3,C,posting,gone\n4,D,other,x\n"
    rows, findings = read(content, whereNot={"kind": ["sum", "heading"], "state": ["gone"]})
    assert [row[15:18] for row in rows] == ['"2"', '"4"']
    rows, _ = read(content, where={"kind": ["posting"]}, whereNot={"state": ["gone"]})
    assert ([row[15:18] for row in rows], findings) == (['"2"'], [])
    with pytest.raises(SourceError, match="has no column 'stat' for whereNot"):
        read(content, whereNot={"stat": ["gone"]})


def test_fields_may_be_computed(read: ReadAccounts) -> None:
    """By the expressions of the http source, over the cells of the row; one that fails holds its row."""
    rows, findings = read(
        "acc,number,name,locked\nA,7,Cash,no\nB,123,Bank,yes\nC,,Giro,no\n",
        columns={"name": "name"},
        fields={"externalId": "join('-', [acc, number])", "code": "pad(number, `4`)", "active": "locked == 'no'"},
    )
    assert rows == [
        '- {externalId: "A-7", code: "0007", name: "Cash"}',
        '- {externalId: "B-123", code: "0123", name: "Bank", active: false}',
        '- {externalId: "C-", code: "0000", name: "Giro"}',
    ]
    assert findings == []
    rows, _ = read("id,name,tax\n1,A,x\n", fields={"externalId": "id", "code": "date(tax)"})
    assert 'hold: "code: In function date()' in rows[0]


def test_values_may_come_from_a_file_per_dimension(workspace: MakeWorkspace) -> None:
    """Parts share what stands beside them, a fixed field is no column, and each row has its own file."""
    parts = {
        "centres": {"path": "cc.csv", "fixed": {"dimension": "CC"}},
        "projects": {"path": "p.csv", "fixed": {"dimension": "P"}, "columns": {"code": "no", "name": "title"}},
    }
    source = {
        "type": "csv",
        "dimensions": {"rows": [{"code": "CC", "name": "Cost centre"}, {"code": "P", "name": "Project"}]},
        "values": {"delimiter": ";", "parts": parts},
    }
    folder: Path = workspace(None, source=source)
    (folder / "cc.csv").write_text("code;name\n1;One\n")
    (folder / "p.csv").write_text("no;title\n1;First\n2;\n")
    state, findings = read_source(Workspace.find())
    found = {d.row.key: [(v.key, v.fields["name"]) for v in d.values or []] for d in state.dimensions or []}
    assert found == {"CC": [("1", "One")], "P": [("1", "First"), ("2", "")]}
    assert [str(one) for one in findings] == ["p.csv:3: '2': name is blank"]


def test_cells_are_taken_verbatim(read: ReadAccounts) -> None:
    """Blanks, line breaks, quotes, leading zeros, formulas: to the character."""
    content = 'externalId,code,name\r\n" a ","  007","=1+1\nline ""two"", \tx "\r\n-,1e3,NO\r\n'
    rows, _ = read(content)
    assert rows == [
        '- {externalId: " a ", code: "  007", name: "=1+1\\nline \\"two\\", \\tx "}',
        '- {externalId: "-", code: "1e3", name: "NO"}',
    ]


ALIKE = {
    "byte order mark": "\ufeffexternalId,name\na,A\nb,B\n",
    "CRLF": "externalId,name\r\na,A\r\nb,B\r\n",
    "CR": "externalId,name\ra,A\rb,B\r",
    "no newline at the end": "externalId,name\na,A\nb,B",
    "blank lines": "externalId,name\n\na,A\n\n\nb,B\n\n",
    "everything quoted": '"externalId","name"\n"a","A"\n"b","B"\n',
    "other columns": "x,externalId,,name,\n1,a,2,A,3\n1,b,2,B,3\n",
    "other order": "name,externalId\nB,b\nA,a\n",
}


@pytest.mark.parametrize("name", ALIKE)
def test_files_that_say_the_same_give_the_same_rows(name: str, read: ReadAccounts) -> None:
    """Line ends, quoting, further columns and order make no difference."""
    assert read(ALIKE[name]) == (['- {externalId: "a", name: "A"}', '- {externalId: "b", name: "B"}'], [])


def test_utf_16_is_read_where_it_is_configured(read: ReadAccounts) -> None:
    """Any text encoding of Python serves."""
    rows, _ = read("externalId,name\na,Ä\n".encode("utf-16"), encoding="utf-16")
    assert rows == ['- {externalId: "a", name: "Ä"}']


@pytest.mark.parametrize(
    ("cell", "active"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("Yes", True),
        ("y", True),
        ("Active", True),
        ("false", False),
        ("0", False),
        ("no", False),
        ("N", False),
        ("inactive", False),
        ("Blocked", False),
    ],
)
def test_the_words_for_active_ignore_case(cell: str, active: bool, read: ReadAccounts) -> None:
    """The default words."""
    rows, findings = read(f"externalId,name,active\na,A,{cell}\n")
    assert rows == [f'- {{externalId: "a", name: "A"{"" if active else ", active: false"}}}']
    assert findings == []


def test_an_unmapped_tax_code_is_not_managed_and_an_empty_one_is_null(read: ReadAccounts) -> None:
    """Only a column that is there manages the field; code is always managed."""
    assert read("externalId,code,name\na,,A\n")[0] == ['- {externalId: "a", name: "A"}']
    assert read("externalId,code,name,taxCodeExternalId\na,,A,\n")[0] == [
        '- {externalId: "a", name: "A", taxCodeExternalId: null}'
    ]


HELD = {
    "blank name": ("a,1,,true", "name is blank"),
    "name of blanks": ("a,1,\u3000 ,true", "name is blank"),
    "long name": (f"a,1,{'x' * 256},true", "name has more than 255 characters"),
    "long code": (f"a,{'1' * 256},A,true", "code has more than 255 characters"),
    "long id": (f"{'a' * 256},1,A,true", "externalId has more than 255 characters"),
    "unknown word for active": ("a,1,A,perhaps", "active is 'perhaps', neither an active nor an inactive value"),
    "empty active": ("a,1,A,", "active is '', neither"),
    "too few cells": ("a,1,A", "has 3 cells where the header has 4"),
    "too many cells": ("a,1,A,true,x", "has 5 cells where the header has 4"),
}


@pytest.mark.parametrize("name", HELD)
def test_a_row_that_cannot_be_used_is_held(name: str, read: ReadAccounts) -> None:
    """It stands in the file with the reason, the rest of the books goes on, and the finding names file and line."""
    line, reason = HELD[name]
    rows, findings = read(f"externalId,code,name,active\nb,2,B,true\n{line}\n")
    (held,) = [row for row in rows if "hold:" in row]
    assert f'hold: "{reason}' in held
    assert '- {externalId: "b", code: "2", name: "B"}' in rows
    (finding,) = findings
    assert finding.startswith("a.csv:3: ")
    assert reason in finding


def test_a_name_of_255_characters_is_fine(read: ReadAccounts) -> None:
    """Characters count, not bytes."""
    rows, findings = read(f"externalId,name\na,{'😀' * 255}\n")
    assert (len(rows), findings) == (1, [])


@pytest.mark.parametrize("key", ["", "  ", "\u00a0"])
def test_a_row_without_a_key_is_reported_and_kept_without_one(key: str, read: ReadAccounts) -> None:
    """It holds back the archives of its kind, so it must not vanish."""
    rows, findings = read(f"externalId,name\n{key},Lost\na,A\n")
    assert rows == ['- {name: "Lost", hold: "has no externalId"}', '- {externalId: "a", name: "A"}']
    assert findings == ["a.csv:2: has no externalId"]


def test_a_key_twice_holds_one_row_and_reports_both(read: ReadAccounts) -> None:
    """Neither row wins, byte for byte: another case is another account."""
    rows, findings = read("externalId,code,name\na,1,One\nA,9,Other\na,2,Two\n")
    assert rows == [
        '- {externalId: "A", code: "9", name: "Other"}',
        '- {externalId: "a", code: "1", name: "One", hold: "externalId stands 2 times in the accounting system"}',
    ]
    assert [f.split(": ")[0] for f in findings] == ["a.csv:2", "a.csv:4"]


def test_bad_rows_may_be_an_error(workspace: MakeWorkspace) -> None:
    """badRows: fail tells every bad row at once."""
    folder = workspace(None, source={"type": "csv", "badRows": "fail", "accounts": {"path": "a.csv"}})
    (folder / "a.csv").write_text("externalId,name\na,\nb,B\n,C\n")
    with pytest.raises(SourceError) as caught:
        read_source(Workspace.find())
    assert [(f.level, line_of(f)) for f in caught.value.findings] == [("error", 2), ("error", 4)]


@given(
    st.permutations(
        ["a,1,X,yes", "a,2,X,yes", "a,2,X,no", ",1,Y,yes", ",2,Y,yes", ",2,Y,maybe", "b,1,,yes", "b,,,yes", "c,1,C,yes"]
    )
)
def test_the_order_of_rows_makes_no_difference(tmp_path_factory: pytest.TempPathFactory, rows: list[str]) -> None:
    """The same books give the same bytes, also where keys are missing or stand twice."""
    folder = tmp_path_factory.mktemp("order")
    (folder / "pleoctl.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: Workspace\ncompany: 12abc3d4-e567-4890-8234-abc56e78fabc\n"
        "pleo: {url: https://pleo.io, auth: {apiKey: env:A}}\nsource: {type: csv, accounts: {path: a.csv}}\n"
    )
    texts = set()
    for lines in (rows, sorted(rows)):
        (folder / "a.csv").write_text("\n".join(["externalId,code,name,active", *lines]))
        texts.add(render(read_source(Workspace.find(str(folder)))[0]))
    assert len(texts) == 1
