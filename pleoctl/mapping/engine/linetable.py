"""The line table of one cell, compiled: the first row that matches, found without trying them all.

Each way in which a row may hold is filed in the column of its most telling condition. Only what the values of a line
lead to there is tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.columns import Column
from pleoctl.mapping.engine.facts import rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.rules.model import LineRow
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.rules.when import Way
    from pleoctl.mapping.vocabulary import Cell

#: The number of a column, and what a value in it must be.
Test = tuple[int, "Callable[[Any], bool]"]

#: How telling conditions are; the least are the most. Those of the first two a column finds by themselves.
_TELLING: Final = {"in": 0, "startsWith": 1, "contains": 2, "endsWith": 2, "regex": 2}
_FOUND: Final = 1


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
        for column in self._columns:
            column.close()
        self._looks = [(column.read, column.known, column.meet) for column in self._columns]
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
        at = self._column(first.field)
        tests = [self._test(p) for p in way if p is not first or _telling(p)[0] > _FOUND]
        self._tests.append(tests)
        own = [test for position, test in tests if position == at]
        self._columns[at].file(index, first, own, alone=len(own) == len(tests) and not unless)

    def _column(self, field: str) -> int:
        at = self._position.setdefault(field, len(self._position))
        if at == len(self._columns):
            self._columns.append(Column(field))
        return at

    def _test(self, predicate: Predicate) -> Test:
        return self._column(predicate.field), predicate.test()

    def find(self, facts: Facts) -> LineRow | None:
        """The first row that matches a line."""
        values, found = [], self._always
        for read, known, meet in self._looks:
            given = read(facts)
            value, ways = known.get(given) or meet(given)
            values.append(value)
            if ways:
                found = found + ways if found else ways
        for index in found if len(found) < 2 else sorted(found):
            for position, test in self._tests[index]:
                if not test(values[position]):
                    break
            else:
                if index not in self._unless or not self._is_excepted(index, values):
                    return self._rows[index]
        return None

    def _is_excepted(self, index: int, values: list[Any]) -> bool:
        return any(all(test(values[at]) for at, test in exception) for exception in self._unless[index])
