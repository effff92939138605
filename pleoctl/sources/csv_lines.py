"""The records of a csv text, one after the other: where it was cut off, and which of them is not well written."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

from pleoctl.errors import SourceError
from pleoctl.place import Place
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_WHOLE: Final = "surrogatepass"  # some encodings bring halves of characters
MAX_CELL: Final = 1024 * 1024
STRAY: Final = "a quotation mark stands in the middle of a cell"


class CsvLines:
    """Records with their lines; ``strays`` are the lines of those with a quotation mark where none may be."""

    def __init__(self, text: str, delimiter: str, header_row: int, shown: str) -> None:
        """``header_row`` is the first line that is read, from 1."""
        self.strays: dict[int, int] = {}
        self._delimiter, self._first, self._shown = delimiter, header_row, shown
        if header_row > 1:
            text = "".join(_LINES.findall(text)[header_row - 1 :])
        self._ended = text.endswith(("\r", "\n"))
        self._trails = _trails(text, delimiter)
        # A text stream of its own would take four bytes for each character.
        self._content = text.encode(errors=_WHOLE)
        self._written: list[str] = []

    def __iter__(self) -> Iterator[tuple[int, int, list[str]]]:
        """Number, line and cells. Raises `SourceError` where nobody knows where a record ends."""
        csv.field_size_limit(MAX_CELL)
        stream = io.TextIOWrapper(io.BytesIO(self._content), "utf-8", _WHOLE, newline="")
        reader = csv.reader(stream, delimiter=self._delimiter, strict=True)
        number, width, line = 0, 0, self._first
        cells: list[str] = []
        while True:
            begun = reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                cells = self._stray(begun, reader.line_num, line) if number else []
                if not cells:
                    raise SourceError(f"is not readable as CSV: {error}", place=Place(self._shown, line)) from error
            width = width or len(cells)
            if self._trails and len(cells) == width + 1 and not cells[-1]:
                cells.pop()
            yield number, line, cells
            number, line = number + 1, reader.line_num + self._first
        if not self._ended and number > 1 and len(cells) < width and "".join(cells).strip():
            raise self._cut(line - 1, len(cells), width)

    def _stray(self, begun: int, ended: int, line: int) -> list[str]:
        """The cells of a record on one line, as far as a stray mark lets them be known; none where it may go on."""
        self._written = self._written or _LINES.findall(self._content.decode(errors=_WHOLE))
        raw = self._written[begun] if ended == begun + 1 else ""
        # A mark that is open at the end of the file is where that was cut off.
        if not raw or (ended == len(self._written) and raw.count('"') % 2):
            return []
        parts = raw.strip("\r\n").split(self._delimiter)
        known = next((at for at, part in enumerate(parts) if '"' in part and not _is_quoted(part)), None)
        if known is None or len(raw) > MAX_CELL:
            return []
        self.strays[line] = known
        return next(csv.reader([raw], delimiter=self._delimiter))

    def _cut(self, line: int, given: int, width: int) -> SourceError:
        return SourceError(
            f"ends within a row: {many(given, 'cell')} where the header has {width}, and no end of the line",
            place=Place(self._shown, line),
            hint="it was cut off: export it again; if it is whole, end its last line",
        )


def _is_quoted(part: str) -> bool:
    return re.fullmatch(r'"(?:[^"]|"")*"', part) is not None


def _trails(text: str, delimiter: str) -> bool:
    """Whether every row ends with a delimiter that the header does not have: then it separates nothing."""
    lines = (found[0].rstrip("\r\n") for found in _LINES.finditer(text))
    header = next(lines, "")
    first = next(lines, "")
    due = header.count(delimiter) + 1
    if not first.endswith(delimiter) or first.count(delimiter) != due or '"' in text:
        return False
    return all(line.endswith(delimiter) and line.count(delimiter) == due for line in lines if line.strip())
