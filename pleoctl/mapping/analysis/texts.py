"""Whether any text lies in an interval, meets some conditions and misses others: decided on automata.

Each bound, each ``contains`` and each ``endsWith`` is a small automaton that reads a text sign by sign; so is the rule
that compared texts have single blanks inside and none around. A text for all of them at once is a way through their
product that ends where all of them are content. Signs that no condition names behave alike, so one of each kind is
tried, and some dozens of states decide about all texts there are. Most questions are answered by a guessed text before.

A ``regex`` is not looked into: where the rest leaves nothing, nothing is left; else something may be.
"""

from __future__ import annotations

import sys
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unicodedata import combining, normalize

from pleoctl.mapping.rules.predicates import digits
from pleoctl.mapping.rules.regex import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Atom = tuple[str, str]
#: The condition that a text has so many digits, or is none of digits alone.
DIGITS: Final = "digits"
#: The condition that a text holds a match, which nobody looks into.
REGEX: Final = "regex"
#: States of single automata after which a question stays open; real ones need some hundreds.
MAX_STATES: Final = 100_000
#: A sign that hardly any rule names.
RARE: Final = "\u2603"
_DONE: Final = -1
_DEAD: Final = -2
_DIGITS: Final = "0123456789"
_SURROGATES: Final = range(0xD800, 0xE000)


def holds(atom: Atom, value: str) -> bool:
    """Whether a text meets a condition."""
    kind, text = atom
    if kind == DIGITS:
        return digits(value) in {None, int(text)}
    if kind == "endsWith":
        return value.endswith(text)
    return text in value if kind == "contains" else bool(compiled(text).test(value))


class Question(NamedTuple):
    """Whether a text from ``low`` up to, not including, ``high`` (None: no end) meets ``pos`` and misses ``neg``."""

    low: str
    high: str | None
    pos: frozenset[Atom]
    neg: frozenset[Atom]

    def admits(self, text: str) -> bool:
        """Whether a text is an answer."""
        inside = self.low <= text and (self.high is None or text < self.high)
        return inside and all(holds(a, text) for a in self.pos) and not any(holds(a, text) for a in self.neg)


@cache
def is_empty(question: Question) -> bool:
    """Whether there is certainly no such text."""
    if question.pos & question.neg:
        return True
    return not any(question.admits(text) for text in guesses(question)) and not _reachable(question)


def guesses(question: Question) -> Iterator[str]:
    """Texts that are likely answers: the lowest one, then what must be in, apart from each other."""
    inside = sorted(text for kind, text in question.pos if kind == "contains")
    end = max((text for kind, text in question.pos if kind == "endsWith"), key=len, default="")
    start = question.low.strip()
    apart = RARE.join([*inside, end])
    # A blank that a condition begins or ends with stands between two signs.
    for tail in (end, RARE + end, apart, RARE + apart):
        if text := (start + tail).strip():
            yield text


# --- automata --------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """An automaton: from a state and a sign to a state, `_DEAD` where nothing can follow; and where it may end."""

    start: int
    step: Callable[[int, str], int]
    ends: Callable[[int], bool]


def _reachable(question: Question) -> bool:
    parts = list(_parts(question))
    alphabet = _alphabet(question)
    start = tuple(part.start for part in parts)
    seen, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        if state != start and all(part.ends(at) for part, at in zip(parts, state, strict=True)):
            return True
        for sign in alphabet:
            following = tuple([part.step(at, sign) for part, at in zip(parts, state, strict=True)])
            if _DEAD not in following and following not in seen:
                seen.add(following)
                waiting.append(following)
        if len(seen) * len(parts) > MAX_STATES:
            return True
    return False


def _parts(question: Question) -> Iterator[Part]:
    yield _squeezed()
    if question.low:
        yield _from(question.low)
    if question.high is not None:
        yield _below(question.high)
    for atoms, wanted in ((question.pos, True), (question.neg, False)):
        for kind, text in sorted(atoms):
            if kind == "contains":
                yield _containing(text, wanted=wanted)
            elif kind == "endsWith":
                yield _ending(text, wanted=wanted)
            elif kind == DIGITS:
                yield _counting(int(text), wanted=wanted)


def _squeezed() -> Part:
    """Single blanks inside and none around: 1 behind a blank or at the start, else 0."""

    def step(state: int, sign: str) -> int:
        return 0 if sign != " " else _DEAD if state else 1

    return Part(1, step, lambda state: state == 0)


def _from(low: str) -> Part:
    """Not before a text: how much of it was read, `_DONE` where what comes no longer matters."""

    def step(state: int, sign: str) -> int:
        if state in {_DONE, len(low)} or sign > low[state]:
            return _DONE
        return state + 1 if sign == low[state] else _DEAD

    return Part(0, step, lambda state: state in {_DONE, len(low)})


def _below(high: str) -> Part:
    def step(state: int, sign: str) -> int:
        if state == _DONE or sign < high[state]:
            return _DONE
        return state + 1 if sign == high[state] and state + 1 < len(high) else _DEAD

    return Part(0 if high else _DEAD, step, lambda state: state != _DEAD)


def _containing(text: str, *, wanted: bool) -> Part:
    read = _reader(text)

    def step(state: int, sign: str) -> int:
        following = state if state == len(text) else read(state, sign)
        return _DEAD if following == len(text) and not wanted else following

    return Part(0, step, lambda state: (state == len(text)) is wanted)


def _ending(text: str, *, wanted: bool) -> Part:
    return Part(0, _reader(text), lambda state: (state == len(text)) is wanted)


def _reader(text: str) -> Callable[[int, str], int]:
    """How much of a text the signs read last are (Knuth, Morris, Pratt)."""
    back = [0] * (len(text) + 1)
    for length in range(1, len(text)):
        at = back[length]
        while at and text[at] != text[length]:
            at = back[at]
        back[length + 1] = at + (text[at] == text[length])

    def step(state: int, sign: str) -> int:
        while state and (state == len(text) or text[state] != sign):
            state = back[state]
        return state + (text[state] == sign)

    return step


def _counting(count: int, *, wanted: bool) -> Part:
    """So many digits, or not digits alone (`_DONE`); more than so many count as one more."""

    def step(state: int, sign: str) -> int:
        return _DONE if state == _DONE or sign not in _DIGITS else min(state + 1, count + 1)

    return Part(0, step, lambda state: (state in {_DONE, count}) is wanted)


# --- signs -----------------------------------------------------------------------------------------------------


def _alphabet(question: Question) -> list[str]:
    """The signs that conditions name, and one of all those between two of them."""
    atoms = question.pos | question.neg
    named = set(" ".join([question.low, question.high or "", *(text for kind, text in atoms if kind != DIGITS)])) | {
        " "
    }
    if any(kind == DIGITS for kind, _ in atoms):
        named |= set(_DIGITS)
    bounds = [-1, *sorted(map(ord, named)), sys.maxunicode + 1]
    between = [sign for low, high in pairwise(bounds) if (sign := _between(low + 1, high))]
    return [*sorted(named), *between]


@cache
def _between(low: int, high: int) -> str | None:
    """A sign that texts may have, from a number up to but not including another; None where there is none."""
    return next((chr(number) for number in _numbers(low, high) if _is_plain(chr(number))), None)


def _numbers(low: int, high: int) -> Iterable[int]:
    return (number for number in range(low, high) if number not in _SURROGATES)


def _is_plain(sign: str) -> bool:
    return not sign.isspace() and not combining(sign) and normalize("NFC", sign) == sign


def after_prefix(prefix: str) -> str | None:
    """The first text after all texts with a prefix; None where there is none."""
    kept = prefix.rstrip(chr(sys.maxunicode))
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


def piece_is_empty(low: Any, high: Any, pos: frozenset[Atom], neg: frozenset[Atom]) -> bool:
    """Whether certainly no value is left; numbers have no conditions beside their bounds."""
    if high is not None and low >= high:
        return True
    if not pos and not neg:
        return False
    if high == low + "\0":
        return not all(holds(a, low) for a in pos) or any(holds(a, low) for a in neg)
    return is_empty(Question(low, high, pos, neg))
