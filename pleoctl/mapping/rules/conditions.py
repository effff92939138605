"""From ``when``, ``unless``, ``from`` and ``until`` of a row to what it asks, with what schemas cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules.predicates import Predicate, digits, folded, predicate
from pleoctl.mapping.rules.regex import MAX_SIZE, Refused, compiled
from pleoctl.mapping.rules.when import When
from pleoctl.mapping.vocabulary import DATE
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from pleoctl.documents.document import Steps
    from pleoctl.errors import Finding
    from pleoctl.mapping.rules.when import Way
    from pleoctl.place import Place

#: Ways that `any` may make of one row.
MAX_WAYS: Final = 1000


class Origin(Protocol):
    """Where rows come from: says where a value stands, and points findings at it."""

    def place(self, *path: str | int) -> Place:
        """Where a value stands."""
        ...

    def finding(self, path: Steps, message: str, hint: str | None = None, code: str = "invalid-file") -> Finding:
        """A finding that points at a value."""
        ...


class Conditions:
    """Reads what rows ask; ``problems`` are told and make the rules unusable."""

    def __init__(self, problems: list[Finding]) -> None:
        """``problems``: where findings go."""
        self._problems = problems
        self._regexes = 0

    def read(self, origin: Origin, path: Steps, data: dict[str, Any]) -> When:
        """What a row asks."""
        each = self._each(origin, (*path, "when"), data["when"]) + self._days(origin, path, data)
        unless = self._ways(origin, (*path, "unless"), data["unless"]) if "unless" in data else ()
        return When(each, self._any(origin, (*path, "when"), data["when"]), unless)

    def _ways(self, origin: Origin, path: Steps, data: dict[str, Any]) -> tuple[Way, ...]:
        if not data:
            self._problems.append(origin.finding(path, "asks for nothing, so it always holds", "name a field"))
        each, some = self._each(origin, path, data), self._any(origin, path, data)
        return tuple(each + way for way in some) if some else (each,)

    def _any(self, origin: Origin, path: Steps, data: dict[str, Any]) -> tuple[Way, ...]:
        listed = enumerate(data.get("any", ()))
        ways = [way for index, part in listed for way in self._ways(origin, (*path, "any", index), part)]
        if len(ways) > MAX_WAYS:
            message = f"any has {len(ways)} ways to hold, more than {MAX_WAYS}"
            raise InvalidFile.of([origin.finding((*path, "any"), message, "write several rows")])
        return tuple(ways)

    def _each(self, origin: Origin, path: Steps, data: dict[str, Any]) -> Way:
        found = (self._predicate(origin, (*path, name), name, data[name]) for name in data if name != "any")
        return tuple(one for one in found if one is not None)

    def _predicate(self, origin: Origin, step: Steps, name: str, given: Any) -> Predicate | None:
        problem = _range_problem(name, given)
        try:
            made = None if problem else predicate(name, given, origin.place(*step))
        except Refused as error:
            made, problem = None, (f"regex cannot be used: {error}", "see Regexes in docs/mapping.md for what to write")
        if problem:
            self._problems.append(origin.finding(step, *problem))
        for part in made.all() if made is not None and (made.parts or made.kind == "regex") else ():
            if part.kind == "regex":
                self._count_regex(str(part.values[0]), origin, step)
        return made

    def _count_regex(self, written: str, origin: Origin, step: Steps) -> None:
        """End here where many regexes, each of which is small enough, take too long to make."""
        self._regexes += compiled(written).size
        if self._regexes > MAX_SIZE:
            message = "the regexes up to here are too large together"
            raise InvalidFile.of([origin.finding(step, message, "use startsWith or contains")])

    def _days(self, origin: Origin, path: Steps, data: dict[str, Any]) -> Way:
        """What ``from`` and ``until`` ask of the posting date."""
        given = {name: data[name] for name in ("from", "until") if name in data}
        for name, day in given.items():
            if not is_day(day):
                self._problems.append(origin.finding((*path, name), f"{day!r} is no day", 'write "2026-12-31"'))
                return ()
        first, last = (folded(DATE, given.get(name)) for name in ("from", "until"))
        if None not in (first, last) and first > last:
            self._problems.append(origin.finding((*path, "until"), "until is before from", "exchange the two"))
        place = origin.place(*path, *list(given)[:1])
        return (Predicate(DATE, "range", (first, last), DATE, given, place),) if given else ()


def _range_problem(name: str, given: Any) -> tuple[str, str] | None:
    """What is wrong with a range, and what to do."""
    if isinstance(given, dict) and given.keys() & {"not", "any"}:
        parts = [given["not"]] if "not" in given else given["any"]
        return next((problem for part in parts if (problem := _range_problem(name, part))), None)
    if not isinstance(given, dict) or "range" not in given:
        return None
    low, high = (folded(name, bound) for bound in given["range"])
    if low is None and high is None:
        return "range has no bound", "write [min, max]; null is an open end"
    if None not in (counts := (digits(low), digits(high))) and counts[0] != counts[1]:
        words = f"range has bounds of different length, and no number lies between {low} and {high}"
        return words, "write two ranges, one for each length"
    shown = " … ".join(str(bound) for bound in given["range"])
    ends_first = None not in (low, high) and low > high
    return (f"range ends below its start: {shown}", "exchange the two") if ends_first else None
