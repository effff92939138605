"""Which boxes may meet another, found without trying them all.

Each box is filed under one field that it restricts, the one that tells most boxes apart. A field of texts or of
beginnings of texts is filed under these; whoever asks gets the boxes whose texts lie in the asker's intervals, or begin
what lies there. Boxes that ask for texts inside or at the end of a value are filed under these, and found by the parts
of a value; those of numbers, days and ranges of texts by what their intervals hold. The answer may hold boxes that do
not meet it, and never lacks one that does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections import defaultdict
from heapq import merge
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.analysis.texts import after_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.mapping.analysis.boxes import Box
    from pleoctl.mapping.analysis.points import Point
    from pleoctl.mapping.analysis.regions import Piece, Region


#: Positions that each of some fields finds, and those of all other fields together, so that many fields are one list.
_Usual = tuple[dict[str, list[int]], list[tuple[int, str]]]
_MANY: Final = 50


class BoxIndex:
    """Rows by their position in a table, each with the boxes that it matches."""

    def __init__(self, rows: Iterable[Iterable[Box]]) -> None:
        """File the boxes."""
        boxes = [(position, box) for position, row in enumerate(rows) for box in row]
        self._kinds: dict[str, set[Region]] = defaultdict(set)
        for _, box in boxes:
            for name, region in box.regions.items():
                self._kinds[name].add(region)
        self._filed: dict[str, dict[int, _Filed]] = defaultdict(dict)
        self._rest: list[int] = []
        for position, box in boxes:
            self._file(position, box)
        for each in self._all():
            each.close()
        self._usual: dict[bool, _Usual] = {}

    def _all(self) -> Iterator[_Filed]:
        for filed in self._filed.values():
            yield from filed.values()

    def _file(self, position: int, box: Box) -> None:
        ways = [(-len(self._kinds[name]), way, name) for name, region in box.regions.items() for way in _ways(region)]
        if not ways:
            self._rest.append(position)
            return
        _, way, name = min(ways)
        filed = self._filed[name]
        if way not in filed:
            filed[way] = _WAYS[way]()
        filed[way].add(position, box.regions[name])

    def near(self, boxes: Iterable[Box], start: int = 0) -> Iterator[int]:
        """Positions from one on of all rows that may meet these boxes, in their order."""
        found = set[int]()
        for box in boxes:
            for name, filed in self._filed.items():
                region = box.regions.get(name)
                for each in filed.values():
                    found.update(each.positions if region is None else each.meeting(region))
        return _merged(start, [sorted(found), self._rest])

    def at(self, point: Point, start: int = 0) -> Iterator[int]:
        """Positions from one on of all rows that may take a point, in their order; looked for as they are asked for."""
        found = [self._rest, *(at for name in point.values for at in self._at(name, point.values[name]))]
        large, small = self._as_usual(point)
        found += [each for name, each in large.items() if name not in point.values]
        rest = (small[n] for n in range(bisect_left(small, (start, "")), len(small)))
        return _merged(start, found, (position for position, name in rest if name not in point.values))

    def _at(self, name: str, value: Any) -> Iterator[list[int]]:
        for each in self._filed[name].values() if name in self._filed else ():
            yield from each.at(value)

    def _as_usual(self, point: Point) -> _Usual:
        """What the fields find whose values are as usual."""
        if point.usual not in self._usual:
            bare = point._replace(values={})
            listed = {name: sorted(p for at in self._at(name, bare.value(name)) for p in at) for name in self._filed}
            large = {name: found for name, found in listed.items() if len(found) > _MANY}
            small = sorted((p, name) for name, found in listed.items() if name not in large for p in found)
            self._usual[point.usual] = large, small
        return self._usual[point.usual]


def _merged(start: int, listed: Iterable[list[int]], *more: Iterable[int]) -> Iterator[int]:
    """Each position from one on once, in order; the lists are in order too."""
    last = -1
    for position in merge(*more, *(_since(start, positions) for positions in listed)):
        if position != last:
            yield position
        last = position


def _since(start: int, positions: list[int]) -> Iterator[int]:
    return (positions[index] for index in range(bisect_left(positions, start), len(positions)))


class _Filed(ABC):
    """Boxes that are filed under one field in one way."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.absent: list[int] = []

    def add(self, position: int, region: Region) -> None:
        self.positions.append(position)
        if region.absent:
            self.absent.append(position)

    @abstractmethod
    def close(self) -> None:
        """No more boxes come."""

    @abstractmethod
    def at(self, value: Any) -> Iterator[list[int]]:
        """Positions of boxes that may hold a value, in lists that are in order each."""

    @abstractmethod
    def meeting(self, region: Region) -> Iterator[int]:
        """Positions of boxes that may hold a value of a region, in any order."""


class _Texts(_Filed):
    """The boxes that are filed under the texts that their values are or begin with."""

    def __init__(self) -> None:
        super().__init__()
        self._by_text: dict[str, list[int]] = defaultdict(list)
        self._texts: list[str] = []
        self._lengths: list[int] = []

    def add(self, position: int, region: Region) -> None:
        super().add(position, region)
        for text in _texts(region, self.text_of):
            self._by_text[text].append(position)

    @staticmethod
    def text_of(piece: Piece) -> str | None:
        """What every text of a piece is or begins with."""
        low = piece.low
        return low if isinstance(low, str) and low and piece.high in {low + "\0", after_prefix(low)} else None

    def close(self) -> None:
        self._texts = sorted(self._by_text)
        self._lengths = sorted({len(text) for text in self._texts})

    def at(self, value: str | None) -> Iterator[list[int]]:
        if value is None:
            yield self.absent
            return
        for length in self._lengths:
            if length > len(value):
                break
            for start in self.starts(len(value) - length):
                found = self._by_text.get(value[start : start + length])
                if found:
                    yield found

    @staticmethod
    def starts(last: int) -> range:
        """Where the texts of the boxes may begin in a value, at most at ``last``."""
        del last
        return range(1)

    def meeting(self, region: Region) -> Iterator[int]:
        if region.absent:
            yield from self.absent
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
    def text_of(piece: Piece) -> str | None:
        """The longest of the texts that every text of a piece holds."""
        return max((text for kind, text in piece.pos if kind in {"contains", "endsWith"}), key=len, default=None)

    @staticmethod
    def starts(last: int) -> range:
        return range(last + 1)

    def meeting(self, region: Region) -> Iterator[int]:
        del region
        return iter(self.positions)


class _Spans(_Filed):
    """The boxes that are filed under intervals: a tree over all bounds, each box in few of its nodes."""

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[Any, Any, int]] = []
        self._bounds: list[Any] = []
        self._nodes: dict[int, list[int]] = defaultdict(list)

    def add(self, position: int, region: Region) -> None:
        super().add(position, region)
        self._spans += [(piece.low, piece.high, position) for piece in region.pieces]

    def close(self) -> None:
        self._bounds = sorted({bound for *both, _ in self._spans for bound in both if bound is not None})
        for low, high, position in self._spans:
            self._put(bisect_left(self._bounds, low), self._bound(high), position)
        self._spans.sort(key=lambda span: span[0])

    def _bound(self, high: Any) -> int:
        return len(self._bounds) if high is None else bisect_left(self._bounds, high)

    def _put(self, first: int, end: int, position: int) -> None:
        low, high = first + len(self._bounds), end + len(self._bounds)
        while low < high:
            if low % 2:
                self._nodes[low].append(position)
                low += 1
            if high % 2:
                high -= 1
                self._nodes[high].append(position)
            low, high = low // 2, high // 2

    def at(self, value: Any) -> Iterator[list[int]]:
        if value is None:
            yield self.absent
            return
        before = bisect_right(self._bounds, value)
        node = before - 1 + len(self._bounds) if before else 0
        while node:
            if node in self._nodes:
                yield self._nodes[node]
            node //= 2

    def meeting(self, region: Region) -> Iterator[int]:
        if region.absent:
            yield from self.absent
        for piece in region.pieces:
            for found in self.at(piece.low):
                yield from found
            for index in range(bisect_right(self._spans, piece.low, key=lambda span: span[0]), len(self._spans)):
                low, _, position = self._spans[index]
                if piece.high is not None and low >= piece.high:
                    break
                yield position


_WAYS: Final[tuple[Callable[[], _Filed], ...]] = (_Texts, _Parts, _Spans)


def _ways(region: Region) -> Iterator[int]:
    """How a box may be filed under a field, in the order of `_WAYS`."""
    for way, kind in enumerate((_Texts, _Parts)):
        if _texts(region, kind.text_of):
            yield way
    # Most texts lie in what a text leaves.
    if not any(piece.high is None and isinstance(piece.low, str) for piece in region.pieces):
        yield _WAYS.index(_Spans)


def _texts(region: Region, text_of: Callable[[Piece], str | None]) -> list[str]:
    """A text of each piece; none where a piece has none."""
    texts = [text_of(piece) for piece in region.pieces]
    return [] if None in texts else [text for text in texts if text is not None]
