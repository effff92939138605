"""Inputs that show what a row does: one that it alone takes proves it alive, without working out all that is left.

A point is a cell and a value for each field. Of the boxes of a row likely points are made; whether another row takes
one is a look-up. Where no likely point tells, the algebra of `pleoctl.mapping.analysis.regions` decides.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.mapping.analysis.texts import RARE, Question, guesses
from pleoctl.mapping.vocabulary import DATE, NEVER_NULL, NUMBERS, PER_ATTENDEE, WEEKDAY, WEEKDAYS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.analysis.regions import Box, Piece, Region

_MONDAY: Final = date(2026, 1, 5).toordinal()
_LARGE: Final = 10**12 + 7


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
    if absent and field not in NEVER_NULL:
        return None
    return _LARGE if field in NUMBERS or field == PER_ATTENDEE else RARE


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
    for number in range(2):
        values = _values(box, number)
        if values is not None:
            yield from (Point(cell, values, usual) for cell in dict.fromkeys(cells) for usual in (True, False))


def _values(box: Box, number: int) -> dict[str, Any] | None:
    """A value of each restricted field; the days of the calendar go together."""
    values = {field: _pick(region, number) for field, region in box.regions.items() if field not in {DATE, WEEKDAY}}
    if DATE in box.regions or WEEKDAY in box.regions:
        day = _day(box)
        if day is None:
            return None
        values[DATE], values[WEEKDAY] = day, (day - 1) % len(WEEKDAYS)
    return None if _NOTHING in values.values() else values


_NOTHING: Final = object()


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
