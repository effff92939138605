"""What is told of csv files: what cannot be read, what is doubtful, wrong sections, empty files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from findings import column_of, line_of
from pleoctl.errors import InvalidFile, Refused, SourceError
from pleoctl.sources import read_source
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from shapes import Json, ReadAccounts, Value
    from tests.conftest import MakeWorkspace


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"externalId": "nr"}, "source.accounts.fields.externalId: there is no column 'nr' (nr)"),
        ({"externalId": "nope(id)"}, "which there is not"),
        ({"externalID": "id"}, "source.accounts.fields: unknown field 'externalID'"),
    ],
)
def test_expressions_that_cannot_be_right_are_told(read: ReadAccounts, fields: dict[str, str], words: str) -> None:
    """A name that is no column would be null in every row."""
    with pytest.raises((SourceError, InvalidFile)) as caught:
        read("id,name\n1,A\n", fields=fields)
    assert words in str(caught.value.findings[0])


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_header_of_one_cell_says_its_delimiter(read: ReadAccounts, mark: str) -> None:
    """It is said, not guessed."""
    with pytest.raises(SourceError) as caught:
        read(f"externalId{mark}code{mark}name\n1{mark}2{mark}A\n")
    assert f"the header has {mark!r}: set source.accounts.delimiter" in str(caught.value.findings[0])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_named(read: ReadAccounts, encoding: str) -> None:
    """The key that has to be set, and its value."""
    with pytest.raises(SourceError) as caught:
        read("externalId,name\n1,Cash\n".encode(encoding))
    assert "set source.accounts.encoding to utf-16" in str(caught.value.findings[0])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"parts": {"a": {"rows": [{"code": "1"}]}}}, "source.values.parts.a lacks path"),
        ({"rows": [{"code": "1", "name": "One"}]}, "source.values.rows[0] lacks dimension"),
        ({"path": "v.csv", "fixed": {"dimensions": "CC"}}, "unknown field 'dimensions'"),
    ],
)
def test_parts_and_rows_that_lack_something_are_told(workspace: MakeWorkspace, values: Json, words: str) -> None:
    """By their key in the workspace."""
    rows = [{"code": "CC", "name": "Cost centre"}]
    folder: Path = workspace(None, source={"type": "csv", "dimensions": {"rows": rows}, "values": values})
    (folder / "v.csv").write_text("code,name\n1,One\n")
    with pytest.raises(InvalidFile) as caught:
        read_source(Workspace.find())
    assert words in str(caught.value.findings[0])


def test_a_part_without_rows_beside_others_is_told(workspace: MakeWorkspace) -> None:
    """A file of nothing but its header may be an export that failed, and what it had would be archived."""
    parts: Json = {name: {"path": f"{name}.csv"} for name in "abc"}
    parts["c"]["whereNot"] = {"name": ["heading"]}
    folder: Path = workspace(None, source={"type": "csv", "accounts": {"parts": parts}})
    for name, text in {"a": "1,A", "b": "", "c": "3,heading"}.items():
        (folder / f"{name}.csv").write_text(f"externalId,name\n{text}\n", encoding="utf-8")
    state, findings = read_source(Workspace.find())
    assert [row.key for row in state.accounts or []] == ["1"]
    assert [(one.code, one.level, one.message) for one in findings] == [
        ("empty-list", "warning", "source.accounts.parts.b gave no rows while other parts did"),
        ("empty-list", "warning", "source.accounts.parts.c gave no rows, and left out 1 row, while other parts did"),
    ]


def test_rows_that_where_nearly_keeps_are_told(read: ReadAccounts) -> None:
    """A blank or a capital drops a row, and would archive its account: the words found, and how often."""
    rows, findings = read(
        "externalId,name,kind\n1,A,posting\n2,B,posting \n3,C,Posting\n4,D,Posting\n5,E,heading\n",
        where={"kind": ["posting"]},
    )
    assert len(rows) == 1
    (told,) = findings
    assert "drops 3 rows" in told
    assert "'Posting' (2), 'posting ' (1)" in told


def test_words_of_another_language_are_told_together(read: ReadAccounts) -> None:
    """The rows are held, and one line names the words and the settings."""
    rows, findings = read("externalId,name,active\n1,A,Nej\n2,B,Spærret\n3,C,Nej\n4,D,true\n")
    assert sum("hold:" in row for row in rows) == 3
    (told,) = [one for one in findings if "are not known" in one]
    assert "'Nej' (2), 'Spærret' (1)" in told
    assert "source.accounts.activeValues and source.accounts.inactiveValues" in told


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        ("Café".encode(), "cp1252", "what UTF-8 looks like"),
        ("Café".encode(), "latin-1", "what UTF-8 looks like"),
        ("CafÃ©".encode(), "utf-8", "what UTF-8 looks like"),
        ("Caf\ufffd".encode(), "utf-8", "U+FFFD"),
        ("Köp – sälj".encode("cp1252"), "latin-1", "control characters"),
        ("Förnamn".encode("cp437"), "cp1252", "another code page"),
        ("Löhne und Büro".encode("mac_roman"), "cp1252", "another code page"),
        ("Søn".encode("mac_roman"), "cp1252", "another code page"),
        ("Förnamn".encode("cp1252"), "cp850", "another code page"),
        ("Räkna på".encode("cp1252"), "cp437", "another code page"),
        ("Bücher".encode("cp1252"), "mac_roman", "another code page"),
        ("på resa".encode(), "cp437", "what UTF-8 looks like"),
        ("på resa".encode(), "mac_roman", "what UTF-8 looks like"),
        (b"a\x07b", "utf-8", "control characters"),
        (b"R&amp;D", "utf-8", "what a character is in HTML"),
        (b'"=""0100"""', "utf-8", "what keeps a spreadsheet from taking a text for a number"),
        (b"B&#252;ro", "utf-8", "what a character is in HTML"),
        (b"'0100", "utf-8", "what keeps a spreadsheet from taking a text for a number"),
        (b"1.23457E+11", "utf-8", "what a spreadsheet makes of a long number"),
        (b'"1,2E+11"', "utf-8", "what a spreadsheet makes of a long number"),
        ("10\u200b00".encode(), "utf-8", "characters that nobody sees, first '10\\u200b00'"),
        ("\u202a1001\u202c".encode(), "utf-8", "characters that nobody sees"),
    ],
)
def test_texts_of_another_encoding_are_told(read: ReadAccounts, content: bytes, encoding: str, words: str) -> None:
    """What looks broken, with its line, before a plan renames every account."""
    _, findings = read(b"externalId,name\n1,Cash\n2," + content + b"\n", encoding=encoding)
    (told,) = findings
    assert words in told
    assert told.startswith("a.csv:3: 1 text has")


@pytest.mark.parametrize(
    "name",
    [
        "Überweisung",
        "Crème brûlée",
        "ÅÄÖ",
        "Łódź",
        "Ĳ",
        "100 €",
        "„Büro“",
        "Σύνολο α",
        "R&D; A&B &x; &#",
        "Δ 5 µm 20 °C m³/h 5×3 ±5",
        "São Ínigo Þór Ñandú",
        "Å 5",
        "日本",
        "x\ty",
        "KOŠICE Žilina",
        "ŠŽ",
        "'Kasse' 1E+2x",
        "1E3",
        "l'achat",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f469\u200d\U0001f4bb IT\u00a0kit",
    ],
)
def test_texts_that_are_right_are_not_doubted(read: ReadAccounts, name: str) -> None:
    """Letters of many languages, quotation marks and signs."""
    assert read(f"externalId,name\n1,{name}\n")[1] == []


BROKEN: dict[str, tuple[bytes, Json, str, str | None]] = {
    "wrong encoding": ("externalId,name\na,Ä\n".encode("latin-1"), {}, "a.csv:2: is not utf-8-sig", "encoding"),
    "wrong configured encoding": (
        "externalId,name\na,Ä\n".encode(),
        {"encoding": "ascii"},
        "a.csv:2: is not ascii",
        None,
    ),
    "NUL": (b"externalId,name\na,A\0\n", {}, "a.csv:2: contains a NUL character", None),
    "UTF-16 unannounced": ("externalId,name\na,A\n".encode("utf-16"), {}, "is not utf-8-sig", None),
    "open quote": (b'externalId,name\na,A\nb,"B\n', {}, "a.csv:3: is not readable as CSV", None),
    "huge cell": (b"externalId,name\na," + b"x" * 2_000_000 + b"\n", {}, "field larger than", None),
    "missing column": (b"externalId,title\na,A\n", {}, "a.csv:1: has no column 'name'", "title"),
    "mapped column missing": (
        b"externalId,name\na,A\n",
        {"columns": {"code": "Nummer"}},
        "no column 'Nummer' for code",
        None,
    ),
    "near miss": (b"externalid,name\na,A\n", {}, "has no column 'externalId'", "did you mean 'externalid'?"),
    "column twice": (b"externalId,name,name\na,A,B\n", {}, "column 'name' stands twice", None),
    "filter column missing": (
        b"externalId,name\na,A\n",
        {"where": {"kind": ["x"]}},
        "no column 'kind' for where",
        None,
    ),
    "other delimiter": (b"externalId;name\na;A\n", {}, "has no column 'externalId'", None),
}


SETTINGS: dict[str, tuple[dict[str, Value], str]] = {
    "unknown encoding": ({"encoding": "klingon"}, "encoding: 'klingon' is unknown"),
    "encoding that is none": ({"encoding": "rot13"}, "encoding: 'rot13' is unknown"),
    "encoding no name can be": ({"encoding": "a\0b"}, "unknown"),
    "unknown field": ({"columns": {"title": "name"}}, "unknown field 'title'"),
    "delimiter that cannot be": ({"delimiter": '"'}, "delimiter"),
    "newline as delimiter": ({"delimiter": "\n"}, "delimiter"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_read_no_file_are_the_workspaces_fault(name: str, read: ReadAccounts) -> None:
    """Exit 78 at their place, whatever the file holds."""
    config, message = SETTINGS[name]
    with pytest.raises(InvalidFile) as caught:
        read(b"externalId,name\na,A\n", **config)
    finding = caught.value.findings[0]
    assert (finding.file, message in str(finding)) == ("pleoctl.yaml", True)


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_whole_is_an_error(name: str, read: ReadAccounts) -> None:
    """Never half a chart: exit 1 with file, line where there is one, and what to do."""
    content, config, message, hint = BROKEN[name]
    with pytest.raises(SourceError) as caught:
        read(content, **config)
    assert message in str(caught.value.findings[0])
    assert hint is None or hint in (caught.value.findings[0].hint or "")


def test_a_missing_file_and_a_missing_source_are_errors(workspace: MakeWorkspace) -> None:
    """Exit 1, naming the file or the section."""
    workspace(None, source={"type": "csv", "accounts": {"path": "as/none.csv"}})
    with pytest.raises(SourceError, match="does not exist"):
        read_source(Workspace.find())
    (Path.cwd() / "v.csv").write_text("dimension,code,name\nD,1,One\n")
    for section, message in (
        (None, "names no source"),
        ({"type": "csv", "values": {"path": "v.csv"}}, "values but no dimensions"),
    ):
        workspace(None, source=section)
        with pytest.raises(SourceError, match=message):
            read_source(Workspace.find())


@pytest.mark.parametrize(
    ("section", "words", "value"),
    [
        ({"type": "cvs"}, "source.type: there is no source type 'cvs' (did you mean 'csv'?)", "cvs"),
        ({"type": "http", "preset": "fortnoxx"}, "there is no preset 'fortnoxx' (did you mean 'fortnox'?)", "fortnoxx"),
        ({"type": "csv", "accounts": {"path": "a.csv", "delimiter": "ab"}}, "more than 1 (shorten it)", "ab"),
    ],
)
def test_a_wrong_section_is_told_at_its_place(workspace: MakeWorkspace, section: Value, words: str, value: str) -> None:
    """An invalid file (exit 78), with line and column of what is wrong, before anything is read."""
    workspace(None, source=section)
    with pytest.raises(InvalidFile) as caught:
        read_source(Workspace.find())
    finding = caught.value.findings[0]
    assert words in str(finding)
    assert finding.file == "pleoctl.yaml"
    line = Path("pleoctl.yaml").read_text().splitlines()[(line_of(finding) or 0) - 1]
    assert line[(column_of(finding) or 0) - 1 :].startswith((value, f'"{value}"'))


EMPTY = {
    "nothing": "",
    "blanks": "\n \n",
    "byte order mark": "\ufeff",
    "only a header": "externalId,name,kind\n",
    "only filtered rows": "externalId,name,kind\na,A,sum\n",
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_file_is_refused(name: str, read: ReadAccounts) -> None:
    """An export that failed on the other side must not archive everything: exit 3."""
    with pytest.raises(Refused, match="no accounts"):
        read(EMPTY[name], where={"kind": ["posting"]} if "kind" in EMPTY[name] else {})


def test_a_file_of_inactive_rows_is_not_empty(read: ReadAccounts) -> None:
    """All closed is something that the books say."""
    assert read("externalId,name,active\na,A,no\n")[0] == ['- {externalId: "a", name: "A", active: false}']


CUT: dict[str, tuple[str, str | None]] = {
    "cut in the key": ("id;nr;name\n1;1000;Cash\n2;20", "a.csv:3: ends within a row: 2 cells where the header has 3"),
    "cut in a row behind a blank line": ("id;nr;name\n1;1000;Cash\n\n2", "a.csv:4: ends within a row: 1 cell"),
    "short, and the line ends": ("id;nr;name\n1;1000;Cash\n2;20\n", None),
    "whole, and no end of the line": ("id;nr;name\n1;1000;Cash\n2;2000;Bank", None),
    "blanks behind the last line": ("id;nr;name\n1;1000;Cash\n  ", None),
}


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_ends_within_a_row_was_cut_off(name: str, read: ReadAccounts) -> None:
    """Its last key may be half of one, and what came behind it would be archived."""
    text, words = CUT[name]
    config = {"delimiter": ";", "columns": {"externalId": "nr"}}
    if words is None:
        assert len(read(text, **config)[0]) == len(text.split()) - 1
        return
    with pytest.raises(SourceError) as caught:
        read(text, **config)
    assert words in str(caught.value.findings[0])
    assert "export it again" in str(caught.value.findings[0].hint)


def test_a_delimiter_in_a_text_before_the_key_leaves_no_key(read: ReadAccounts) -> None:
    """Another cell stands in its place; behind the key it is another column that has moved."""
    columns = {"externalId": "nr"}
    rows, told = read("name,nr\nPaper, pens,1000\n", columns=columns)
    assert "externalId:" not in rows[0]
    assert "externalId may be another cell: the row has 3 cells where the header has 2" in told[0]
    rows, told = read("nr,name\n1000,Paper, pens\n", fields={"externalId": "join('-', ['a', nr])"})
    assert "externalId:" not in rows[0]
    rows, told = read("nr,name\n1000,Paper, pens\n", columns=columns)
    assert 'externalId: "1000"' in rows[0]
    assert "'1000': has 3 cells where the header has 2" in told[0]


ELSEWHERE: dict[str, tuple[bytes, Json, str]] = {
    "below": (b"Chart\n\nid,name\n1,A\n", {}, "line 3 has it: set source.accounts.headerRow"),
    "above": (b"id,name\n1,A\n2,B\n", {"headerRow": 2}, "line 1 has it: set source.accounts.headerRow"),
    "in UTF-8": ("Sp\u00e6r,name\n1,A\n".encode(), {"encoding": "cp1252"}, "set source.accounts.encoding to utf-8-sig"),
    "in Mac Roman": ("Sp\u00e6r,name\n1,A\n".encode("mac_roman"), {"encoding": "cp1252"}, "encoding to mac_roman"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_column_that_stands_elsewhere_is_found(name: str, read: ReadAccounts) -> None:
    """The setting that would find it, with its line."""
    content, config, words = ELSEWHERE[name]
    with pytest.raises(SourceError) as caught:
        read(content, columns={"externalId": "Sp\u00e6r" if "in" in name else "id"}, **config)
    assert words in str(caught.value.findings[0].hint)


HINTED: dict[str, tuple[bytes, str, str]] = {
    "a workbook": (b"PK\x03\x04\x81\x00", "cp1252", "set source.type to xlsx"),
    "what cp1252 has not": (b"externalId,name\n1,\x81\n", "cp1252", "e.g. cp850"),
    "what ASCII has not": ("externalId,name\n1,\u00e5\n".encode(), "ascii", "encoding to utf-8-sig"),
    "a NUL": (b"externalId,name\n1,a\0b\n", "cp1252", "export it again"),
}


@pytest.mark.parametrize("name", HINTED)
def test_the_cure_is_not_what_is_set_already(name: str, read: ReadAccounts) -> None:
    """What the bytes say that they are, else another encoding than the one that failed."""
    content, encoding, words = HINTED[name]
    with pytest.raises(SourceError) as caught:
        read(content, encoding=encoding)
    assert words in str(caught.value.findings[0].hint)


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#NAVN?", "#BEZUG!", "#####", "#NV "])
def test_errors_of_a_spreadsheet_are_no_codes(error: str, read: ReadAccounts) -> None:
    """As a key they leave the row without one; as a name they hold it."""
    rows, told = read(f"externalId,name\n1,A\n{error},B\n3,{error}\n#3,C#\n4,#sale!\n")
    assert sum("hold: " in row for row in rows) == 2
    assert sum("externalId: " in row for row in rows) == 4
    assert told[-2].startswith(f"a.csv:3: externalId shows the error {error.strip()!r}; mend it")
    assert told[-1].startswith("a.csv:4: '3': name shows the error")


def test_cells_that_are_filled_up_with_blanks_are_told_once(read: ReadAccounts) -> None:
    """They are taken as they are; an expression takes the blanks away."""
    content = "externalId,name,code\n 1,Cash   ,10\n2,Bank\u00a0,\n3,In between,  \n"
    rows, told = read(content)
    assert rows[0] == '- {externalId: " 1", code: "10", name: "Cash   "}'
    (one,) = told
    assert one.startswith("a.csv:2: 4 texts have blanks at an end, first ' 1' (")
    fields = {"externalId": "trim(externalId)", "name": "trim(name)", "code": "trim(code)"}
    rows, told = read(content, fields=fields)
    assert (rows[0], told) == ('- {externalId: "1", code: "10", name: "Cash"}', [])


@pytest.mark.parametrize("choice", [{"where": {"kind": ["posting"]}}, {"where": "kind == 'posting'"}])
def test_an_error_where_rows_are_chosen_holds_the_row(choice: Json, read: ReadAccounts) -> None:
    """Whether it is meant is unknown, so that its record in Pleo stays; other cells of `#` decide as ever."""
    rows, told = read("externalId,name,kind\n1,A,posting\n2,B,#N/A\n3,C,#3\n", **choice)
    assert len(rows) == 2
    assert told == ["a.csv:3: '2': kind shows the error '#N/A'; mend it in the spreadsheet, and export it again"]


def test_a_condition_that_leaves_nothing_says_so(read: ReadAccounts) -> None:
    """Where nothing is wrong with the file, the section is looked at; what comes near is told as well."""
    content = "externalId,name,kind\n1,A,posting\n2,B,sum\n"
    for condition in ({"kind": ["Posting"]}, "kind == 'Posting'"):
        with pytest.raises(Refused) as caught:
            read(content, where=condition)
        assert "source.accounts leaves out all 2 rows; nothing was written" in str(caught.value.findings[0])
        assert "near-miss" in {finding.code for finding in caught.value.findings}
