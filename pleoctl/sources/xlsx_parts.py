"""Is a workbook one that people make? Looked at as a stream, before a library holds parts of it as a whole."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from pleoctl.errors import SourceError
from pleoctl.place import Place

if TYPE_CHECKING:
    from typing import IO

_MIB: Final = 1024 * 1024
# What the parts of a workbook unpack to at most: texts and styles are held as a whole, rows one by one.
_MOST: Final = {"xl/worksheets/": 48 * _MIB, "xl/sharedStrings": 32 * _MIB}
_MOST_ELSE: Final = 16 * _MIB
_MOST_IN_ALL: Final = 128 * _MIB
# Rows, or texts, of one part; and what one of them may hold (16,384 cells of a few elements each).
MOST_ROWS: Final = 2_000_000
MOST_PARTS_OF_ROW: Final = 200_000
_ROW_DEPTH: Final = 3


def check_workbook(content: bytes, shown: str) -> None:
    """Raise `SourceError` for a workbook that unpacks to, or consists of, more than anybody writes.

    Raises `zipfile.BadZipFile` for what is none: a part is never longer than the directory says.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        for name, size in sizes.items():
            most = next((most for beginning, most in _MOST.items() if name.startswith(beginning)), _MOST_ELSE)
            if size > most:
                raise SourceError(f"{name} unpacks to more than {most // _MIB} MiB", place=Place(shown))
        if sum(sizes.values()) > _MOST_IN_ALL:
            raise SourceError(f"unpacks to more than {_MOST_IN_ALL // _MIB} MiB", place=Place(shown))
        for name in sizes:
            with archive.open(name) as stream:
                _check_elements(stream, name, shown)


def _check_elements(stream: IO[bytes], name: str, shown: str) -> None:
    """Elements outside rows stay in memory until the end, those of a row until it ends."""
    depth = rows = inner = 0

    def start(_tag: str, _attributes: dict[str, str]) -> None:
        nonlocal depth, rows, inner
        depth += 1
        if depth <= _ROW_DEPTH:
            rows, inner = rows + 1, 0
        else:
            inner += 1
        if rows > MOST_ROWS or inner > MOST_PARTS_OF_ROW:
            raise SourceError(f"{name} has more elements than anybody writes", place=Place(shown))

    def end(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_declaration: object) -> None:
        raise SourceError(f"{name} declares a DOCTYPE, which no workbook has", place=Place(shown))

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
    try:
        parser.ParseFile(stream)
    except expat.ExpatError:
        # Not XML: a picture, or something that whoever needs it will refuse.
        return
