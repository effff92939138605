"""What a sheet says of its rows and cells beside their values.

Hidden rows, formulas without a stored value, and cells that a merged one lies over.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

if TYPE_CHECKING:
    from typing import IO

_PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Marks:
    """Read from a sheet's XML: ``hidden`` rows, and ``empty`` cells (row, column from 0) whose formula has no value."""

    def __init__(self) -> None:
        self.hidden: set[int] = set()
        self.empty: set[tuple[int, int]] = set()
        #: The first row that stands before an earlier one, or has a cell that does: openpyxl leaves such out.
        self.disordered: int | None = None
        self._merged: list[tuple[int, int, int, int]] = []
        self._covers: dict[int, tuple[list[int], list[int]]] = {}
        self._row = 0
        self._column = -1
        self._formula = self._typed = self._inside = False
        self._value = ""

    @classmethod
    def of(cls, stream: IO[bytes]) -> Marks:
        """The marks of one sheet, which `check_workbook` has looked at."""
        made = cls()
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = made.start, made.end
        parser.CharacterDataHandler = made.data
        parser.buffer_text = True
        parser.ParseFile(stream)
        return made

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition(":")[2]
        if name == "row":
            before, self._row = self._row, int(attributes.get("r", self._row + 1))
            self._column = -1
            self._keep_order(self._row, before)
            if attributes.get("hidden") in {"1", "true"}:
                self.hidden.add(self._row)
        elif name == "c":
            place = _PLACE.fullmatch(attributes.get("r", ""))
            left, self._column = self._column, _number(place[1]) if place else self._column + 1
            self._keep_order(self._column, left)
            # A formula that gives a text may give an empty one.
            self._typed = attributes.get("t") == "str"
            self._formula, self._value = False, ""
        elif name == "f":
            self._formula = True
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        self._inside = name == "v"

    def _keep_order(self, number: int, before: int) -> None:
        if number <= before and self.disordered is None:
            self.disordered = self._row

    def _merge(self, reference: str) -> None:
        corners = [_PLACE.fullmatch(corner) for corner in reference.split(":")]
        if len(corners) == 2 and corners[0] and corners[1]:
            (left, top), (right, bottom) = ((_number(corner[1]), int(corner[2])) for corner in corners if corner)
            self._merged.append((top, left, bottom, right))

    def covered(self, row: int, column: int) -> bool:
        """Whether a merged cell that begins elsewhere lies over this one, so that people read that one's value here."""
        if not self._merged:
            return False
        if column not in self._covers:
            ranges = sorted(
                (top + (left == column), bottom) for top, left, bottom, right in self._merged if left <= column <= right
            )
            self._covers[column] = [top for top, _ in ranges], [bottom for _, bottom in ranges]
        tops, bottoms = self._covers[column]
        at = bisect_right(tops, row) - 1
        return at >= 0 and row <= bottoms[at]

    def data(self, text: str) -> None:
        """Text of an element."""
        if self._inside:
            self._value += text

    def end(self, tag: str) -> None:
        """An element ends."""
        self._inside = False
        if tag.rpartition(":")[2] == "c" and self._formula and not self._typed and not self._value:
            self.empty.add((self._row, self._column))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
