from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import openpyxl
import pytest

from pleoctl.errors import PleoctlError, SourceError

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json, Value

SHEET = "xl/worksheets/sheet2.xml"
UNREADABLE = "is not a readable workbook"
DISORDERED = "has rows or cells in another order"


def workbook(books: Books, rows: list[list[Value]], formats: dict[str, str] | None = None) -> Json:
    """A workbook with an empty first sheet and the rows on the second."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Chart")
    for row in rows:
        sheet.append(row)
    for cell, shape in (formats or {}).items():
        sheet[cell].number_format = shape
    book.save(books.folder / "chart.xlsx")
    return {"type": "xlsx", "accounts": {"path": "chart.xlsx", "sheet": "Chart"}}


def test_a_sheet_is_read_as_people_see_it(books: Books) -> None:
    """Numbers without a decimal point, leading zeros of the format, dates as days, empty rows left out."""
    source = workbook(
        books,
        [
            ["externalId", "code", "name", "state", None],
            ["a", 100, "Cash", True, None],
            [None, None, None, None, None],
            [2, 2000.0, datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None), "closed", None],
            ["c", None, date(2026, 5, 2), "open"],
        ],
        {"B2": "0000"},
    )
    source["accounts"] |= {
        "columns": {"active": "state"},
        "activeValues": ["open", "true"],
        "inactiveValues": ["closed"],
    }
    state = books.read(source)
    assert [(row.key, row.fields, row.active, row.line) for row in state.accounts or []] == [
        ("a", {"code": "0100", "name": "Cash"}, True, 2),
        ("2", {"code": "2000", "name": "2026-05-01"}, False, 4),
        ("c", {"code": None, "name": "2026-05-02"}, True, 5),
    ]


SHOWN = {
    "0.00": (1000.1, "1000.10"),
    "0.0": (1000.1, "1000.1"),
    "0": (999.5, "1000"),
    "00-000": (12345, "12-345"),
    '"K"0000': (30, "K0030"),
    "\\K0000": (30, "K0030"),
    '0000" a;b"': (30, "0030 a;b"),
    "000000": (-42, "-000042"),
    "0;(0)": (-42, "(42)"),
    "[Red]0000": (42, "0042"),
    "#.##": (1.5, "1.5"),
    "00/00": (1234, "12/34"),
    "General": (1000.1, "1000.1"),
    "@": (1000, "1000"),
    "0000": (123456, "123456"),
    "_-* 0000_-": (30, "0030"),
    "0_);(0)": (30, "30"),
    "0%": (0.25, "25%"),
    "0.0 %": (0.125, "12.5 %"),
    '0;;"none"': (5, "5"),
    '0;"a;b"0': (-5, "a;b5"),
}


@pytest.mark.parametrize("shape", SHOWN)
def test_a_number_is_the_code_that_people_see(books: Books, shape: str) -> None:
    """Zeros, dashes, letters and decimals of the format are part of the code."""
    value, seen = SHOWN[shape]
    source = workbook(books, [["externalId", "code", "name"], ["a", value, "Cash"]], {"B2": shape})
    (row,) = books.read(source).accounts or []
    assert (row.fields["code"], row.hold) == (seen, None)


ODD: dict[str, tuple[Value, str, str]] = {
    "thousands": (1000, "#,##0", "whose look this cannot tell"),
    "sixteen digits": (1234567890123456, "0", "more digits than a sheet keeps"),
    "scientific": (1000, "0.00E+00", "whose look this cannot tell"),
    "fraction": (1.5, "# ?/?", "whose look this cannot tell"),
    "date": (date(2026, 1, 2), "yyyy-mm-dd", "is a date or a time"),
    "time": (time(1, 30), "hh:mm", "is a date or a time"),
    "formula": ('=TEXT(1000,"0000")', "General", "is a formula without a stored value"),
    "hidden by its format": (1000, ";;;", "does not show"),
    "zero without a place for it": (0, "#", "does not show"),
    "negative without a section": (-5, '0;;"none"', "does not show"),
    "filled up": (12, "000*-", "whose look this cannot tell"),
}


@pytest.mark.parametrize("column", ["externalId", "code", "taxCodeExternalId"])
@pytest.mark.parametrize("name", ODD)
def test_a_cell_that_cannot_be_rendered_holds_its_row(books: Books, name: str, column: str) -> None:
    """It has something in it, so it is no empty cell, and its row gets no code that stands nowhere."""
    value, shape, words = ODD[name]
    header = ["externalId", "code", "name", "taxCodeExternalId"]
    good = ["b", "2", "Bank", "V25"]
    bad = [value if one == column else cell for one, cell in zip(header, ["a", "1", "Cash", "V25"], strict=True)]
    place = f"{'ABCD'[header.index(column)]}2"
    source = workbook(books, [header, bad, good], {place: shape})
    rows = {row.key: row for row in books.read(source).accounts or []}
    assert rows["b"].hold is None
    held = rows[None if column == "externalId" else "a"]
    assert held.hold is not None
    assert words in held.hold
    assert column == "externalId" or held.fields.get(column) is None


def test_a_rate_is_never_what_a_format_rounds_it_to(books: Books) -> None:
    """A percentage is one as people see it; where they see fewer decimals than there are, the row is held."""
    rates = {
        "C2": (0.25, "0%"),
        "C3": (0.255, "0%"),
        "C4": (0.255, "0.00"),
        "C5": (0.12, "0.00"),
        "C6": (0.255, "0.0%"),
    }
    rows: list[list[Value]] = [["code", "name", "rate", "type"]]
    rows += [[place, "VAT", value, "inclusive"] for place, (value, _) in rates.items()]
    source = workbook(books, rows, {place: shape for place, (_, shape) in rates.items()})
    source["taxCodes"] = source.pop("accounts")
    found = {row.key: row.hold or row.fields["rate"] for row in books.read(source).flat["taxCode"]}
    rounded = "rate is rounded by its format; show all its decimals"
    assert found == {"C2": "0.25", "C3": rounded, "C4": rounded, "C5": "0.12", "C6": "0.255"}


def test_titles_above_the_header_are_not_read(books: Books) -> None:
    """And a sheet may be named by a pattern that fits it alone."""
    source = workbook(books, [["Chart of accounts"], ["2026", "x", "y"], ["externalId", "name"], ["a", "Cash"]])
    source["accounts"] |= {"headerRow": 3, "sheet": "Ch*"}
    assert [(row.key, row.line) for row in books.read(source).accounts or []] == [("a", 4)]
    source["accounts"]["sheet"] = "*"
    with pytest.raises(SourceError, match="has 2 sheets like"):
        books.read(source)


def test_a_hidden_row_is_held(books: Books) -> None:
    """People do not see it, and a filter that was left on must archive nothing."""
    source = workbook(books, [["externalId", "name"], ["a", "Cash"], ["b", "Bank"]])
    book = openpyxl.load_workbook(books.folder / "chart.xlsx")
    book["Chart"].row_dimensions[3].hidden = True
    book.save(books.folder / "chart.xlsx")
    found = {row.key: row.hold for row in books.read(source).accounts or []}
    assert found["a"] is None
    assert "hidden" in str(found["b"])


def test_a_cell_under_a_merged_one_is_not_empty(books: Books) -> None:
    """People read the value of the merged cell in each of its rows; in a key it leaves the row without one."""
    rows: list[list[Value]] = [["externalId", "code", "name"], *([n, n * 10, "Cash"] for n in (1, 2, 3, 4))]
    source = workbook(books, rows)
    book = openpyxl.load_workbook(books.folder / "chart.xlsx")
    book["Chart"].merge_cells("B2:B3")
    book["Chart"].merge_cells("A4:A5")
    book.save(books.folder / "chart.xlsx")
    found = {row.key: row.hold and row.hold[:22] for row in books.read(source).accounts or []}
    assert found == {"1": None, "2": "code is part of a merg", "3": None, None: "externalId is part of "}


@pytest.mark.parametrize(
    "asks",
    [
        {"where": {"kind": ["posting"]}},
        {"where": "kind == 'posting'"},
        {"whereNot": {"kind": ["heading"]}},
        {"columns": {"code": "externalId"}, "fields": {"taxCodeExternalId": "trim(kind)"}},
        {"columns": {"active": "kind"}, "activeValues": ["posting"]},
    ],
)
def test_what_is_not_known_decides_about_no_row(books: Books, asks: Json) -> None:
    """A formula without a stored value in a column that is asked for, or computed from, holds its row."""
    cells: list[list[Value]] = [
        ["externalId", "name", "kind"],
        ["1", "Cash", "posting"],
        ["2", "Bank", '="post"&"ing"'],
        ["3", "Giro", "posting"],
    ]
    source = workbook(books, cells)
    source["accounts"] |= asks
    rows = books.read(source).accounts or []
    assert [(row.key, "is a formula without" in str(row.hold)) for row in rows] == [
        ("1", False),
        ("2", True),
        ("3", False),
    ]


def test_a_header_that_is_not_known_is_refused(books: Books) -> None:
    """The column would not be there, and its field null in all rows."""
    source = workbook(books, [["externalId", '="co"&"de"', "name"], ["1", "10", "Cash"]])
    with pytest.raises(SourceError, match="column 2 of the header is a formula without a stored value"):
        books.read(source)


def test_the_first_sheet_is_the_first_that_people_see(books: Books) -> None:
    """A hidden one is read where it is asked for."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    book = openpyxl.load_workbook(books.folder / "chart.xlsx")
    book["Sheet"].append(["externalId", "name"])
    book["Sheet"].append(["9", "Old"])
    book["Sheet"].sheet_state = "hidden"
    book.active = 1
    book.save(books.folder / "chart.xlsx")
    del source["accounts"]["sheet"]
    assert [row.key for row in books.read(source).accounts or []] == ["1"]
    source["accounts"]["sheet"] = "Sheet"
    assert [row.key for row in books.read(source).accounts or []] == ["9"]


def test_escaped_characters_of_a_text_are_read(books: Books) -> None:
    """Office writes a carriage return, which nobody sees, as _x000D_, and the underscore of such a word as _x005F_."""
    source = workbook(books, [["externalId", "name"], ["a_x000D_", "Cash_x000D_\nbox"], ["b", "x_x005F_x000D_"]])
    read = [(row.key, row.fields["name"]) for row in books.read(source).accounts or []]
    assert read == [("a", "Cash\nbox"), ("b", "x_x000D_")]


def test_a_formula_that_gives_an_empty_text_is_an_empty_cell(books: Books) -> None:
    """Its value is stored, and it is nothing."""
    source = workbook(books, [["externalId", "code", "name"], ["a", '=IF(1,"","x")', "Cash"]])
    path = books.folder / "chart.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    part = "xl/worksheets/sheet2.xml"
    parts[part] = parts[part].replace(b'<c r="B2"', b'<c t="str" r="B2"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    (row,) = books.read(source).accounts or []
    assert (row.fields["code"], row.hold) == (None, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sheet": "Charts"}, "has no sheet 'Charts'"),
        ({"sheet": "Sheet"}, "has no accounts"),
        ({"columns": {"code": "number"}}, "has no column 'number' for code"),
    ],
)
def test_a_sheet_that_does_not_fit_is_told(books: Books, change: Json, words: str) -> None:
    """The same words as for a csv."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    source["accounts"] |= change
    with pytest.raises(PleoctlError) as caught:
        books.read(source)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("part", "was", "now", "words"),
    [
        (SHEET, '<c r="B2" t="inlineStr"', '<c r="B2" t="s"><v>9</v></c><c r="C2" t="inlineStr"', UNREADABLE),
        ("xl/workbook.xml", ' name="Chart"', "", UNREADABLE),
        ("xl/workbook.xml", 'sheetId="2"', 'sheetId="x"', UNREADABLE),
        ("[Content_Types].xml", "PartName=", "partName=", UNREADABLE),
        ("[Content_Types].xml", "spreadsheetml.sheet.main", "x", UNREADABLE),
        (SHEET, '<row r="2"', '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"', DISORDERED),
        (SHEET, '<row r="2"', '<row r="1"', DISORDERED),
        (SHEET, '<c r="A2"', '<c r="C2"><v>1</v></c><c r="A2"', DISORDERED),
        (SHEET, '<c r="B2"', '<c r="A2"', DISORDERED),
    ],
)
def test_a_workbook_that_contradicts_itself_is_refused(books: Books, part: str, was: str, now: str, words: str) -> None:
    """What a part says of another one, or of itself, may be anything: one line, no bug of ours, and no row is lost."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    path = books.folder / "chart.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert was.encode() in parts[part]
    parts[part] = parts[part].replace(was.encode(), now.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(SourceError, match=words):
        books.read(source)


def test_a_workbook_whose_sheets_are_elsewhere_has_none(books: Books) -> None:
    """A sheet that is named and not there is no bug of ours, also where none is asked for by name."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    del source["accounts"]["sheet"]
    path = books.folder / "chart.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b"worksheets/sheet", b"worksheets/none"))
    with pytest.raises(SourceError, match="is not a readable workbook"):
        books.read(source)


def test_a_workbook_that_is_not_whole_is_refused(books: Books) -> None:
    """A file that was cut off."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    content = (books.folder / "chart.xlsx").read_bytes()
    (books.folder / "chart.xlsx").write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match="is not a readable workbook"):
        books.read(source)


def test_a_cell_that_shows_an_error_holds_its_row(books: Books) -> None:
    """As in a text file: one bad row stops no company, and nothing becomes of an error in a column that is not read."""
    cells: list[list[Value]] = [
        ["externalId", "name", "other"],
        ["1", "#REF!", None],
        ["2", "Bank", "#DIV/0!"],
        ["3", "Giro", None],
    ]
    state = books.read(workbook(books, cells))
    assert [(row.key, row.hold is not None) for row in state.accounts or []] == [
        ("1", True),
        ("2", False),
        ("3", False),
    ]


def test_true_and_false_are_no_codes(books: Books) -> None:
    """Each language shows them in its own words; as an id they leave the row without one."""
    cells: list[list[Value]] = [
        ["externalId", "code", "name", "active"],
        ["1", True, "Cash", True],
        ["2", "20", "Bank", False],
    ]
    state = books.read(workbook(books, cells))
    assert [(row.key, row.active, row.hold) for row in state.accounts or []] == [
        ("1", True, "code is true or false, which each language shows in its own words; format it as text"),
        ("2", False, None),
    ]
