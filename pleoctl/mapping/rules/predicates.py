"""Predicates of line rules: what a field's value must be.

A predicate asks for values, or joins others by ``not`` and ``any``. Text of folded fields (supplier, note, tags) is
compared by casefold, all other text character by character; an absent field matches only a null.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal
from unicodedata import normalize

import msgspec

from pleoctl.mapping.rules.regex import compiled, translate
from pleoctl.mapping.vocabulary import DATE, PER_ATTENDEE, WEEKDAY, WEEKDAYS, is_folded, tag_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.place import Place

Kind = Literal["in", "startsWith", "endsWith", "contains", "range", "regex", "not", "any"]
Value = str | int | None


class Predicate(msgspec.Struct, frozen=True, eq=False):
    """A predicate of one field, with its operands already folded where the field is.

    ``field`` has its tag group folded; ``label`` is the field as written, ``shown`` the predicate, ``place`` where.
    ``values`` are the operands: the listed values of ``in`` (None for null), the two bounds of ``range``
    (None for open), else the texts of which one is enough. ``parts`` are the predicates that ``not`` and ``any`` join.
    Two are the same that ask the same, wherever and however they are written.
    """

    field: str
    kind: Kind
    values: tuple[Value, ...]
    label: str
    shown: Any
    place: Place
    parts: tuple[Predicate, ...] = ()

    @property
    def _asked(self) -> tuple[Any, ...]:
        return self.field, self.kind, self.values, self.parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Predicate) and self._asked == other._asked

    def __hash__(self) -> int:
        return hash(self._asked)

    def all(self) -> Iterator[Predicate]:
        """The predicate, or those that it is made of."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.all()

    def test(self) -> Callable[[Any], bool]:
        """A compiled test of a value that `folded` has prepared."""
        if self.kind == "in":
            return frozenset(self.values).__contains__
        if self.parts:
            tests = [part.test() for part in self.parts]
            return _not(*tests) if self.kind == "not" else _any(tests)
        made: Callable[[Any], bool] = _TESTS[self.kind](*self.values)
        return made


def _not(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: not test(value)


def _any(tests: list[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    return lambda value: any(test(value) for test in tests)


def _starts(*prefixes: str) -> Callable[[Any], bool]:
    return lambda value: value is not None and value.startswith(prefixes)


def _ends(*suffixes: str) -> Callable[[Any], bool]:
    return lambda value: value is not None and value.endswith(suffixes)


def _contains(*needles: str) -> Callable[[Any], bool]:
    if len(needles) == 1:
        (needle,) = needles
        return lambda value: value is not None and needle in value
    return lambda value: value is not None and any(needle in value for needle in needles)


def _range(low: Any, high: Any) -> Callable[[Any], bool]:
    length = digits(low) or digits(high)

    def test(value: Any) -> bool:
        if value is None or (low is not None and value < low) or (high is not None and value > high):
            return False
        return length is None or digits(value) in {None, length}

    return test


def digits(value: Value) -> int | None:
    """How many digits a text of digits has; None for any other value."""
    return len(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else None


def _regex(pattern: str) -> Callable[[Any], bool]:
    search = compiled(pattern).test
    return lambda value: value is not None and search(value)


_TESTS: dict[str, Any] = {
    "startsWith": _starts,
    "endsWith": _ends,
    "contains": _contains,
    "range": _range,
    "regex": _regex,
}


def folded(name: str, value: Any) -> Any:
    """A field's value as predicates compare it; see `folding`."""
    return folding(name)(value)


def folding(name: str) -> Callable[[Any], Any]:
    """What makes of a field's value that which predicates compare.

    What looks the same is the same, an empty text is absent. A day is counted, so that one follows on another, and days
    of the week are from 0. Numbers that need not be whole are doubled, and what lies between two whole ones is the odd
    number between, since rules name whole numbers alone.
    """
    return _FOLDING.get(name) or (_folded_text if is_folded(name) else _exact_text)


def _folded_text(value: Any) -> Any:
    return prepared(value, fold=True) if isinstance(value, str) else value


def _exact_text(value: Any) -> Any:
    return prepared(value, fold=False) if isinstance(value, str) else value


def _day(value: Any) -> Any:
    return date.fromisoformat(value[:10]).toordinal() if isinstance(value, str) else value


def _weekday(value: Any) -> Any:
    return WEEKDAYS.index(value) if isinstance(value, str) else value


def _doubled(value: Any) -> Any:
    from fractions import Fraction  # 0.5 ms that few rules need

    return None if value is None else 2 * int(value) + (Fraction(value).denominator > 1)


_FOLDING: Final[dict[str, Callable[[Any], Any]]] = {DATE: _day, WEEKDAY: _weekday, PER_ATTENDEE: _doubled}


def prepared(text: str, *, fold: bool) -> str | None:
    """A text in NFC, with single blanks of one kind inside and none around, maybe folded; None if nothing is left."""
    # Most texts are as they should be; that is seen in a third of the time that taking them apart takes.
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return (text.lower() if fold else text) or None
    squeezed = " ".join(text.split())
    if squeezed.isascii():
        return (squeezed.lower() if fold else squeezed) or None
    composed = normalize("NFC", squeezed)
    return normalize("NFC", composed.casefold()) if fold else composed


def _part(name: str, text: str) -> str:
    """An operand that is part of a text: the blanks at its ends are meant."""
    inner = folded(name, text) or ""
    return f"{' ' * text[:1].isspace()}{inner}{' ' * (bool(inner) and text[-1:].isspace())}"


def predicate(label: str, given: Any, place: Place) -> Predicate:
    """The predicate that a rule file gives for a field. Raises `regex.Refused` for a regex that cannot be used."""
    name = label if tag_group(label) is None else label.casefold()
    if isinstance(given, dict):
        ((kind, operand),) = given.items()
        if kind == "regex":
            written = translate(normalize("NFC", operand), folded=is_folded(name))
            return Predicate(name, kind, (written,), label, given, place)
        if kind in {"not", "any"}:
            parts = tuple(predicate(label, part, place) for part in ([operand] if kind == "not" else operand))
            return Predicate(name, kind, (), label, given, place, parts)
        if kind == "range":
            return Predicate(name, kind, tuple(folded(name, v) for v in operand), label, given, place)
        listed = operand if isinstance(operand, list) else [operand]
        operands = tuple(dict.fromkeys(_part(name, text) for text in listed))
        return Predicate(name, kind, operands, label, given, place)
    listed = given if isinstance(given, list) else [given]
    return Predicate(name, "in", tuple(dict.fromkeys(folded(name, v) for v in listed)), label, given, place)
