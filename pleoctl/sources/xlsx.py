"""The ``xlsx`` source: one sheet per table, with the rules of the csv source (extra: ``pleoctl[xlsx]``)."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import openpyxl

from pleoctl.errors import PleoctlError, SourceError
from pleoctl.place import Place
from pleoctl.sources.bounds import Bounds
from pleoctl.sources.cells import as_text
from pleoctl.sources.csv_files import CsvFile, CsvSource
from pleoctl.sources.files import file_bytes
from pleoctl.sources.xlsx_formats import UnshownError, shown
from pleoctl.sources.xlsx_marks import Marks
from pleoctl.sources.xlsx_parts import check_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sources.base import SourceRow, Table


# Characters that XML cannot have, as Office writes them: _x000D_ is a carriage return, which shows as nothing.
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Sheets keep fifteen digits of a number.
_EXACT: Final = 10**15
_NO_DIGIT: Final = re.compile(r"[^0-9.]")
_ROUNDED: Final = "has more digits than a sheet keeps of a number; format the column as text, and write it again"
_FORMULA: Final = "is a formula without a stored value; open and save the workbook in a spreadsheet program"
_COVERED: Final = "is part of a merged cell; undo the merge, and write the value into each row"
_BLANK: Final = "is a number that its format {!r} does not show; format it as text"
_SHORTENED: Final = "is rounded by its format; show all its decimals"
_HIDDEN: Final = "the row is hidden in the sheet; show it, or delete it"
_TRUTH: Final = "is true or false, which each language shows in its own words; format it as text"
_DATE: Final = "is a date or a time; format the column as text, and write the code again"
# A day is a day in these; in a code it is a spreadsheet program's guess.
_DAYS: Final = frozenset({"name", "expires"})
LAST_ROW: Final = 1_048_576
MOST_CELLS: Final = 10_000_000


class XlsxSource(CsvSource):
    """Reads workbooks below the workspace."""

    @staticmethod
    def reader() -> type[CsvFile]:
        """See `CsvSource.reader`."""
        return _Sheet


def sample_sheets(path: Path, name: str, most: int) -> dict[str, list[tuple[int, list[str]]]]:
    """The first rows of each sheet that people see, with their lines. Raises `SourceError`."""
    with _opened(file_bytes(path, name), name) as book:
        found = {}
        for sheet in _seen(book):
            one = _Sheet(path, {"path": name, "sheet": sheet}, "accounts")
            found[sheet] = [(line, cells) for _, line, cells in islice(one.lines(book), most)]
        return found


def _seen(book: Any) -> list[str]:
    """The sheets that are not hidden; all where each of them is."""
    shown = [str(sheet.title) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    return shown or [str(sheet.title) for sheet in book.worksheets]


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[Any]:
    try:
        check_workbook(content, name)
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it leaves out; cells are all that is read here.
            warnings.simplefilter("ignore")
            yield openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except PleoctlError:
        raise
    except Exception as error:
        # openpyxl believes what a workbook says of itself: whatever it stumbles over is the file's fault.
        raise SourceError(
            "is not a readable workbook", place=Place(name), hint="it may have been cut off, or is not .xlsx"
        ) from error


class _Sheet(CsvFile):
    def __init__(self, path: Path, config: dict[str, Any], resource: str) -> None:
        super().__init__(path, config, resource)
        self._marks = Marks()
        self._odd: dict[tuple[int, int], str] = {}
        self._unseen: dict[tuple[int, int], str] = {}
        self._rounded: set[tuple[int, int]] = set()
        self._asked: list[tuple[str, int]] = []

    def table(self) -> Table:
        """All rows of the sheet. Raises `SourceError`."""
        with _opened(file_bytes(self._path, self._shown), self._shown) as book:
            return self._made(self.lines(book))

    def lines(self, book: Any) -> Iterator[tuple[int, int, list[str]]]:
        """The rows of the sheet from its header on: number, line, and the texts that people see."""
        sheet = book[self._sheet_name(book)]
        # Some writers announce fewer rows than they write.
        sheet.reset_dimensions()
        with sheet._get_source() as stream:  # noqa: SLF001 - openpyxl tells nobody else where a sheet's part is
            self._marks = Marks.of(stream)
        if self._marks.disordered is not None:
            raise SourceError(
                "has rows or cells in another order than their numbers, of which some would be lost",
                place=Place(self._shown, self._marks.disordered),
                hint="open and save the workbook in a spreadsheet program",
            )
        self._unseen.update(dict.fromkeys(((row, column) for row, column in self._marks.empty), _FORMULA))
        number = width = 0
        bounds = Bounds(self._shown)
        count = 0
        for line, row in enumerate(sheet.iter_rows(), 1):
            count += len(row)
            if line > LAST_ROW or count > MOST_CELLS:
                raise SourceError(f"has more than {LAST_ROW:,} rows or {MOST_CELLS:,} cells", place=Place(self._shown))
            if bounds.over:
                raise bounds.late()
            cells = [self._cell_text(cell, line, column) for column, cell in enumerate(row)]
            while cells and cells[-1] == "" and (not number or len(cells) > width):
                cells.pop()
            if line < self._header_row:
                continue
            if not any(cells) and not any((line, column) in self._unseen for column in range(len(row))):
                continue
            if not number:
                self._check_header(line, len(cells))
            width = width or len(cells)
            yield number, line, cells + [""] * (width - len(cells))
            number += 1

    def _check_header(self, line: int, width: int) -> None:
        """Raise `SourceError` where a name is not known: the column would not be there, and its field null."""
        for column in range(width):
            if (line, column) in self._unseen:
                raise SourceError(
                    f"column {column + 1} of the header {self._unseen[line, column]}", place=Place(self._shown, line)
                )

    def _sheet_name(self, book: Any) -> str:
        """The sheet that is asked for by its name, or the only one that a pattern like ``Chart *`` fits.

        Else the first that people see.
        """
        names: list[str] = [sheet.title for sheet in book.worksheets]
        asked = self._config.get("sheet", _seen(book)[0])
        found = [asked] if asked in names else [name for name in names if fnmatchcase(name, asked)]
        if len(found) != 1:
            words = f"has no sheet {asked!r}" if not found else f"has {len(found)} sheets like {asked!r}"
            raise SourceError(words, place=Place(self._shown), hint=f"one of: {', '.join(names)}")
        return str(found[0])

    def _columns(self, header: list[str]) -> dict[str, int]:
        """See `CsvFile._columns`; also finds the columns that say whether a row is meant."""
        self._asked = [(name, header.index(name)) for name in self._deciding if name in header]
        return super()._columns(header)

    def _row(self, columns: dict[str, int], cells: list[str], line: int, width: int) -> SourceRow:
        """A row as people see it; what they see and this cannot render holds it, and leaves a key unknown."""
        row = super()._row(columns, cells, line, width)
        for name, column in (*columns.items(), *self._computed_from):
            odd = self._unknown(line, column) or self._odd.get((line, column))
            if (odd == _DATE and (name in _DAYS or name not in columns)) or (
                odd == _TRUTH and (name == "active" or name not in columns)
            ):
                odd = None
            if odd is None and name == "rate" and (line, column) in self._rounded:
                odd = _SHORTENED
            if odd is not None:
                row.keyless = row.keyless or (row.problem is None and name == self._key)
                # What `active` was taken for is no word of the sheet.
                row.problem = f"{name} {odd}" if row.problem is None or name == "active" else row.problem
                row.cells[name] = None
        if line in self._marks.hidden:
            row.problem = row.problem or _HIDDEN
        return row

    def _unknown(self, line: int, column: int) -> str | None:
        """Why nobody knows what stands in a cell, which is none that is empty."""
        return _COVERED if self._marks.covered(line, column) else self._unseen.get((line, column))

    def _unclear(self, cells: list[str], line: int, text: str) -> str | None:
        """See `CsvFile._unclear`; a cell whose value is not known may be one of the words that are asked for."""
        unknown = ((name, self._unknown(line, column)) for name, column in self._asked)
        return next((f"{name} {odd}" for name, odd in unknown if odd is not None), None) or super()._unclear(
            cells, line, text
        )

    def _cell_text(self, cell: Any, line: int, column: int) -> str:
        value = cell.value
        if isinstance(value, bool):
            self._odd[line, column] = _TRUTH
            return "true" if value else "false"
        if isinstance(value, str):
            return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value).replace("\r", "")
        if isinstance(value, int | float):
            return self._number(value, cell.number_format or "", (line, column))
        if isinstance(value, date | time | timedelta):
            self._odd[line, column] = _DATE
        return "" if value is None else str(as_text(value))

    def _number(self, value: float, number_format: str, at: tuple[int, int]) -> str:
        if abs(value) >= _EXACT:
            self._odd[at] = _ROUNDED
        try:
            as_seen = shown(value, number_format)
        except UnshownError:
            self._odd[at] = (
                f"is a number in the format {number_format!r}, whose look this cannot tell; format it as text"
            )
            as_seen = None
        if as_seen is not None and _figure(as_seen) != abs(value):
            self._rounded.add(at)
        if as_seen is not None and not as_seen.strip():
            self._unseen[at] = _BLANK.format(number_format)
        return str(as_text(value)) if as_seen is None else as_seen


def _figure(as_seen: str) -> float | None:
    """The number that people read; None where it is none by itself."""
    digits = _NO_DIGIT.sub("", as_seen)
    try:
        return float(Decimal(digits).scaleb(-2 if "%" in as_seen else 0))
    except ArithmeticError:
        return None
