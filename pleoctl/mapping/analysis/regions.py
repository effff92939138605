"""Exact set algebra on the inputs of line rules.

The values of one field are a `Region`: absent or not, and a union of intervals in the order of code points (numbers
for amounts). Equality is an interval of one value, a beginning is the interval of all texts that start with it, so
unions, intersections and differences are exact. ``contains`` and ``regex`` are no intervals; they are carried along
as conditions that hold (``pos``) or do not hold (``neg``), and a piece counts as empty only where that is certain.
So nothing is ever called covered that is not.

A `Box` is what one row matches: a set of cells and a region for each field that it restricts.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.mapping.vocabulary import NEVER_NULL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.vocabulary import Cell

Atom = tuple[str, str]
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
        if self.high is not None and self.low >= self.high:
            return True
        if not self.pos and not self.neg:
            return False
        if self.pos & self.neg:
            return True
        if self.high == _next(self.low):
            return not all(_holds(a, self.low) for a in self.pos) or any(_holds(a, self.low) for a in self.neg)
        known = [text for kind, text in self.pos if kind == "contains"]
        known.append(_common_start(self.low, self.high))
        return any(kind == "contains" and any(text in k for k in known) for kind, text in self.neg)


def _next(value: Any) -> Any:
    return value + 1 if isinstance(value, int) else value + "\0"


def _holds(atom: Atom, value: Any) -> bool:
    kind, text = atom
    return text in value if kind == "contains" else re.search(text, value) is not None


def _after_prefix(prefix: str) -> str | None:
    """The first text after all texts with a prefix; None where there is none."""
    last = chr(sys.maxunicode)
    kept = prefix.rstrip(last)
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


def _common_start(low: Any, high: Any) -> str:
    """A text that all texts of an interval start with."""
    if not isinstance(low, str) or high is None:
        return ""
    shared = 0
    while shared < min(len(low), len(high)) and low[shared] == high[shared]:
        shared += 1
    narrow = low[: shared + 1]
    return narrow if narrow and _after_prefix(narrow) == high else low[:shared]


def _apart(piece: Piece, other: Piece) -> bool:
    """Whether the intervals alone share nothing."""
    return (piece.high is not None and piece.high <= other.low) or (other.high is not None and other.high <= piece.low)


def _cut(piece: Piece, other: Piece) -> Piece:
    high = piece.high if other.high is None else other.high if piece.high is None else min(piece.high, other.high)
    return Piece(max(piece.low, other.low), high, piece.pos | other.pos, piece.neg | other.neg)


def _without(piece: Piece, other: Piece) -> Iterator[Piece]:
    yield piece._replace(high=other.low if piece.high is None else min(piece.high, other.low))
    if other.high is not None:
        yield piece._replace(low=max(piece.low, other.high))
    middle = _cut(piece, other._replace(pos=_NONE, neg=_NONE))
    for atom in other.pos:
        yield middle._replace(neg=middle.neg | {atom})
    for atom in other.neg:
        yield middle._replace(pos=middle.pos | {atom})


@dataclass(frozen=True, slots=True)
class Region:
    """Values of one field; ``absent`` tells whether a missing value belongs to it."""

    absent: bool
    pieces: tuple[Piece, ...]

    def __bool__(self) -> bool:
        return self.absent or bool(self.pieces)

    def apart(self, other: Region) -> bool:
        """Whether the intervals alone show that nothing is shared; quick, and only a hint where it says no."""
        if self.absent and other.absent:
            return False
        return all(_apart(p, q) for p in self.pieces for q in other.pieces)

    def __and__(self, other: Region) -> Region:
        cut = (_cut(p, q) for p in self.pieces for q in other.pieces if not _apart(p, q))
        return Region(self.absent and other.absent, tuple(p for p in cut if not p.is_empty))

    def __sub__(self, other: Region) -> Region:
        left = list(self.pieces)
        for piece in other.pieces:
            # Most pieces lie elsewhere and stay as they are; only the others are worked out.
            left = [
                rest for p in left
                for rest in ([p] if _apart(p, piece) else [r for r in _without(p, piece) if not r.is_empty])
            ]  # fmt: skip
        return Region(self.absent and not other.absent, tuple(left))


def universe(field: str) -> Region:
    """Every value of a field; a line's amount is at least 1, since zero lines are skipped (N6)."""
    return Region(field not in NEVER_NULL, (Piece(1 if field == "amount" else "", None),))


def region(predicate: Predicate) -> Region:
    """The values that a predicate accepts."""
    whole = universe(predicate.field)
    low = whole.pieces[0].low
    values = predicate.values
    pieces: Iterable[Piece]
    if predicate.kind == "in":
        pieces = [Piece(v, _next(v)) for v in values if v is not None and v >= low]
        return Region(whole.absent and None in values, tuple(pieces))
    first: Any = values[0]
    if predicate.kind == "startsWith":
        pieces = [Piece(first, _after_prefix(first))]
    elif predicate.kind == "range":
        top = values[1]
        pieces = [Piece(low if first is None else max(low, first), None if top is None else _next(top))]
    else:
        pieces = [Piece(low, None, frozenset({(predicate.kind, first)}))]
    return Region(absent=False, pieces=tuple(p for p in pieces if not p.is_empty))


@dataclass(frozen=True, slots=True)
class Box:
    """What a row matches: some cells, and for each restricted field a region."""

    cells: frozenset[Cell]
    regions: dict[str, Region]

    def __bool__(self) -> bool:
        return bool(self.cells) and all(self.regions.values())

    @property
    def intervals(self) -> int:
        """How many intervals all regions have together."""
        return sum([len(region.pieces) for region in self.regions.values()])

    def _of(self, field: str) -> Region:
        return self.regions[field] if field in self.regions else universe(field)

    def meets(self, other: Box) -> bool:
        """Whether some input may lie in both."""
        mine = self.regions
        for field, theirs in other.regions.items():
            if field in mine and mine[field].apart(theirs):
                return False
        if self.cells.isdisjoint(other.cells):
            return False
        return all(mine[f] & other.regions[f] for f in other.regions if f in mine)

    def minus(self, other: Box) -> list[Box]:
        """What is left of this box outside another, as boxes that do not meet each other."""
        shared: dict[str, Region] = {}
        for field, taken in other.regions.items():
            shared[field] = self._of(field) & taken
            if not shared[field]:
                return [self]
        inside = Box(self.cells & other.cells, self.regions)
        left = [Box(self.cells - other.cells, self.regions)]
        for field, both in shared.items() if inside.cells else ():
            left.append(Box(inside.cells, {**inside.regions, field: inside._of(field) - other.regions[field]}))
            inside = Box(inside.cells, {**inside.regions, field: both})
        return [box for box in left if box]


def box(predicates: Iterable[Predicate], cells: frozenset[Cell]) -> Box:
    """The box of a row's conditions on fields, within the cells that it selects."""
    regions: dict[str, Region] = {}
    for predicate in predicates:
        found = region(predicate)
        known = regions.get(predicate.field)
        regions[predicate.field] = found if known is None else known & found
    return Box(cells, regions)
