"""The ``sie`` source: SIE 4 files of Swedish accounting systems (``#KONTO``, ``#DIM``, ``#OBJEKT``).

The format has no active flag: what is gone from the file is archived. A file that ends in the middle of something is
refused; one that announces a checksum must end with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.files import file_text, section_path, wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sources.context import Context

ENCODING: Final = "cp437"
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
_FIELD: Final = re.compile(r'[ \t]*(?:"((?:\\.|[^"\\])*)"|([{}])|([^\s"{}]+))')


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
            text = file_text(self._path, self._shown, self._section.get("encoding", ENCODING))
            self._book = _Book(text, self._shown)
        return self._book.table(resource, asked="resources" in self._section)


class _Book:
    def __init__(self, text: str, shown: str) -> None:
        self._shown = shown
        self._tables = {name: Table(shown) for name in ("accounts", "dimensions", "values")}
        self._dimensions: set[str] = set()
        self._labels: list[str] = []
        self._depth = 0
        takers: dict[str, Callable[[list[str], int], None]] = {
            "#KONTO": self._account,
            "#DIM": self._dimension,
            "#UNDERDIM": self._dimension,
            "#OBJEKT": self._object,
        }
        for number, line in enumerate(text.splitlines(), 1):
            fields = self._fields(line, number)
            self._depth += fields.count("{") - fields.count("}")
            if fields and fields[0].startswith("#"):
                label = fields[0].upper()
                self._labels.append(label)
                if label in takers:
                    takers[label](fields[1:], number)
        self._check_whole()

    def table(self, resource: str, *, asked: bool) -> Table | None:
        found = self._tables[resource]
        # A file without objects belongs to a company without dimensions.
        return found if resource == "accounts" or asked or self._tables["dimensions"].rows else None

    def _fields(self, line: str, number: int) -> list[str]:
        line = line.rstrip("\x1a \t")
        fields, at = [], 0
        while at < len(line):
            match = _FIELD.match(line, at)
            if match is None:
                raise SourceError(
                    "a quotation mark is not closed",
                    file=self._shown,
                    line=number,
                    hint="the file may have been cut off",
                )
            quoted, brace, plain = match.groups()
            fields.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else brace or plain)
            at = match.end()
        return fields

    def _check_whole(self) -> None:
        problem = None
        if "#FLAGGA" not in self._labels and "#SIETYP" not in self._labels:
            problem = "is not an SIE file: it has neither #FLAGGA nor #SIETYP"
        elif self._depth:
            problem = "ends inside { }: it has been cut off"
        elif "#KSUMMA" in self._labels and (self._labels.count("#KSUMMA") == 1 or self._labels[-1] != "#KSUMMA"):
            problem = "announces a checksum and does not end with it: it has been cut off"
        if problem:
            raise SourceError(problem, file=self._shown)

    def _row(self, resource: str, cells: dict[str, Any], number: int) -> None:
        self._tables[resource].rows.append(SourceRow(cells, f"{self._shown}:{number}", number))

    def _account(self, fields: list[str], number: int) -> None:
        code, name = self._take(fields, 2, number)
        self._row("accounts", {"externalId": code, "code": code, "name": name}, number)

    def _dimension(self, fields: list[str], number: int) -> None:
        code, name = self._take(fields, 2, number)
        self._dimensions.add(code)
        self._row("dimensions", {"code": code, "name": name}, number)

    def _object(self, fields: list[str], number: int) -> None:
        dimension, code, name = self._take(fields, 3, number)
        if dimension not in self._dimensions and dimension in RESERVED:
            self._dimension([dimension, RESERVED[dimension]], number)
        self._row("values", {"dimension": dimension, "code": code, "name": name}, number)

    def _take(self, fields: list[str], number: int, line: int) -> list[str]:
        if len(fields) < number:
            raise SourceError(
                f"a line has {len(fields)} fields where {number} are due",
                file=self._shown,
                line=line,
                hint="the file may have been cut off",
            )
        return fields[:number]
