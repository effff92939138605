"""What tells texts apart that look alike: letters of other alphabets, signs that nobody sees."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.rules.predicates import prepared
from pleoctl.text import alike

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_SIGNS: Final = 2
_LONGEST: Final = 200


def unlike(predicate: Any, value: Any) -> str | None:
    """The signs by which a text misses a predicate that it seems to fulfil; None where anybody sees why it misses."""
    given = prepared(value, fold=True) if isinstance(value, str) else None
    if not given or len(given) > _LONGEST:
        return None
    return next((told for wanted, seen in _pairs(predicate, given) if (told := _signs(wanted, seen))), None)


def _pairs(predicate: Any, given: str) -> Iterator[tuple[str, str]]:
    """Each text that is asked for, and what of the given one is held against it."""
    kind, operand = next(iter(predicate.items())) if isinstance(predicate, dict) else (None, predicate)
    listed = operand if isinstance(operand, list) else [operand]
    if kind == "any":
        for part in listed:
            yield from _pairs(part, given)
    elif kind in {None, "startsWith", "endsWith"}:
        for text in listed:
            wanted = prepared(text, fold=True) if isinstance(text, str) else None
            if wanted:
                length = len(given) if kind is None else len(wanted)
                yield wanted, given[-length:] if kind == "endsWith" else given[:length]


def _signs(wanted: str, given: str) -> str | None:
    same = alike(wanted) == alike(given)
    if not same and abs(len(wanted) - len(given)) > _MOST_SIGNS:
        return None
    codes = SequenceMatcher(None, wanted, given, autojunk=False).get_opcodes()
    parts = [(wanted[a:b], given[c:d]) for kind, a, b, c, d in codes if kind != "equal"]
    there = "".join(missing + found for missing, found in parts)
    if not parts or there.isascii():
        return None
    if not same and max(len(text) for pair in parts for text in pair) > _MOST_SIGNS:
        return None
    shown = [(missing[:_MOST_SIGNS], found[:_MOST_SIGNS]) for missing, found in parts[:_MOST_SIGNS]]
    return ", ".join(f"{_names(found)} in place of {_names(missing)}" for missing, found in shown)


def _names(text: str) -> str:
    named = [f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".rstrip() for sign in text]
    return " and ".join(named) or "nothing"
