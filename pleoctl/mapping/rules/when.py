"""What a row asks of an item and a line: predicates that all hold, some of which one holds, and exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.mapping.vocabulary import CELL_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.vocabulary import Cell

#: Predicates that hold together.
Way = tuple["Predicate", ...]


def holds_in(way: Way, cell: Cell) -> bool:
    """Whether what is asked of type, subType and method holds in a cell."""
    return all(p.test()(cell[CELL_FIELDS.index(p.field)]) for p in way if p.field in CELL_FIELDS)


def _of_lines(way: Way) -> Way:
    return tuple(p for p in way if p.field not in CELL_FIELDS)


def _tests(way: Way) -> list[tuple[int, Callable[[Any], bool]]]:
    """What is asked of type, subType and method: where each stands in a cell, and what it must be."""
    return [(CELL_FIELDS.index(p.field), p.test()) for p in way if p.field in CELL_FIELDS]


def _one_holds(ways: list[list[tuple[int, Callable[[Any], bool]]]], cell: Cell) -> bool:
    for tests in ways:
        for index, test in tests:
            if not test(cell[index]):
                break
        else:
            return True
    return False


class When(msgspec.Struct, frozen=True):
    """Holds where all of ``each`` hold, one of ``some`` if there are any, and none of ``unless``."""

    each: Way = ()
    some: tuple[Way, ...] = ()
    unless: tuple[Way, ...] = ()

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways in which it may hold, exceptions aside; one of them is enough."""
        return tuple(self.each + way for way in self.some) if self.some else (self.each,)

    def predicates(self) -> Iterator[Predicate]:
        """Every predicate that asks for values, those of exceptions as well."""
        for way in (self.each, *self.some, *self.unless):
            for whole in way:
                yield from whole.all()

    def holding(self, cell: Cell) -> tuple[bool, ...]:
        """Which ways and exceptions are left in a cell; where these are the same, so is what is left to ask."""
        return tuple(holds_in(way, cell) for way in (*self.ways, *self.unless))

    def in_cell(self, cell: Cell) -> tuple[list[Way], list[Way]]:
        """What is left to ask of a line in a cell: the ways, none where it cannot hold, and the exceptions."""
        unless = [_of_lines(way) for way in self.unless if holds_in(way, cell)]
        if () in unless:
            return [], []
        return [_of_lines(way) for way in self.ways if holds_in(way, cell)], unless

    def cells(self, cells: Iterable[Cell]) -> Iterator[Cell]:
        """Those in which it may hold."""
        ways = [_tests(way) for way in self.ways]
        unless = [_tests(way) for way in self.unless if not _of_lines(way)]
        for cell in cells:
            if _one_holds(ways, cell) and not _one_holds(unless, cell):
                yield cell
