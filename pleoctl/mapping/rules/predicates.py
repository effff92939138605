"""Predicates of line rules: what a field's value must be.

Every predicate is one of five kinds. Text of folded fields (supplier, note, tags) is compared by casefold, all other
text character by character; an absent field matches only a null.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from dataclasses import field as extra
from re import _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, Final, Literal

from pleoctl.mapping.vocabulary import TAG_PREFIX, is_folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.place import Place

Kind = Literal["in", "startsWith", "contains", "range", "regex"]
Value = str | int | None


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate of one field, with its operands already folded where the field is.

    ``field`` has its tag group folded; ``label`` is the field as written, ``shown`` the predicate, ``place`` where.
    ``values`` are the operands: the listed values of ``in`` (None for null), the two bounds of ``range``
    (None for open), else the one text.
    """

    field: str
    kind: Kind
    values: tuple[Value, ...]
    label: str = extra(compare=False)
    shown: Any = extra(compare=False)
    place: Place = extra(compare=False)

    def test(self) -> Callable[[Any], bool]:
        """A compiled test of a value that `folded` has prepared."""
        if self.kind == "in":
            return frozenset(self.values).__contains__
        made: Callable[[Any], bool] = _TESTS[self.kind](*self.values)
        return made


def _starts(prefix: str) -> Callable[[Any], bool]:
    return lambda value: value is not None and value.startswith(prefix)


def _contains(needle: str) -> Callable[[Any], bool]:
    return lambda value: value is not None and needle in value


def _range(low: Any, high: Any) -> Callable[[Any], bool]:
    return lambda v: v is not None and (low is None or v >= low) and (high is None or v <= high)


def _regex(pattern: str) -> Callable[[Any], bool]:
    search = re.compile(pattern).search
    return lambda value: value is not None and search(value) is not None


_TESTS: dict[str, Any] = {"startsWith": _starts, "contains": _contains, "range": _range, "regex": _regex}


MAX_REPEATS: Final = 3
MAX_WAYS: Final = 10_000
_SMALL_REPEAT: Final = 20
_REPEATS: Final = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def _refuse_costly(pattern: str) -> None:
    """Raise `re.error` for a pattern that may take for ever: rules come from branches, texts from anyone."""
    open_repeats, ways = _cost(_parser.parse(pattern), inside=False)
    if open_repeats > MAX_REPEATS:
        raise re.error(f"more than {MAX_REPEATS} open repeats (*, +) may take for ever; use startsWith or contains")
    if ways > MAX_WAYS:
        raise re.error("so many choices (?, {m,n}, |) may take for ever; use startsWith or contains")


def _cost(parsed: Any, *, inside: bool) -> tuple[int, int]:
    """How many open repeats a pattern has, and in how many ways its other choices can fall.

    Raises `re.error` for a choice inside an open repeat, and for back references.
    """
    open_repeats, ways = 0, 1
    for operation, argument in parsed:
        name = str(operation)
        if name in {"GROUPREF", "GROUPREF_EXISTS"}:
            raise re.error("back references may take for ever")
        low, high = (int(argument[0]), int(argument[1])) if name in _REPEATS else (1, 1)
        is_open = high > _SMALL_REPEAT
        if inside and (high > low or name == "BRANCH"):
            raise re.error("a repeat inside a repeat may take for ever; use startsWith or contains")
        parts = [_cost(part, inside=inside or is_open) for part in _parts(argument)]
        open_repeats += is_open + sum(part[0] for part in parts) * (1 if is_open else high)
        within = sum(part[1] for part in parts) if name == "BRANCH" else math.prod(part[1] for part in parts)
        if not is_open:
            ways *= (high - low + 1) * within**high
    return open_repeats, ways


def _parts(argument: Any) -> Iterator[Any]:
    """The patterns inside an operation's argument, however it packs them."""
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for item in argument:
            yield from _parts(item)


def folded(name: str, value: Any) -> Any:
    """A field's value as predicates compare it."""
    return value.casefold() if isinstance(value, str) and is_folded(name) else value


def _folded_pattern(pattern: str) -> str:
    """The pattern for folded values: any case, and letters that folding spells anew (ß) spelt so too."""
    letters = (c if c.lower() == c.casefold() else c.casefold() for c in pattern.removeprefix("(?i)"))
    return f"(?i:{''.join(letters)})"


def predicate(label: str, given: Any, place: Place) -> Predicate:
    """The predicate that a rule file gives for a field. Raises `re.error` for a regex that does not compile."""
    name = label.casefold() if label.startswith(TAG_PREFIX) else label
    if isinstance(given, dict):
        ((kind, operand),) = given.items()
        if kind == "regex":
            pattern = _folded_pattern(operand) if is_folded(name) else operand
            re.compile(pattern)
            _refuse_costly(operand)
            return Predicate(name, kind, (pattern,), label, given, place)
        operands = operand if kind == "range" else [operand]
        return Predicate(name, kind, tuple(folded(name, v) for v in operands), label, given, place)
    listed = given if isinstance(given, list) else [given]
    return Predicate(name, "in", tuple(dict.fromkeys(folded(name, v) for v in listed)), label, given, place)
