"""The ``sie`` source: SIE 4 files of Swedish accounting systems (``#KONTO``, ``#DIM``, ``#OBJEKT``).

The format has no active flag: what is gone from the file is archived. A file that ends in the middle of something is
refused; one that announces a checksum must end with it. What is booked to and not declared is held.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.place import Place
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.files import file_bytes, file_text, section_path, wanted
from pleoctl.sources.sie_text import Line, encoding_of, fields_of, lines_of
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pleoctl.sources.context import Context

# Dimensions that the format names itself; files may use their objects without declaring them.
RESERVED: Final = {
    "1": "Kostnadsställe",
    "2": "Kostnadsbärare",
    "6": "Projekt",
    "7": "Anställd",
    "8": "Kund",
    "9": "Leverantör",
    "10": "Faktura",
}
_SUPPLIERS: Final = "9"
_QUOTE: Final = "a quotation mark is not closed, or stands in the middle of a text"
_LOOSE: Final = "its name has blanks and no quotation marks"
_UNDECLARED: Final = "is booked to and not declared"
# Where an account stands in the lines that use one; a balance is of a year, and only this one's counts.
_BALANCES: Final = {"#IB": 2, "#UB": 2, "#RES": 2, "#OIB": 2, "#OUB": 2, "#PSALDO": 3, "#PBUDGET": 3}
_BOOKINGS: Final = frozenset({"#TRANS", "#RTRANS"})
# What some programs write in balances where there is no object.
_NONE: Final = "0"
_IMPORT: Final = ".si"


class SieSource:
    """Reads one SIE file below the workspace."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._path, self._shown = section_path(context, section)
        self._section = section
        self._book: _Book | None = None

    def read(self, resource: str) -> Table | None:
        """See `Source.read`; dimensions and values only where the file has objects."""
        if not wanted(self._section, resource):
            return None
        if self._book is None:
            self._book = _Book(self._text(self._path), self._shown)
        if resource == "vendors":
            return self._book.suppliers()
        return self._book.table(resource, asked="resources" in self._section)

    def _text(self, path: Path) -> str:
        if path.suffix.casefold() == _IMPORT:
            raise SourceError(
                "is a file of entries to import (4I), which has no chart of accounts",
                place=Place(self._shown),
                hint="export a whole SIE 4 file (.se)",
            )
        content = file_bytes(path, self._shown)
        if content.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
            raise SourceError(
                "is XML, as SIE 5 is, which is not read",
                place=Place(self._shown),
                hint="export an SIE 4 file (.se)",
            )
        encoding = self._section.get("encoding") or encoding_of(content, self._shown)
        return file_text(path, self._shown, encoding)


class _Book:
    def __init__(self, text: str, shown: str) -> None:
        self._shown = shown
        self._tables = {name: Table(shown) for name in ("accounts", "dimensions", "values")}
        self._used: dict[str, dict[tuple[str, ...], int]] = {"accounts": {}, "dimensions": {}, "values": {}}
        self._declared: dict[str, set[tuple[str, ...]]] = {"accounts": set(), "dimensions": set(), "values": set()}
        self._labels: list[str] = []
        self._currency = "SEK"
        self._depth = 0
        takers: dict[str, Callable[[Line, int], None]] = {
            "#KONTO": self._account,
            "#DIM": self._dimension,
            "#UNDERDIM": self._dimension,
            "#OBJEKT": self._object,
            "#VALUTA": self._valuta,
            **dict.fromkeys(_BOOKINGS, self._booking),
            **dict.fromkeys(_BALANCES, self._balance),
        }
        lines = lines_of(text)
        self._last = len(lines)
        for number, written in enumerate(lines, 1):
            line = fields_of(written)
            if line.broken and number == self._last:
                raise SourceError(_QUOTE, place=Place(shown, number), hint="the file may have been cut off")
            self._depth += 0 if line.broken else line.fields.count("{") - line.fields.count("}")
            if line.fields and line.fields[0].startswith("#"):
                label = line.fields[0].upper()
                self._labels.append(label)
                if label in takers:
                    self._written = written
                    takers[label](line, number)
        self._check_whole()
        self._hold_undeclared("accounts", ("externalId", "code"))
        if self._tables["values"].rows:
            self._add_reserved()
            self._hold_undeclared("values", ("dimension", "code"))

    def table(self, resource: str, *, asked: bool) -> Table | None:
        found = self._tables[resource]
        # A file without objects belongs to a company without dimensions.
        return found if resource == "accounts" or asked or self._tables["dimensions"].rows else None

    def suppliers(self) -> Table:
        """The objects of the dimension for suppliers as vendors, in the currency of the books."""
        rows = [row for row in self._tables["values"].rows if row.cells["dimension"] == _SUPPLIERS]
        return Table(self._shown, [self._supplier(row) for row in rows])

    def _supplier(self, row: SourceRow) -> SourceRow:
        code, name = row.cells["code"], row.cells["name"]
        cells = {"externalId": code, "code": code, "name": name, "defaultCurrency": self._currency}
        return SourceRow(cells, row.place, row.line, row.problem)

    def _check_whole(self) -> None:
        problem = None
        if "#FLAGGA" not in self._labels and "#SIETYP" not in self._labels:
            problem = "is not an SIE file: it has neither #FLAGGA nor #SIETYP"
        elif self._depth:
            problem = "ends inside { }: it has been cut off"
        elif "#KSUMMA" in self._labels and (self._labels.count("#KSUMMA") == 1 or self._labels[-1] != "#KSUMMA"):
            problem = "announces a checksum and does not end with it: it has been cut off"
        if problem:
            raise SourceError(problem, place=Place(self._shown))

    # --- what the file declares --------------------------------------------------------------------------------

    def _account(self, line: Line, number: int) -> None:
        (code, name), problem = self._take(line, 2, number)
        self._row("accounts", {"externalId": code, "code": code, "name": name}, number, problem)

    def _dimension(self, line: Line, number: int) -> None:
        (code, name), problem = self._take(line, 2, number, more=line.fields[0].upper() == "#UNDERDIM")
        self._row("dimensions", {"code": code, "name": name}, number, problem)

    def _object(self, line: Line, number: int) -> None:
        (dimension, code, name), problem = self._take(line, 3, number)
        if dimension is not None:
            self._used["dimensions"].setdefault((dimension,), number)
        self._row("values", {"dimension": dimension, "code": code, "name": name}, number, problem)

    def _valuta(self, line: Line, _number: int) -> None:
        self._currency = line.fields[1] if len(line.fields) > 1 else self._currency

    def _take(self, line: Line, due: int, number: int, *, more: bool = False) -> tuple[list[str | None], str | None]:
        """So many fields behind the label; what stands behind a stray quotation mark is not known."""
        fields: list[str | None] = [*line.fields[1 : due + 1]]
        if line.broken:
            known = fields[: max(0, min(len(line.fields) - 1, due - 1))]
            return [*known, *[None] * (due - len(known))], _QUOTE
        if len(fields) < due:
            words = f"a line has {many(len(fields), 'field')} where {due} are due"
            if number == self._last:
                raise SourceError(words, place=Place(self._shown, number), hint="the file may have been cut off")
            return [*fields, *[None] * (due - len(fields))], words
        if len(line.fields) > due + 1 and not more:
            if any(line.quoted[due:]):
                return fields, _LOOSE
            fields[-1] = self._written[line.starts[due] :].rstrip("\x1a \t")
        elif more and len(line.fields) > due + 2:
            return fields, _LOOSE
        return fields, None

    def _row(self, resource: str, cells: dict[str, Any], number: int, problem: str | None = None) -> None:
        key = tuple(str(cells[name]) for name in ("dimension", "code") if name in cells)
        self._declared[resource].add(key)
        self._tables[resource].rows.append(SourceRow(cells, f"{self._shown}:{number}", number, problem))

    # --- what its entries use ----------------------------------------------------------------------------------

    def _booking(self, line: Line, number: int) -> None:
        if len(line.fields) < 2:
            return
        self._used["accounts"].setdefault((line.fields[1],), number)
        for dimension, code in _objects(line, 2):
            self._used["dimensions"].setdefault((dimension,), number)
            self._used["values"].setdefault((dimension, code), number)

    def _balance(self, line: Line, number: int) -> None:
        at = _BALANCES[line.fields[0].upper()]
        if line.fields[1:2] != ["0"] or len(line.fields) <= at:
            return
        self._used["accounts"].setdefault((line.fields[at],), number)
        for dimension, code in _objects(line, at + 1):
            if code != _NONE:
                self._used["dimensions"].setdefault((dimension,), number)
                self._used["values"].setdefault((dimension, code), number)

    def _add_reserved(self) -> None:
        """Dimensions that the format names are declared by being used."""
        for (code,), number in self._used["dimensions"].items():
            if code in RESERVED and (code,) not in self._declared["dimensions"]:
                self._row("dimensions", {"code": code, "name": RESERVED[code]}, number)

    def _hold_undeclared(self, resource: str, names: tuple[str, str]) -> None:
        """An account or object that is booked to is in use, so nothing may archive it."""
        for key, number in self._used[resource].items():
            if key not in self._declared[resource]:
                cells = {names[0]: key[0], names[1]: key[-1], "name": key[-1]}
                self._row(resource, cells, number, _UNDECLARED)


def _objects(line: Line, at: int) -> Iterator[tuple[str, str]]:
    """The dimensions and codes between the braces that begin at a field, if they do; an empty code is none."""
    if line.fields[at : at + 1] == ["{"] and "}" in line.fields[at:]:
        given = line.fields[at + 1 : line.fields.index("}", at)]
        yield from ((dimension, code) for dimension, code in zip(given[::2], given[1::2], strict=False) if code.strip())
