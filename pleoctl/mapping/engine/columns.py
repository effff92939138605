"""One field of the line table: the ways of rows that ask for it, filed under what they ask of it.

A way is filed in one column, by its most telling condition: under an exact value (hash), else a beginning (hash of the
shortest prefix, then of each longer one that begins like it), else what is searched for (one pass over the text where
that is much), else with those that are always tried. Suppliers, tags and the like come again and again: which ways
their values leave, all that is asked of the field being tested, is kept. Amounts are not likely to; what they leave is
kept for all amounts that no bound of a row lies between.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.facts import compared, is_of_line, reader
from pleoctl.mapping.engine.sieve import WORTH, Sieve, beginning, ending
from pleoctl.mapping.rules.predicates import folding
from pleoctl.mapping.vocabulary import NUMBERS, PER_ATTENDEE, tag_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.rules.predicates import Predicate

    Test = Callable[[Any], bool]

#: Keys of a field about which is kept what was found out, and as many that came before these.
MOST: Final = 8192
#: The same of all ways that are kept for them.
_MOST_WAYS: Final = 1 << 20
#: The ways of most keys: one list, since others would be found in other places of the memory, each anew.
_NONE: Final[list[int]] = []
#: Regexes that are worth a sieve, as each takes as long as one.
_WORTH_REGEXES: Final = 2
#: Longer texts are not kept.
_LONGEST: Final = 128


def column(field: str) -> Column:
    """The column of a field."""
    return Numbers(field) if field in NUMBERS or field == PER_ATTENDEE else Column(field)


class Column:
    """The ways that a field leads to."""

    def __init__(self, field: str) -> None:
        """None is filed yet."""
        self.field = field
        self.of_line, self.of_tag = is_of_line(field), tag_group(field) is not None
        #: What ``known`` has something about: of a line, the field as it was sent.
        self.read: Callable[[Facts], Any] = reader(field)
        #: The ways that it leads to.
        self.known: dict[Any, list[int]] = {}
        self._earlier: dict[Any, list[int]] = {}
        self._kept = 0
        self._values: dict[Any, Any] = {}
        self._fold = folding(field)
        self._exact: dict[Any, list[int]] = {}
        self._prefix: dict[Any, list[int]] = {}
        self._contained: dict[Any, list[int]] = {}
        self._ended: dict[Any, list[int]] = {}
        self._searched: dict[Any, list[int]] = {}
        #: The same by the kind of condition.
        self._by = {
            "in": self._exact,
            "startsWith": self._prefix,
            "contains": self._contained,
            "endsWith": self._ended,
            "regex": self._searched,
        }
        self._shortest = 0
        self._begun: dict[str, dict[int, dict[str, list[int]]]] = {}
        self._sieve: Sieve | None = None
        self._others: list[int] = []
        self._tests: dict[int, list[Test]] = {}
        self._alone: set[int] = set()

    @property
    def leads(self) -> bool:
        """Whether anything is filed."""
        return bool(self._tests)

    def file(self, way: int, first: Predicate, asked: list[Predicate], *, alone: bool) -> None:
        """File a way by its most telling condition, one of all that are ``asked`` of this field.

        ``alone``: of no other field does it ask anything, and it has no exceptions.
        """
        self._tests[way] = [one.test() for one in asked]
        if alone:
            self._alone.add(way)
        by = self._by.get(first.kind)
        if by is None:
            self._others.append(way)
            return
        for value in first.values:
            by.setdefault(value, []).append(way)

    def close(self) -> None:
        """Nothing more is filed."""
        self._shortest = min(map(len, self._prefix), default=0)
        for text, ways in self._prefix.items():
            lengths = self._begun.setdefault(text[: self._shortest], {})
            lengths.setdefault(len(text), {})[text] = ways
        searched = len(self._searched)
        if searched < _WORTH_REGEXES and searched + len(self._contained) + len(self._ended) < WORTH:
            self._others += [way for ways in self._searched.values() for way in ways]
            return
        for text, ways in self._contained.items():
            self._searched.setdefault(beginning(text), []).extend(ways)
        for text, ways in self._ended.items():
            self._searched.setdefault(ending(text), []).extend(ways)
        self._contained, self._ended, self._sieve = {}, {}, Sieve(self._searched)

    def value(self, facts: Facts) -> Any:
        """What a line has in the field, as conditions compare it."""
        key, values = self.read(facts), self._values
        return values[key] if key in values else self._value(key)

    def _value(self, key: Any) -> Any:
        value = self._fold(key)
        if len(self._values) >= MOST:
            self._values.clear()
        if key is None or len(key) < _LONGEST:
            self._values[key] = value
        return value

    def meet(self, key: Any) -> list[int]:
        """What ``known`` does not have of a key, and may have from now on."""
        ways = self._earlier.get(key)
        if ways is None:
            value = self._fold(key)
            ways = self._left(self._filed(value), value)
        if key is None or len(key) < _LONGEST:
            self._keep(key, ways)
        return ways

    def _keep(self, key: Any, ways: list[int]) -> None:
        self._kept += len(ways)
        if len(self.known) >= MOST or self._kept > _MOST_WAYS:
            # Others hold on to what is known.
            self._earlier = self.known.copy()
            self.known.clear()
            self._kept = len(ways)
        self.known[key] = ways

    def _left(self, ways: list[int], value: Any) -> list[int]:
        """Those of which a value has all that they ask of the field; none behind one that asks for nothing else."""
        if not ways:
            return _NONE
        left: list[int] = []
        for way in sorted({*ways}) if len(ways) > 1 else ways:
            for test in self._tests[way]:
                if not test(value):
                    break
            else:
                left.append(way)
                if way in self._alone:
                    break
        return left or _NONE

    def _filed(self, value: Any) -> list[int]:
        """All ways that a value can lead to."""
        found = self._others + self._exact.get(value, _NONE)
        if value is None:
            return found
        if self._begun and (lengths := self._begun.get(value[: self._shortest])):
            for length, prefixes in lengths.items():
                found += prefixes.get(value[:length], ())
        if self._sieve is not None:
            found += self._sieve.pick(value)
            return found
        for text, ways in self._contained.items():
            if text in value:
                found += ways
        for text, ways in self._ended.items():
            if value.endswith(text):
                found += ways
        return found


class Numbers(Column):
    """The same of a field of numbers, which are looked up by what bounds of rows they lie between."""

    def __init__(self, field: str) -> None:
        """None is filed yet."""
        super().__init__(field)
        self._number = compared(field)
        self.read = self._between
        #: Whole numbers, each of which may be taken otherwise than the one below.
        self._bounds: list[int] = []

    def file(self, way: int, first: Predicate, asked: list[Predicate], *, alone: bool) -> None:
        """See `Column`."""
        super().file(way, first, asked, alone=alone)
        for one in (part for whole in asked for part in whole.all()):
            pairs = [one.values] if one.kind == "range" else [(value, value) for value in one.values]
            self._bounds += [int(low) for low, _ in pairs if low is not None]
            self._bounds += [int(high) + 1 for _, high in pairs if high is not None]

    def close(self) -> None:
        """See `Column`."""
        super().close()
        self._bounds = sorted({*self._bounds})

    def value(self, facts: Facts) -> Any:
        """See `Column`."""
        return self._number(facts)

    def meet(self, key: Any) -> list[int]:
        """See `Column`."""
        value = None if key is None else self._bounds[key - 1] if key else min(self._bounds, default=0) - 1
        ways = self._others + self._exact.get(value, [])
        left = self._left(ways, value)
        self._keep(key, left)
        return left

    def _between(self, facts: Facts) -> int | None:
        value = self._number(facts)
        return None if value is None else bisect_right(self._bounds, value)
