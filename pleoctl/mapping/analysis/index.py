"""Which boxes may meet another, found without trying them all.

Most rows of a large table restrict one field to texts or to beginnings of texts. Each such box is filed under these
texts; whoever asks gets the boxes whose texts lie in the asker's intervals, or begin what lies there. The answer may
hold boxes that do not meet it, and never lacks one that does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from pleoctl.mapping.analysis.texts import after_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.analysis.points import Point
    from pleoctl.mapping.analysis.regions import Box, Piece, Region


class BoxIndex:
    """Rows by their position in a table, each with the boxes that it matches."""

    def __init__(self, rows: Iterable[Iterable[Box]]) -> None:
        """File the boxes."""
        self._fields: dict[str, _Texts] = defaultdict(_Texts)
        self._rest: list[int] = []
        for position, boxes in enumerate(rows):
            for box in boxes:
                self._file(position, box)
        for texts in self._fields.values():
            texts.close()

    def _file(self, position: int, box: Box) -> None:
        possible = [(name, region, found) for name, region in box.regions.items() if (found := _texts(region))]
        if not possible:
            self._rest.append(position)
            return
        name, region, found = min(possible, key=lambda each: len(each[2]))
        self._fields[name].add(position, region, found)

    def near(self, boxes: Iterable[Box]) -> list[int]:
        """Positions of all rows that may meet these boxes, in their order."""
        found = set(self._rest)
        for box in boxes:
            for name, texts in self._fields.items():
                region = box.regions.get(name)
                found.update(texts.positions if region is None else texts.meeting(region))
        return sorted(found)

    def at(self, point: Point) -> list[int]:
        """Positions of all rows that may take a point, in their order."""
        found = set(self._rest)
        for name, texts in self._fields.items():
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
            yield from self._by_text.get(value[:length], ())

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


def _texts(region: Region) -> list[str]:
    """Texts such that every text of the region is or begins with one of them; none where there are no such."""
    texts = [_text(piece) for piece in region.pieces]
    return [] if None in texts else [text for text in texts if text is not None]


def _text(piece: Piece) -> str | None:
    low = piece.low
    return low if isinstance(low, str) and low and piece.high in {low + "\0", after_prefix(low)} else None
