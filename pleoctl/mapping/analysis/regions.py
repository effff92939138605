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
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, reduce
from itertools import pairwise
from operator import or_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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

    def __and__(self, other: Region) -> Region:
        few, many = sorted((self, other), key=lambda region: len(region.pieces))
        cut = [_cut(p, q) for p in few.pieces for q in many.meeting(p)]
        return _region(self.absent and other.absent, [p for p in cut if not p.is_empty])

    def __or__(self, other: Region) -> Region:
        more = other - self
        return _region(self.absent or other.absent, [*self.pieces, *more.pieces])

    def __sub__(self, other: Region) -> Region:
        left = [part for piece in self.pieces for part in _less(piece, other)]
        return _region(self.absent and not other.absent, left)


def _region(absent: bool, pieces: list[Piece]) -> Region:
    return Region(absent, tuple(sorted(pieces, key=lambda piece: piece.low)))


def _less(piece: Piece, region: Region) -> list[Piece]:
    """What is left of a piece outside a region."""
    if not region.is_disjoint:
        left = [piece]
        for other in region.pieces:
            left = [part for one in left for part in _less(one, Region(absent=False, pieces=(other,)))]
        return left
    done: list[Piece] = []
    rest: Piece | None = piece
    for other in region.meeting(piece):
        if rest is None:
            break
        parts, rest = _around(rest, other)
        done += parts
    return done if rest is None else [*done, rest]


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
        return reduce(or_, map(region, parts))
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
