"""The ``csv`` source: one file per resource, cells taken verbatim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding, SourceError
from pleoctl.place import Place, Setting
from pleoctl.sources.base import FIELDS, REQUIRED, SourceRow, Table, identity, named_tables, told_of_empty
from pleoctl.sources.bounds import Bounds
from pleoctl.sources.cells import settle
from pleoctl.sources.computed import Computed, Condition
from pleoctl.sources.csv_hints import column_hint, encoding_hint
from pleoctl.sources.csv_lines import STRAY, CsvLines
from pleoctl.sources.files import check_encoding, file_bytes
from pleoctl.sources.literal import literal_rows
from pleoctl.sources.selecting import Kept, StateWords, shows_error
from pleoctl.text import alike, did_you_mean
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.sources.context import Context

ACTIVE: Final = ("true", "1", "yes", "y", "active")
INACTIVE: Final = ("false", "0", "no", "n", "inactive", "blocked")
UNFIT: Final = ('"', "\r", "\n", "\0")  # delimiters that CSV itself has a use for
MAX_COLUMNS: Final = 4096
_HEADER_AGAIN: Final = "is the header once more; take it out, as where pages or files were put together"


class CsvSource:
    """Reads the files that the workspace names, below its folder."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Check the tables' settings; no file is looked at yet. Raises `SourceError`."""
        self._context, self._section = context, section
        for resource in named_tables(section):
            self._check(resource, section[resource])

    def _check(self, resource: str, config: dict[str, Any]) -> None:
        if "rows" in config:
            literal_rows(resource, config["rows"])
            return
        for key, part in _parts(config, Setting("source", resource)):
            if "path" not in part:
                raise SourceError(f"{key} lacks path", setting=key)
            self.reader()(Path(part["path"]), part, resource)

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        config = self._section.get(resource)
        if config is None:
            return None
        if "rows" in config:
            given = literal_rows(resource, config["rows"])
            listed = [SourceRow(dict(cells), f"{resource}[{n}]") for n, cells in enumerate(given)]
            return Table(resource, listed, rate_unit="fraction")
        parts = [(key, self._table(part, resource, key)) for key, part in _parts(config, Setting("source", resource))]
        tables = [table for _, table in parts]
        if len(tables) == 1:
            return tables[0]
        for one in tables:
            for row in one.rows:
                row.file = one.name
        return Table(
            ", ".join(dict.fromkeys(one.name for one in tables)),
            [row for one in tables for row in one.rows],
            [*(told for one in tables for told in one.findings), *told_of_empty(parts)],
            left_out=sum(one.left_out for one in tables),
        )

    def _table(self, config: dict[str, Any], resource: str, key: Setting) -> Table:
        path = self._context.inside(config["path"], *key, "path")
        return self.reader()(path, config, resource).table()

    @staticmethod
    def reader() -> type[CsvFile]:
        """What reads one file; workbooks have their own."""
        return CsvFile


def _parts(config: dict[str, Any], key: Setting) -> list[tuple[Setting, dict[str, Any]]]:
    """The files behind a table: one, or each of its ``parts``, which share what stands beside them."""
    shared = {name: value for name, value in config.items() if name != "parts"}
    if "parts" not in config:
        return [(key, shared)]
    return [(key / "parts" / name, {**shared, **part}) for name, part in config["parts"].items()]


class CsvFile:
    """One file as the section describes it; also the rules for a table whose cells come from elsewhere."""

    def __init__(self, path: Path, config: dict[str, Any], resource: str) -> None:
        self._path, self._config, self._resource = path, config, resource
        self._shown = str(config["path"])
        self._active = _words(config.get("activeValues"), ACTIVE)
        self._inactive = _words(config.get("inactiveValues"), INACTIVE)
        self._states: dict[str, bool] = {}
        self._header_row = int(config.get("headerRow", 1))
        self._fixed: dict[str, str] = config.get("fixed", {})
        self._computed = Computed(config.get("fields", {}), resource)
        self._header: list[str] = []
        self._computed_from: list[tuple[str, int]] = []
        self._strays: dict[int, int] = {}
        self._unnamed = 0
        self._near: list[Finding] = []
        self._content = b""
        self._left_out = 0
        where = config.get("where", {})
        self._meant = Condition(where, resource) if isinstance(where, str) else None
        self._kept = Kept({} if self._meant else where, config.get("whereNot", {}), self._shown, resource)
        self._words = StateWords(self._shown, resource)
        self._check()

    def _check(self) -> None:
        """Raise `SourceError` for settings that no file could be read by."""
        named = {"columns": self._config.get("columns", {}), "fixed": self._fixed}
        for key, names in named.items():
            for name in names:
                if name not in FIELDS[self._resource]:
                    raise self._wrong(
                        key, f"unknown field {name!r}", did_you_mean(name, sorted(FIELDS[self._resource]))
                    )
        if (delimiter := self._config.get("delimiter", ",")) in UNFIT:
            raise self._wrong("delimiter", f"{delimiter!r} cannot separate cells", 'e.g. "," or ";"')
        try:
            check_encoding(self._encoding)
        except (LookupError, ValueError):
            raise self._wrong("encoding", f"{self._encoding!r} is unknown", "e.g. utf-8, cp1252") from None

    def _wrong(self, key: str, words: str, hint: str | None) -> SourceError:
        setting = Setting("source", self._resource, key)
        return SourceError(f"{setting}: {words}", hint=hint, setting=setting)

    @property
    def _encoding(self) -> str:
        return str(self._config.get("encoding", "utf-8-sig"))

    def table(self) -> Table:
        """All rows of the file. Raises `SourceError`."""
        text = self._text()
        if not text.strip():
            return Table(self._shown)
        lines = CsvLines(text, self._config.get("delimiter", ","), self._header_row, self._shown)
        del text  # by the time that the rows are there, it would be one more
        self._strays = lines.strays
        return self._made(lines)

    def _made(self, lines: Iterable[tuple[int, int, list[str]]]) -> Table:
        rows = list(self._rows(lines))
        if not self._header and self._header_row > 1:
            words = f"has no line {self._header_row}, where headerRow says that its header is"
            raise SourceError(words, place=Place(self._shown))
        told = [*self._near, *self._kept.findings(), *self._words.findings()]
        if self._meant is not None:
            told += self._meant.findings(Place(self._shown))
        told += self._computed.findings(Place(self._shown))
        return Table(self._shown, rows, told, left_out=self._left_out)

    def _text(self) -> str:
        content = self._content = file_bytes(self._path, self._shown)
        try:
            text = content.decode(self._encoding)
        except UnicodeError as error:
            line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
            raise SourceError(
                f"is not {self._encoding}", place=Place(self._shown, line), hint=self._encoding_hint()
            ) from error
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            hint = self._encoding_hint()
            raise SourceError("contains a NUL character", place=Place(self._shown, line), hint=hint)
        return text

    def _encoding_hint(self) -> str:
        return encoding_hint(self._content, self._encoding, f"source.{self._resource}.encoding")

    def _rows(self, lines: Iterable[tuple[int, int, list[str]]]) -> Iterator[SourceRow]:
        """Rows from (number, line, cells), of which number 0 is the header."""
        columns: dict[str, int] = {}
        width = 0
        bounds, asks = Bounds(self._shown), self._kept.asks or self._meant is not None
        count, make = bounds.text, self._row
        for number, line, cells in lines:
            text = "".join(cells)
            count(len(text))
            if not number:
                width = len(cells)
                if width > MAX_COLUMNS:
                    raise SourceError(f"has more than {MAX_COLUMNS:,} columns", place=Place(self._shown, line))
                columns = self._columns(cells)
                self._kept.header(cells, line)
                if self._meant is not None:
                    self._meant.header(cells)
            elif text and not text.isspace():
                unclear = self._unclear(cells, line, text) if asks else None
                if asks and unclear is None and not self._wants(cells):
                    self._left_out += 1
                    continue
                row = make(columns, cells, line, width)
                if "#" in text:
                    self._hold_errors(row, cells)
                if unclear is not None:
                    row.problem = row.problem or unclear
                if cells[-1] == self._header[-1] and _bare(cells) == self._header:
                    row.problem = _HEADER_AGAIN
                yield row

    def _wants(self, cells: list[str]) -> bool:
        return self._kept.wants(cells) and (self._meant is None or self._meant.wants(cells))

    @property
    def _deciding(self) -> list[str]:
        """The columns that say whether a row is meant."""
        return [*self._kept.names, *(self._meant.names if self._meant else ())]

    def _unclear(self, cells: list[str], line: int, text: str) -> str | None:
        """Why nobody knows whether a row is meant: a cell that is asked for shows an error, or is not known."""
        if line in self._strays and any(self._header.index(name) >= self._strays[line] for name in self._deciding):
            return STRAY
        named = zip(self._header, cells, strict=False) if "#" in text else ()
        found = next(((name, cell) for name, cell in named if name in self._deciding and shows_error(cell)), None)
        return None if found is None else _error(*found)

    def _columns(self, header: list[str]) -> dict[str, int]:
        """Field → column index. Raises `SourceError` naming what is missing."""
        read = {*self._read(), *self._deciding, *(name for _, name in self._computed.columns())}
        twice = sorted(name for name in read if name and header.count(name) > 1)
        if twice:
            raise SourceError(f"column {twice[0]!r} stands twice", place=Place(self._shown, self._header_row))
        self._header = header
        # A delimiter at the end of the header names nothing, and rows need not have it.
        self._unnamed = next((at for at, name in enumerate(reversed(header)) if name), 0)
        self._computed.check(header)
        self._computed_from = [(field, header.index(name)) for field, name in self._computed.columns()]
        given = self._config.get("columns", {})
        found = {}
        for name in FIELDS[self._resource]:
            wanted = given.get(name, name)
            if name in self._fixed or name in self._computed:
                continue
            if wanted in header:
                found[name] = header.index(wanted)
            elif name not in given and name not in REQUIRED[self._resource]:
                self._note_near(name, header)
            elif name in given or name in REQUIRED[self._resource]:
                raise SourceError(
                    f"has no column {wanted!r} for {name}",
                    place=Place(self._shown, self._header_row),
                    hint=self._column_hint(wanted, header),
                )
        return found

    def _read(self) -> Iterator[str]:
        """The columns that fields are read from as they stand; of others nobody asks which is meant."""
        given = self._config.get("columns", {})
        for name in FIELDS[self._resource]:
            if name not in self._fixed and name not in self._computed:
                yield given.get(name, name)

    def _note_near(self, name: str, header: list[str]) -> None:
        """A column that nearly has the name of a field that nothing gives is not read, which may empty that field."""
        read = {*self._config.get("columns", {}).values()}
        near = next((one for one in header if one not in read and alike(one) == name.casefold()), None)
        if near is not None:
            key = f"source.{self._resource}.columns"
            hint = f"name it in {key}: {{{name}: {near!r}}}; or rename it, if it is another"
            words = f"column {near!r} is not read as {name}"
            self._near.append(Finding("near-miss", words, "warning", Place(self._shown, self._header_row), hint=hint))

    def _column_hint(self, wanted: str, header: list[str]) -> str | None:
        encoding, delimiter = self._encoding, self._config.get("delimiter", ",")
        key = f"source.{self._resource}"
        return (
            self._delimiter_hint(header)
            or column_hint(self._content, encoding, delimiter, wanted, key)
            or did_you_mean(wanted, [h for h in header if h])
        )

    def _delimiter_hint(self, header: list[str]) -> str | None:
        """A header of one cell has another delimiter; it is said, not guessed."""
        only = header[0] if len(header) == 1 else ""
        most = max((mark for mark in ";\t|," if mark in only), key=only.count, default=None)
        return None if most is None else f"the header has {most!r}: set source.{self._resource}.delimiter"

    def _row(self, columns: dict[str, int], cells: list[str], line: int, width: int) -> SourceRow:
        given = len(cells)
        filled = cells if given >= width else [*cells, *[""] * (width - given)]
        found: dict[str, Any] = {}
        for name, index in columns.items():  # a comprehension is one more call before Python 3.12
            found[name] = filled[index]
        row = SourceRow(found, self._shown, line)
        if "fields" in self._config:
            self._computed.fill(row, dict(zip(self._header, cells, strict=False)))
        if self._fixed:
            found.update(self._fixed)
        if line in self._strays:
            self._hold_stray(row, columns, self._strays[line])
        elif given > width or given < width - self._unnamed:
            row.problem = f"has {many(given, 'cell')} where the header has {width}"
            self._doubt_key(row, columns, given - width)
        settle(found)
        cell = found.get("active")
        if isinstance(cell, str):
            state = self._states.get(cell)
            found["active"] = self._judged_active(row, cell) if state is None else state
        return row

    def _hold_stray(self, row: SourceRow, columns: dict[str, int], known: int) -> None:
        """Of a record with a stray quotation mark, what stands before that is known, and no more."""
        row.problem = STRAY
        unknown = [name for name in row.cells if name in self._computed or columns.get(name, -1) >= known]
        row.cells.update(dict.fromkeys(unknown))
        row.keyless = self._key in unknown

    def _doubt_key(self, row: SourceRow, columns: dict[str, int], more: int) -> None:
        """A delimiter too many before the key has moved another cell to its place."""
        moved = [name for name in identity(self._resource) if name in self._computed or columns.get(name, 0) > 0]
        if more > 0 and moved:
            row.problem = f"{moved[-1]} may be another cell: the row {row.problem}"
            row.cells.update(dict.fromkeys(moved))
            row.keyless = moved[-1] == self._key

    def _hold_errors(self, row: SourceRow, cells: list[str]) -> None:
        """Cells of a spreadsheet that could not be worked out are no codes and no names; a key that is one is none."""
        computed = ((field, cells[at]) for field, at in self._computed_from if at < len(cells))
        for name, cell in (*row.cells.items(), *computed):
            if isinstance(cell, str) and shows_error(cell):
                row.problem = _error(name, cell)
                row.keyless = name == self._key
                row.cells.update(dict.fromkeys({name} & {*identity(self._resource)}))
                return

    @property
    def _key(self) -> str:
        return identity(self._resource)[-1]

    def _judged_active(self, row: SourceRow, cell: str) -> bool:
        """Whether a word means active, once for all rows; one that means neither is the row's problem."""
        word = cell.casefold()
        if word in self._active or word in self._inactive:
            self._states[cell] = word in self._active
            return self._states[cell]
        row.problem = row.problem or f"active is {cell!r}, neither an active nor an inactive value"
        self._words.note(cell)
        return False


def _bare(cells: list[str]) -> list[str]:
    """Cells of a file that was put behind another one, whose first begins with a byte order mark."""
    return [cells[0].removeprefix("\ufeff"), *cells[1:]]


def _error(name: str, cell: str) -> str:
    return f"{name} shows the error {cell.strip()!r}; mend it in the spreadsheet, and export it again"


def _words(given: list[str] | None, default: tuple[str, ...]) -> set[str]:
    return {word.casefold() for word in (default if given is None else given)}
