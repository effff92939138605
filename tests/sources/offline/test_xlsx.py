from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pleoctl.errors import PleoctlError, SourceError

if TYPE_CHECKING:
    from fake_books import Books


def workbook(books: Books, rows: list[list[Any]], formats: dict[str, str] | None = None) -> dict[str, Any]:
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sheet": "Charts"}, "has no sheet 'Charts'"),
        ({"sheet": "Sheet"}, "has no accounts"),
        ({"columns": {"code": "number"}}, "has no column 'number' for code"),
    ],
)
def test_a_sheet_that_does_not_fit_is_told(books: Books, change: dict[str, Any], words: str) -> None:
    """The same words as for a csv."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    source["accounts"] |= change
    with pytest.raises(PleoctlError) as caught:
        books.read(source)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("part", "was", "now"),
    [
        ("xl/worksheets/sheet2.xml", '<c r="A2" t="inlineStr"', '<c r="A2" t="s"><v>9</v></c><c r="B2" t="inlineStr"'),
        ("xl/workbook.xml", ' name="Chart"', ""),
        ("xl/workbook.xml", 'sheetId="2"', 'sheetId="x"'),
        ("[Content_Types].xml", "PartName=", "partName="),
        ("[Content_Types].xml", "spreadsheetml.sheet.main", "x"),
    ],
)
def test_a_workbook_that_contradicts_itself_is_refused(books: Books, part: str, was: str, now: str) -> None:
    """What a part says of another one, or of itself, may be anything: one line, and no bug of ours."""
    source = workbook(books, [["externalId", "name"], ["1", "Cash"]])
    path = books.folder / "chart.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert was.encode() in parts[part]
    parts[part] = parts[part].replace(was.encode(), now.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(SourceError, match="is not a readable workbook"):
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
    """A file that was cut off, and a cell that shows an error."""
    source = workbook(books, [["externalId", "name"], ["1", "#REF!"]])
    with pytest.raises(SourceError, match="shows the error #REF!"):
        books.read(source)
    content = (books.folder / "chart.xlsx").read_bytes()
    (books.folder / "chart.xlsx").write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match="is not a readable workbook"):
        books.read(source)
