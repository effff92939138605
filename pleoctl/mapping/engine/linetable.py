"""The line table of one cell, compiled: the first row that matches, found without trying them all.

Each way in which a row may hold is filed in the column of its most telling condition. Only what the values of a line
lead to there is tested, and other fields are read only to test it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.columns import column
from pleoctl.mapping.engine.facts import MAY_FAIL, rank
from pleoctl.mapping.engine.tagged import Tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.engine.columns import Column
    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.items import Item
    from pleoctl.mapping.rules.model import LineRow
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.rules.when import Way
    from pleoctl.mapping.vocabulary import Cell

#: The number of a column, and what a value in it must be.
Test = tuple[int, "Callable[[Any], bool]"]
#: What a column knows something about, what it knows, and what finds out what it does not.
Look = tuple["Callable[[Facts], Any]", dict[Any, list[int]], "Callable[[Any], list[int]]"]

#: How telling conditions are; the least are the most.
_TELLING: Final = {"in": 0, "startsWith": 1, "contains": 2, "endsWith": 2, "regex": 2}


_UNREAD: Final = object()


def _telling(condition: Predicate) -> tuple[int, float]:
    return _TELLING.get(condition.kind, len(_TELLING)), rank(condition.field)


class LineTable:
    """The rows of the line table that can match in one cell, in their order (hit policy FIRST).

    A row that may hold in several ways is filed once for each of them.
    """

    def __init__(self, rows: Iterable[LineRow], cell: Cell) -> None:
        """Compile the rows whose conditions on type, subType and method hold in ``cell``."""
        self._rows: list[LineRow] = []
        self._tests: list[list[Test]] = []
        self._unless: dict[int, list[list[Test]]] = {}
        self._position: dict[str, int] = {}
        self._columns: list[Column] = []
        self._always: list[int] = []
        for row in rows:
            ways, unless = row.when.in_cell(cell)
            for way in ways:
                self._file(row, way, unless)
        for one in self._columns:
            one.close()
        self._values = [one.value for one in self._columns]
        self._of_item, self._of_line = self._looks(of_line=False), self._looks(of_line=True)
        tagged = [one for one in self._columns if one.of_tag and one.leads]
        self._tagged = Tagged(tagged) if tagged else None
        # The last item, and what it leads to whatever its lines are.
        self._item: Item | None = None
        self._found: list[int] = []
        self.has_rows = bool(self._rows)
        #: What the rows ask.
        self.fields = frozenset(self._position)

    def _file(self, row: LineRow, way: Way, unless: list[Way]) -> None:
        """File a way in its column, with what is asked there."""
        index = len(self._rows)
        self._rows.append(row)
        if unless:
            self._unless[index] = [[self._test(p) for p in exception] for exception in unless]
        if not way:
            self._always.append(index)
            self._tests.append([])
            return
        first = min(way, key=_telling)
        own = [p for p in way if p.field == first.field]
        self._tests.append([self._test(p) for p in way if p.field != first.field])
        self._columns[self._column(first.field)].file(index, first, own, alone=len(own) == len(way) and not unless)

    def _column(self, field: str) -> int:
        at = self._position.setdefault(field, len(self._position))
        if at == len(self._columns):
            self._columns.append(column(field))
        return at

    def _test(self, predicate: Predicate) -> Test:
        return self._column(predicate.field), predicate.test()

    def _looks(self, *, of_line: bool) -> list[Look]:
        """The columns of fields that lead to ways, and of those whose failing must be told even so."""
        return [
            (one.read, one.known, one.meet)
            for one in self._columns
            if one.of_line is of_line and not one.of_tag and (one.leads or one.field in MAY_FAIL)
        ]

    def find(self, facts: Facts) -> LineRow | None:
        """The first row that matches a line."""
        if facts.item is not self._item:
            self._found, self._item = _led(self._of_item, facts, self._always), facts.item
        found = _led(self._of_line, facts, self._found) if self._of_line else self._found
        if self._tagged is not None:
            found = self._tagged.led(facts.line.tags or (), found)
        if not found:
            return None
        read, values = [_UNREAD] * len(self._values), self._values
        for index in found if len(found) < 2 else sorted(found):
            # As `_holds` does it, which would be one call more for each of many.
            for at, test in self._tests[index]:
                value = read[at]
                if value is _UNREAD:
                    value = read[at] = values[at](facts)
                if not test(value):
                    break
            else:
                unless = self._unless.get(index)
                if unless is None or not any(self._holds(tests, facts, read) for tests in unless):
                    return self._rows[index]
        return None

    def _holds(self, tests: list[Test], facts: Facts, read: list[Any]) -> bool:
        """Whether a line has all that is asked; ``read`` are its values, as far as they were asked for before."""
        for at, test in tests:
            value = read[at]
            if value is _UNREAD:
                value = read[at] = self._values[at](facts)
            if not test(value):
                return False
        return True


def _led(looks: list[Look], facts: Facts, found: list[int]) -> list[int]:
    """What was found, and what the values of a line lead to."""
    for read, known, meet in looks:
        key = read(facts)
        ways = known.get(key)
        if ways is None:
            ways = meet(key)
        if ways:
            found = found + ways if found else ways
    return found
