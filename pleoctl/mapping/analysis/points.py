"""Inputs that show what a row does: one that it alone takes proves it alive, without working out all that is left.

A point is a cell and a value for each field. Of the boxes of a row likely points are made; whether another row takes
one is a look-up. Where no likely point tells, the algebra of `pleoctl.mapping.analysis.boxes` decides.
"""

from __future__ import annotations

from datetime import date
from itertools import chain, product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.mapping.analysis.linked import PAID, SUMS, sums
from pleoctl.mapping.analysis.regions import Piece, Region, universe
from pleoctl.mapping.analysis.texts import RARE, Question, guesses
from pleoctl.mapping.vocabulary import DATE, NEVER_NULL, NUMBERS, PER_ATTENDEE, WEEKDAY, WEEKDAYS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.mapping.analysis.boxes import Box

_MONDAY: Final = date(2026, 1, 5).toordinal()
_LARGE: Final = 10**12 + 7
_MANY: Final = 10**5 + 3
#: Sums that fit together: of an item without tax and attendees, and of one with both.
_BARE: Final = {"amount": _LARGE, "itemAmount": _LARGE, "netAmount": _LARGE, "attendees": 0}
_FULL: Final = {
    "amount": _LARGE,
    "itemAmount": _LARGE,
    "netAmount": _LARGE - 1,
    "attendees": _MANY,
    PER_ATTENDEE: 2 * (_LARGE // _MANY) + 1,
}


class Point(NamedTuple):
    """One input: its cell, and the values of the fields that are not as usual."""

    cell: Cell
    values: dict[str, Any]
    usual: bool

    def value(self, field: str) -> Any:
        """The value of a field."""
        return self.values[field] if field in self.values else _usual(field, absent=self.usual)


def _usual(field: str, *, absent: bool) -> Any:
    if field == DATE:
        return _MONDAY
    if field == WEEKDAY:
        return 0
    known = _BARE if absent else _FULL
    if field in known:
        return known[field]
    if absent and field not in NEVER_NULL:
        return None
    return _LARGE if field in NUMBERS else RARE


def holds(box: Box, point: Point) -> bool:
    """Whether a point lies in a box."""
    return point.cell in box.cells and all(_has(region, point.value(field)) for field, region in box.regions.items())


def _has(region: Region, value: Any) -> bool:
    if value is None:
        return region.absent
    return any(_within(piece, value) for piece in region.around(value))


def _within(piece: Piece, value: Any) -> bool:
    if not isinstance(value, str):
        return bool(piece.low <= value and (piece.high is None or value < piece.high))
    return Question(*piece).admits(value)


def points(box: Box) -> Iterator[Point]:
    """Likely points of a box: its lowest values and such as few rows know, elsewhere nothing or what nobody knows."""
    cells = [min(box.cells, key=str), max(box.cells, key=str)]
    for number, usual in product(range(2), (True, False)):
        values = _values(box, number, usual=usual)
        if values is not None:
            yield from (Point(cell, values, usual) for cell in dict.fromkeys(cells))


def _values(box: Box, number: int, *, usual: bool) -> dict[str, Any] | None:
    """A value of each restricted field; those that depend on each other go together."""
    alone = box.regions.keys() - SUMS - PAID - {DATE, WEEKDAY}
    values = {field: _pick(box.regions[field], number) for field in alone}
    if box.regions.keys() & PAID:
        values |= _paid(box.regions, number)
    if box.regions.keys() & SUMS:
        values |= _sums(box.regions, number, usual=usual)
    if DATE in box.regions or WEEKDAY in box.regions:
        day = _day(box)
        if day is None:
            return None
        values[DATE], values[WEEKDAY] = day, (day - 1) % len(WEEKDAYS)
    return None if _NOTHING in values.values() else values


def _paid(regions: Mapping[str, Region], number: int) -> dict[str, Any]:
    """Currency and amount of what was paid at the supplier's: both or none."""
    given = [regions[field] for field in PAID & regions.keys()]
    if all(region.absent for region in given) and (number or not all(region.pieces for region in given)):
        return dict.fromkeys(PAID)
    there = {field: Region(absent=False, pieces=regions.get(field, universe(field)).pieces) for field in PAID}
    return {field: _pick(region, number) for field, region in there.items()}


def _sums(regions: Mapping[str, Region], number: int, *, usual: bool) -> dict[str, Any]:
    """Sums, tax and attendees that come together: such as are likely, else any."""
    picked = {field: _pick(regions[field], number) for field in SUMS & regions.keys() & (NUMBERS | {PER_ATTENDEE})}
    likely = {**({} if usual else _TAXED), **regions, **{field: _just(value) for field, value in picked.items()}}
    for found in chain(sums(likely), sums(regions)):
        texts = {field: found[field] for field in _TAXED if found[field] is not None}
        values = {field: _pick(Region(absent=False, pieces=(piece,)), number) for field, piece in texts.items()}
        if _NOTHING not in values.values():
            return {**found, **values}
    return dict.fromkeys(regions.keys() & SUMS, _NOTHING)


def _just(value: Any) -> Region:
    """One value; nothing where there is none."""
    if value is None or value is _NOTHING:
        return Region(absent=value is None, pieces=())
    return Region(absent=False, pieces=(Piece(value, value + (1 if isinstance(value, int) else "\0")),))


_NOTHING: Final = object()
_TAXED: Final = {"taxType": _just(RARE), "taxCode": _just(RARE)}


def _pick(region: Region, number: int) -> Any:
    for piece in region.pieces[-1:] if number else region.pieces[:1]:
        if not isinstance(piece.low, str):
            return piece.low if not number or piece.high is None else piece.high - 1
        found = [text for text in guesses(Question(*piece)) if Question(*piece).admits(text)]
        if found:
            return found[min(number, len(found) - 1)]
    return None if region.absent else _NOTHING


def _day(box: Box) -> int | None:
    weekdays = box.regions.get(WEEKDAY)
    spans = [(p.low, p.high) for p in box.regions[DATE].pieces] if DATE in box.regions else [(_MONDAY, _MONDAY + 7)]
    for low, high in spans:
        for day in range(low, min(high, low + len(WEEKDAYS))):
            if weekdays is None or _has(weekdays, (day - 1) % len(WEEKDAYS)):
                return day
    return None
