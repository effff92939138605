"""The ``csv`` source: one file per resource, cells taken verbatim."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.files import read_bytes
from pleoctl.errors import SourceError
from pleoctl.sources.base import FIELDS, REQUIRED, SourceRow, Table
from pleoctl.sources.bounds import Bounds
from pleoctl.sources.files import check_encoding
from pleoctl.sources.selecting import Kept, StateWords
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pleoctl.sources.context import Context

ACTIVE: Final = ("true", "1", "yes", "y", "active")
INACTIVE: Final = ("false", "0", "no", "n", "inactive", "blocked")
UNFIT: Final = ('"', "\r", "\n", "\0")  # delimiters that CSV itself has a use for
MAX_CELL: Final = 1024 * 1024
MAX_COLUMNS: Final = 4096


class CsvSource:
    """Reads the files that the workspace names, below its folder."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._context, self._section = context, section

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        config = self._section.get(resource)
        if config is None:
            return None
        path = self._context.inside(config["path"], "source", resource, "path")
        return self.reader()(path, config, resource).table()

    @staticmethod
    def reader() -> type[CsvFile]:
        """What reads one file; workbooks have their own."""
        return CsvFile


class CsvFile:
    """One file as the section describes it; also the rules for a table whose cells come from elsewhere."""

    def __init__(self, path: Path, config: dict[str, Any], resource: str) -> None:
        self._path, self._config, self._resource = path, config, resource
        self._shown = str(config["path"])
        self._active = _words(config.get("activeValues"), ACTIVE)
        self._inactive = _words(config.get("inactiveValues"), INACTIVE)
        self._kept = Kept(config.get("where", {}), self._shown, resource)
        self._words = StateWords(self._shown, resource)

    def table(self) -> Table:
        """All rows of the file. Raises `SourceError`."""
        text = self._text()
        if not text.strip():
            return Table(self._shown)
        csv.field_size_limit(MAX_CELL)
        delimiter = self._config.get("delimiter", ",")
        if delimiter in UNFIT:
            raise SourceError(f"the delimiter {delimiter!r} cannot separate cells", hint='e.g. "," or ";"')
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return self._made(self._lines(reader))

    def _made(self, lines: Iterable[tuple[int, int, list[str]]]) -> Table:
        rows = list(self._rows(lines))
        return Table(self._shown, rows, [*self._kept.findings(), *self._words.findings()])

    def _text(self) -> str:
        encoding = self._config.get("encoding", "utf-8-sig")
        try:
            content = read_bytes(self._path, self._shown)
        except Exception as error:
            raise SourceError(f"{error}", file=self._shown) from error
        try:
            check_encoding(encoding)
            text = content.decode(encoding)
        except UnicodeError as error:
            line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
            raise SourceError(
                f"is not {encoding}", file=self._shown, line=line, hint="set source.*.encoding, e.g. cp1252"
            ) from error
        except (LookupError, ValueError) as error:
            raise SourceError(f"encoding {encoding!r} is unknown", file=self._shown) from error
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise SourceError("contains a NUL character", file=self._shown, line=line)
        return text

    def _rows(self, lines: Iterable[tuple[int, int, list[str]]]) -> Iterator[SourceRow]:
        """Rows from (number, line, cells), of which number 0 is the header."""
        columns: dict[str, int] = {}
        width = 0
        bounds = Bounds(self._shown)
        for number, line, cells in lines:
            bounds.row(cells)
            if not number:
                width = len(cells)
                if width > MAX_COLUMNS:
                    raise SourceError(f"has more than {MAX_COLUMNS:,} columns", file=self._shown, line=line)
                columns = self._columns(cells)
                self._kept.header(cells)
            elif cells and self._kept.wants(cells):
                yield self._row(columns, cells, line, width)

    def _lines(self, reader: Any) -> Iterator[tuple[int, int, list[str]]]:
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise SourceError(f"is not readable as CSV: {error}", file=self._shown, line=line) from error
            yield number, line, cells
            number += 1

    def _columns(self, header: list[str]) -> dict[str, int]:
        """Field → column index. Raises `SourceError` naming what is missing."""
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise SourceError(f"column {twice[0]!r} stands twice", file=self._shown, line=1)
        given = self._config.get("columns", {})
        unknown = [name for name in given if name not in FIELDS[self._resource]]
        if unknown:
            raise SourceError(
                f"source.{self._resource}.columns: unknown field {unknown[0]!r}",
                hint=did_you_mean(unknown[0], sorted(FIELDS[self._resource])),
            )
        found = {}
        for name in FIELDS[self._resource]:
            wanted = given.get(name, name)
            if wanted in header:
                found[name] = header.index(wanted)
            elif name in given or name in REQUIRED[self._resource]:
                raise SourceError(
                    f"has no column {wanted!r} for {name}",
                    file=self._shown,
                    line=1,
                    hint=did_you_mean(wanted, [h for h in header if h]),
                )
        return found

    def _row(self, columns: dict[str, int], cells: list[str], line: int, width: int) -> SourceRow:
        row = SourceRow({}, f"{self._shown}:{line}", line)
        for name, index in columns.items():
            row.cells[name] = cells[index] if index < len(cells) else ""
        if len(cells) != width:
            row.problem = f"has {len(cells)} cells where the header has {width}"
        self._empty_cells(row)
        self._judge_active(row)
        return row

    @staticmethod
    def _empty_cells(row: SourceRow) -> None:
        """An empty code or tax code is null; an empty currency or expiry is absent."""
        for name in ("code", "taxCodeExternalId"):
            if row.cells.get(name) == "":
                row.cells[name] = None
        for name in ("currency", "expires"):
            if row.cells.get(name) == "":
                del row.cells[name]

    def _judge_active(self, row: SourceRow) -> None:
        cell = row.cells.get("active")
        if cell is None:
            return
        word = cell.casefold()
        row.cells["active"] = word in self._active
        if word not in self._active and word not in self._inactive:
            row.problem = row.problem or f"active is {cell!r}, neither an active nor an inactive value"
            self._words.note(cell)


def _words(given: list[str] | None, default: tuple[str, ...]) -> set[str]:
    return {word.casefold() for word in (default if given is None else given)}
