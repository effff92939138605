"""The ``xlsx`` source: one sheet per table, with the rules of the csv source (extra: ``pleoctl[xlsx]``)."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

import openpyxl

from pleoctl.errors import PleoctlError, SourceError
from pleoctl.sources.bounds import Bounds
from pleoctl.sources.cells import as_text
from pleoctl.sources.csv_files import CsvFile, CsvSource
from pleoctl.sources.files import file_bytes
from pleoctl.sources.xlsx_parts import check_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sources.base import Table


# Formats like 0000 show a number with leading zeros, and people mean what they see.
_PADDED: Final = re.compile(r"0{2,}")
_LAST_ROW: Final = 1_048_576
_MOST_CELLS: Final = 10_000_000


class XlsxSource(CsvSource):
    """Reads workbooks below the workspace."""

    @staticmethod
    def reader() -> type[CsvFile]:
        """See `CsvSource.reader`."""
        return _Sheet


class _Sheet(CsvFile):
    def table(self) -> Table:
        """All rows of the sheet. Raises `SourceError`."""
        content = file_bytes(self._path, self._shown)
        try:
            check_workbook(content, self._shown)
            with warnings.catch_warnings():
                # openpyxl warns of styles and extensions that it leaves out; cells are all that is read here.
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
                return self._made(self._cells(book))
        except PleoctlError:
            raise
        except Exception as error:
            # openpyxl believes what a workbook says of itself: whatever it stumbles over is the file's fault.
            raise SourceError(
                "is not a readable workbook", file=self._shown, hint="it may have been cut off, or is not .xlsx"
            ) from error

    def _cells(self, book: Any) -> Iterator[tuple[int, int, list[str]]]:
        name = self._config.get("sheet", book.sheetnames[0])
        if name not in book.sheetnames:
            raise SourceError(f"has no sheet {name!r}", file=self._shown, hint=f"one of: {', '.join(book.sheetnames)}")
        sheet = book[name]
        # Some writers announce fewer rows than they write.
        sheet.reset_dimensions()
        number = width = 0
        bounds = Bounds(self._shown)
        count = 0
        for line, row in enumerate(sheet.iter_rows(), 1):
            count += len(row)
            if line > _LAST_ROW or count > _MOST_CELLS:
                raise SourceError(f"has more than {_LAST_ROW:,} rows or {_MOST_CELLS:,} cells", file=self._shown)
            if bounds.over:
                raise bounds.late()
            cells = [self._cell_text(cell, line) for cell in row]
            while cells and cells[-1] == "" and (not number or len(cells) > width):
                cells.pop()
            if not any(cells):
                continue
            width = width or len(cells)
            yield number, line, cells + [""] * (width - len(cells))
            number += 1

    def _cell_text(self, cell: Any, line: int) -> str:
        value = cell.value
        if cell.data_type == "e":
            raise SourceError(f"a cell shows the error {value}", file=self._shown, line=line)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) and _PADDED.fullmatch(cell.number_format or ""):
            return str(value).zfill(len(cell.number_format))
        return "" if value is None else str(as_text(value))
