"""Exact set algebra on the inputs of line rules.

The values of one field are a `Region`: absent or not, and a union of intervals in the order of code points (numbers
for amounts and days). Equality is an interval of one value, a beginning is the interval of all texts that start with
it, so unions, intersections and differences are exact. ``contains`` and ``endsWith`` are no intervals; they are
carried along as conditions that hold (``pos``) or do not hold (``neg``), and automata decide whether any text is left
(`pleoctl.mapping.analysis.texts`). A ``regex`` is carried along too, but nobody looks into it, so a piece with one
counts as empty only where the rest makes it so. So nothing is ever called covered that is not.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from pleoctl.mapping.analysis.texts import DIGITS, Atom, after_prefix, piece_is_empty
from pleoctl.mapping.rules.predicates import digits
from pleoctl.mapping.vocabulary import DATE, NEVER_NULL, NUMBERS, PER_ATTENDEE, WEEKDAY, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.rules.predicates import Predicate

_NONE: Final[frozenset[Atom]] = frozenset()


class Piece(NamedTuple):
    """Values from ``low`` up to but not including ``high`` (None: no end) that meet and miss some conditions."""

    low: Any
    high: Any
    pos: frozenset[Atom] = _NONE
    neg: frozenset[Atom] = _NONE

    @property
    def is_empty(self) -> bool:
        """Whether certainly no value is left."""
        return piece_is_empty(self.low, self.high, self.pos, self.neg)


def _next(value: Any) -> Any:
    return value + 1 if isinstance(value, int) else value + "\0"


def _apart(piece: Piece, other: Piece) -> bool:
    """Whether the intervals alone share nothing."""
    return (piece.high is not None and piece.high <= other.low) or (other.high is not None and other.high <= piece.low)


def _cut(piece: Piece, other: Piece) -> Piece:
    high = piece.high if other.high is None else other.high if piece.high is None else min(piece.high, other.high)
    return Piece(max(piece.low, other.low), high, piece.pos | other.pos, piece.neg | other.neg)


def _around(piece: Piece, other: Piece) -> tuple[list[Piece], Piece | None]:
    """What is left of a piece outside another: below it and beside its conditions, and above it (None: nothing)."""
    below = piece._replace(high=other.low if piece.high is None else min(piece.high, other.low))
    above = None if other.high is None else piece._replace(low=max(piece.low, other.high))
    middle = _cut(piece, other._replace(pos=_NONE, neg=_NONE))
    parts = [
        below,
        *(middle._replace(neg=middle.neg | {atom}) for atom in other.pos),
        *(middle._replace(pos=middle.pos | {atom}) for atom in other.neg),
    ]
    return [part for part in parts if not part.is_empty], None if above is None or above.is_empty else above


@dataclass(frozen=True)
class Region:
    """Values of one field, pieces by their low ends; ``absent`` tells whether a missing value belongs to it."""

    absent: bool
    pieces: tuple[Piece, ...]

    def __bool__(self) -> bool:
        return self.absent or bool(self.pieces)

    @cached_property
    def _lows(self) -> list[Any]:
        return [piece.low for piece in self.pieces]

    @cached_property
    def is_disjoint(self) -> bool:
        """Whether no two intervals share a value."""
        return all(p.high is not None and p.high <= q.low for p, q in pairwise(self.pieces))

    @cached_property
    def weight(self) -> int:
        """About what an operation on the region costs."""
        return sum([1 + len(piece.pos) + len(piece.neg) for piece in self.pieces])

    def meeting(self, piece: Piece) -> Iterator[Piece]:
        """The pieces whose intervals share something with one."""
        at = max(bisect_right(self._lows, piece.low) - 1, 0) if self.is_disjoint else 0
        for index in range(at, len(self.pieces)):
            other = self.pieces[index]
            if piece.high is not None and other.low >= piece.high:
                return
            if not _apart(piece, other):
                yield other

    def around(self, value: Any) -> Iterator[Piece]:
        """The pieces in which a value may lie."""
        at = bisect_right(self._lows, value)
        yield from self.pieces[max(at - 1, 0) : at] if self.is_disjoint else self.pieces[:at]

    def apart(self, other: Region) -> bool:
        """Whether the intervals alone show that nothing is shared; quick, and only a hint where it says no."""
        if self.absent and other.absent:
            return False
        few, many = sorted((self, other), key=lambda region: len(region.pieces))
        return not any(True for piece in few.pieces for _ in many.meeting(piece))

    def meets(self, other: Region) -> bool:
        """Whether a value may lie in both."""
        few, many = sorted((self, other), key=lambda region: len(region.pieces))
        shared = any(not _cut(p, q).is_empty for p in few.pieces for q in many.meeting(p))
        return shared or (self.absent and other.absent)

    def __and__(self, other: Region) -> Region:
        few, many = sorted((self, other), key=lambda region: len(region.pieces))
        cut = [_cut(p, q) for p in few.pieces for q in many.meeting(p)]
        return _region(self.absent and other.absent, [p for p in cut if not p.is_empty])

    def __sub__(self, other: Region) -> Region:
        left = [part for piece in self.pieces for part in _less(piece, other)]
        return _region(self.absent and not other.absent, left)


def _region(absent: bool, pieces: Iterable[Piece]) -> Region:
    return Region(absent, tuple(sorted(pieces, key=lambda piece: piece.low)))


def union(regions: Iterable[Region]) -> Region:
    """What lies in any of some regions; pieces with conditions may share values."""
    listed = list(regions)
    pieces = dict.fromkeys(piece for region in listed for piece in region.pieces)
    bare = sorted((p for p in pieces if not p.pos and not p.neg), key=lambda piece: piece.low)
    return _region(any(r.absent for r in listed), [*_apart_from_before(bare), *(p for p in pieces if p.pos or p.neg)])


def _apart_from_before(pieces: list[Piece]) -> Iterator[Piece]:
    """Intervals in the order of their low ends, each without what those before it have."""
    end: Any = pieces[0].low if pieces else None
    for piece in pieces:
        if end is None:
            return
        if piece.high is None or piece.high > end:
            yield piece._replace(low=max(piece.low, end))
            end = piece.high


def _less(piece: Piece, region: Region) -> list[Piece]:
    """What is left of a piece outside a region."""
    if not region.is_disjoint:
        left = [piece]
        for (low, high), group in groupby(region.pieces, key=lambda other: other[:2]):
            others = list(group)
            left = [part for one in left for part in _less_all(one, low, high, others)]
        return left
    done: list[Piece] = []
    rest: Piece | None = piece
    for other in region.meeting(piece):
        if rest is None:
            break
        parts, rest = _around(rest, other)
        done += parts
    return done if rest is None else [*done, rest]


def _less_all(piece: Piece, low: Any, high: Any, others: list[Piece]) -> list[Piece]:
    """What is left of a piece outside pieces of one interval."""
    # Those that ask for one thing each are missed all at once: a long list of words is one step.
    single = frozenset().union(*(other.pos for other in others if _is_single(other)))
    left = [piece]
    if single:
        around, above = _around(piece, Piece(low, high))
        inside = _cut(piece, Piece(low, high, neg=single))
        left = [part for part in (*around, above, inside) if part is not None and not part.is_empty]
    for other in others:
        if not _is_single(other):
            left = [part for one in left for part in _less(one, Region(absent=False, pieces=(other,)))]
    return left


def _is_single(piece: Piece) -> bool:
    return len(piece.pos) == 1 and not piece.neg


def universe(field: str) -> Region:
    """Every value of a field; amounts are at least 1, since zero lines are skipped (N6); days are counted."""
    if field == DATE:
        return Region(absent=False, pieces=(Piece(1, date.max.toordinal() + 1),))
    if field == WEEKDAY:
        return Region(absent=False, pieces=(Piece(0, len(WEEKDAYS)),))
    low = "" if field not in NUMBERS | {PER_ATTENDEE} else int(field in {"amount", "itemAmount", PER_ATTENDEE})
    return Region(field not in NEVER_NULL, (Piece(low, None),))


def region(predicate: Predicate) -> Region:
    """The values that a predicate accepts."""
    whole = universe(predicate.field)
    low = whole.pieces[0].low
    values = predicate.values
    pieces: Iterable[Piece]
    if predicate.kind == "in":
        return _region(
            whole.absent and None in values, [Piece(v, _next(v)) for v in values if v is not None and v >= low]
        )
    if predicate.kind == "not":
        return whole - region(predicate.parts[0])
    if predicate.parts or (len(values) > 1 and predicate.kind != "range"):
        parts = predicate.parts or [replace(predicate, values=(value,)) for value in values]
        return union(map(region, parts))
    first: Any = values[0]
    if predicate.kind == "startsWith":
        pieces = [Piece(first, after_prefix(first))]
    elif predicate.kind == "range":
        top = values[1]
        count = digits(first) or digits(top)
        pos = frozenset({(DIGITS, str(count))}) if count else _NONE
        end = whole.pieces[0].high if top is None else _next(top)
        pieces = [Piece(low if first is None else max(low, first), end, pos)]
    else:
        pieces = [Piece(low, None, frozenset({(predicate.kind, first)}))]
    return Region(absent=False, pieces=tuple(p for p in pieces if not p.is_empty))
