"""What a row of the line table matches, as boxes: cells, and a region for each field that the row restricts.

Regions are independent of each other but for the fields of `pleoctl.mapping.analysis.linked`; a box that only values
fill which no item has together is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pleoctl.mapping.analysis.linked import LINKED, fit
from pleoctl.mapping.analysis.regions import region, universe
from pleoctl.mapping.analysis.texts import REGEX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from pleoctl.mapping.analysis.regions import Region
    from pleoctl.mapping.analysis.texts import Atom
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.vocabulary import Cell


@dataclass(frozen=True, slots=True)
class Box:
    """What a row matches: some cells, and for each restricted field a region."""

    cells: frozenset[Cell]
    regions: dict[str, Region]

    def __bool__(self) -> bool:
        return bool(self.cells) and all(self.regions.values()) and fit(self.regions)

    @property
    def weight(self) -> int:
        """About what an operation on the box costs."""
        return sum([1 + region.weight for region in self.regions.values()])

    @property
    def regexes(self) -> set[Atom]:
        """The regexes that it asks for, or that it leaves out."""
        pieces = (piece for region in self.regions.values() for piece in region.pieces)
        return {atom for piece in pieces for atom in piece.pos | piece.neg if atom[0] == REGEX}

    def veiled(self, regexes: AbstractSet[Atom]) -> set[str]:
        """Fields in which some of these regexes decide about everything in it."""
        regions = ((field, region) for field, region in self.regions.items() if not region.absent)
        return {field for field, region in regions if all(regexes & (p.pos | p.neg) for p in region.pieces)}

    def has_values(self, fields: Iterable[str]) -> bool:
        """Whether it has single texts in one of these fields, of which a regex says whether it matches them."""
        return any(p.high == p.low + "\0" for field in fields for p in self._of(field).pieces)

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
        both = mine.keys() & other.regions.keys()
        if not all(mine[field].meets(other.regions[field]) for field in both):
            return False
        return fit({**mine, **other.regions, **{f: mine[f] & other.regions[f] for f in both & LINKED}})

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
