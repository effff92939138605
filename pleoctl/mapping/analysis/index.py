"""Which boxes may meet another, found without trying them all.

Most rows of a large table restrict one field to texts or to beginnings of texts. Each such box is filed under these
texts; whoever asks gets the boxes whose texts lie in the asker's intervals, or begin what lies there. Boxes that ask
for texts inside or at the end of a value are filed under these, and found by the parts of a value. The answer may hold
boxes that do not meet it, and never lacks one that does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from pleoctl.mapping.analysis.texts import after_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.mapping.analysis.boxes import Box
    from pleoctl.mapping.analysis.points import Point
    from pleoctl.mapping.analysis.regions import Piece, Region


class BoxIndex:
    """Rows by their position in a table, each with the boxes that it matches."""

    def __init__(self, rows: Iterable[Iterable[Box]]) -> None:
        """File the boxes."""
        self._fields: dict[str, _Texts] = defaultdict(_Texts)
        self._parts: dict[str, _Parts] = defaultdict(_Parts)
        self._rest: list[int] = []
        for position, boxes in enumerate(rows):
            for box in boxes:
                self._file(position, box)
        for texts in (*self._fields.values(), *self._parts.values()):
            texts.close()

    def _file(self, position: int, box: Box) -> None:
        for index, text_of in ((self._fields, _text), (self._parts, _part)):
            possible = [(name, r, found) for name, r in box.regions.items() if (found := _texts(r, text_of))]
            if possible:
                name, region, found = min(possible, key=lambda each: len(each[2]))
                index[name].add(position, region, found)
                return
        self._rest.append(position)

    def near(self, boxes: Iterable[Box]) -> list[int]:
        """Positions of all rows that may meet these boxes, in their order."""
        found = set(self._rest).union(*(texts.positions for texts in self._parts.values()))
        for box in boxes:
            for name, texts in self._fields.items():
                region = box.regions.get(name)
                found.update(texts.positions if region is None else texts.meeting(region))
        return sorted(found)

    def at(self, point: Point) -> list[int]:
        """Positions of all rows that may take a point, in their order."""
        found = set(self._rest)
        for name, texts in (*self._fields.items(), *self._parts.items()):
            found.update(texts.at(point.value(name)))
        return sorted(found)


class _Texts:
    """The boxes that are filed under texts of one field."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self._absent: list[int] = []
        self._by_text: dict[str, list[int]] = defaultdict(list)
        self._texts: list[str] = []
        self._lengths: list[int] = []

    def add(self, position: int, region: Region, texts: list[str]) -> None:
        self.positions.append(position)
        if region.absent:
            self._absent.append(position)
        for text in texts:
            self._by_text[text].append(position)

    def close(self) -> None:
        """No more boxes come."""
        self._texts = sorted(self._by_text)
        self._lengths = sorted({len(text) for text in self._texts})

    def at(self, value: str | None) -> Iterator[int]:
        if value is None:
            yield from self._absent
            return
        for length in self._lengths:
            if length > len(value):
                break
            for start in self.starts(len(value) - length):
                yield from self._by_text.get(value[start : start + length], ())

    @staticmethod
    def starts(last: int) -> range:
        """Where the texts of the boxes may begin in a value, at most at ``last``."""
        del last
        return range(1)

    def meeting(self, region: Region) -> Iterator[int]:
        if region.absent:
            yield from self._absent
        for piece in region.pieces:
            end = len(self._texts) if piece.high is None else bisect_left(self._texts, piece.high)
            for text in self._texts[bisect_left(self._texts, piece.low) : end]:
                yield from self._by_text[text]
            for length in self._lengths:
                if length >= len(piece.low):
                    break
                yield from self._by_text.get(piece.low[:length], ())


class _Parts(_Texts):
    """The boxes that are filed under texts somewhere in the values of one field."""

    @staticmethod
    def starts(last: int) -> range:
        return range(last + 1)


def _texts(region: Region, text_of: Callable[[Piece], str | None]) -> list[str]:
    """A text of each piece; none where a piece has none."""
    texts = [text_of(piece) for piece in region.pieces]
    return [] if None in texts else [text for text in texts if text is not None]


def _text(piece: Piece) -> str | None:
    """What every text of a piece is or begins with."""
    low = piece.low
    return low if isinstance(low, str) and low and piece.high in {low + "\0", after_prefix(low)} else None


def _part(piece: Piece) -> str | None:
    """The longest of the texts that every text of a piece holds."""
    return max((text for kind, text in piece.pos if kind in {"contains", "endsWith"}), key=len, default=None)
