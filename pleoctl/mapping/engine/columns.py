"""One field of the line table: the ways of rows that ask for it, filed under what they ask of it.

A way is filed in one column, by its most telling condition: under an exact value (hash), else a beginning (hash of the
prefix, one look-up for each prefix length in use), else what is searched for (one pass over the text where that is
much), else with those that are always tried. Suppliers, tags and the like come again and again: which ways their values
leave, all that is asked of the field being tested, is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.facts import reader
from pleoctl.mapping.engine.sieve import WORTH, Sieve, beginning, patterns
from pleoctl.mapping.rules.predicates import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.rules.predicates import Predicate

    Test = Callable[[Any], bool]

#: Texts of a field about which is kept what was found out; where there are more, all are forgotten.
MOST: Final = 8192
#: Longer texts are not kept.
_LONGEST: Final = 64


class Column:
    """The ways that a field leads to."""

    def __init__(self, field: str) -> None:
        """None is filed yet."""
        self.field = field
        #: How the field of a line is read.
        self.read: Callable[[Facts], Any] = reader(field)
        #: By a value as it was sent: the value as conditions compare it, and the ways that it leads to.
        self.known: dict[Any, tuple[Any, list[int]]] = {}
        self._exact: dict[Any, list[int]] = {}
        self._prefix: dict[int, dict[str, list[int]]] = {}
        self._contained: dict[str, list[int]] = {}
        self._searched: dict[str, list[int]] = {}
        self._sieve: Sieve | None = None
        self._others: list[int] = []
        self._tests: dict[int, list[Test]] = {}
        self._alone: set[int] = set()

    def file(self, way: int, first: Predicate, tests: list[Test], *, alone: bool) -> None:
        """File a way by its most telling condition; ``tests`` are of all that it asks of this field.

        ``alone``: of no other field does it ask anything, and it has no exceptions.
        """
        self._tests[way] = tests
        if alone:
            self._alone.add(way)
        if first.kind == "in":
            for value in first.values:
                self._exact.setdefault(value, []).append(way)
        elif first.kind == "startsWith":
            for text in map(str, first.values):
                self._prefix.setdefault(len(text), {}).setdefault(text, []).append(way)
        elif first.kind == "contains":
            for text in map(str, first.values):
                self._contained.setdefault(text, []).append(way)
        elif wanted := patterns(first):
            for pattern in wanted:
                self._searched.setdefault(pattern, []).append(way)
        else:
            self._others.append(way)

    def close(self) -> None:
        """Nothing more is filed."""
        if len(self._searched) + len(self._contained) < WORTH:
            self._others += [way for ways in self._searched.values() for way in ways]
            return
        for text, ways in self._contained.items():
            self._searched.setdefault(beginning(text), []).extend(ways)
        self._contained, self._sieve = {}, Sieve(self._searched)

    def meet(self, given: Any) -> tuple[Any, list[int]]:
        """What ``known`` does not have of a value, and may have from now on."""
        value = folded(self.field, given)
        ways = self._filed(value)
        # Amounts and long texts seldom come again: their ways are tested one by one, until one holds.
        if given is None or (isinstance(given, str) and len(given) < _LONGEST):
            ways = [*self._left(ways, value)]
            if len(self.known) >= MOST:
                self.known.clear()
            self.known[given] = value, ways
        return value, ways

    def _left(self, ways: list[int], value: Any) -> Iterator[int]:
        """Those of which a value has all that they ask of the field; none behind one that asks for nothing else."""
        for way in sorted({*ways}):
            if all(test(value) for test in self._tests[way]):
                yield way
                if way in self._alone:
                    return

    def _filed(self, value: Any) -> list[int]:
        """All ways that a value can lead to."""
        found = self._others + self._exact.get(value, [])
        if value is None:
            return found
        for length, prefixes in self._prefix.items():
            found += prefixes.get(value[:length], ())
        for text, ways in self._contained.items():
            if text in value:
                found += ways
        return found if self._sieve is None else found + self._sieve.pick(value)
