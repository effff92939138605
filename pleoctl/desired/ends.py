"""Where the rows of a desired-state file end, so that it is known which of them a comment speaks of."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from pleoctl.desired.entries import OPENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pleoctl.desired.lines import Note

_AT_ONCE: Final = 1 << 16
# What may stand in a line before a row, or a key, that begins there.
_BEFORE: Final = " \t-,[{?\x85\u2028\u2029"
_KEY: Final = rf".*:[ \t]+(?:[&!]\S+ +)?{OPENS}"
_NAMED: Final = r" *(?:- +)?&\S+[ \t]*(?:#.*)?"


class LinesOf:
    """The lines of a text, each made as it is asked for: a list of them would take more room than the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._begins = array("l", [0])
        for start in range(0, len(text), _AT_ONCE):
            *whole, _ = text[start : start + _AT_ONCE].split("\n")
            lengths = (len(line) + 1 for line in whole)
            self._begins.extend(islice(accumulate(lengths, initial=start), 1, None))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._begins)

    def __getitem__(self, at: int) -> str:
        """One of them, by its number from 0."""
        end = self._begins[at + 1] - 1 if at + 1 < len(self._begins) else len(self._text)
        return self._text[self._begins[at] : end]

    def is_empty(self, at: int) -> bool:
        """Whether it says nothing."""
        begin = self._begins[at]
        end = self._begins[at + 1] - 1 if at + 1 < len(self._begins) else len(self._text)
        # Few lines end with a blank.
        return begin == end or (self._text[end - 1].isspace() and self._text[begin:end].isspace())


def set_apart(notes: Iterable[Note], lines: LinesOf) -> Iterator[Note]:
    """The comments of a text, and the empty lines right above and below those that have lines of their own.

    An empty line has the number of its comment, so that both are put at the same row.
    """
    for note in notes:
        number, _, own = note
        if own and number > 1 and lines.is_empty(number - 2):
            yield number, "", True
        yield note
        if own and number < len(lines) and lines.is_empty(number):
            yield number, "", True


class Ends:
    """Where slots end that begin in the lines ``begins`` and the ``columns`` of a text."""

    def __init__(self, text: str, lines: LinesOf, begins: Sequence[int], columns: Sequence[int]) -> None:
        self._lines, self._begins, self._columns = lines, begins, columns
        self._opens = re.search(rf"{OPENS}\n", text) is not None

    def last_of(self, at: int) -> int:
        """The last line of a slot."""
        lines, begins = self._lines, self._begins
        first = begins[at]
        following = begins[at + 1] if at + 1 < len(begins) else len(lines) + 1
        if at + 1 < len(begins) and lines[following - 1][: self._columns[at + 1] - 1].strip(_BEFORE):
            return following  # it ends where the next begins
        last = following - 1
        # A dash alone says nothing, either: a row begins where its first key stands.
        while last > first and lines[last - 1].lstrip(" \t-,")[:1] in {"", "#"}:
            last -= 1
        return self._below_text(first, last) if self._opens else last

    def _below_text(self, first: int, last: int) -> int:
        """The last line, where a row may end with a text of several lines."""
        lines, depth = self._lines, self._depth(first, last)
        key = max(n for n in range(first, last + 1) if n == first or _is_key(lines[n - 1], depth))
        return last_below(lines, key, depth) if re.fullmatch(_KEY, lines[key - 1]) else last

    def _depth(self, first: int, last: int) -> int:
        """Behind how many blanks the keys of a row stand."""
        lines = self._lines
        while re.fullmatch(_NAMED, lines[first - 1]) and first < last:
            first += 1
            while first < last and lines[first - 1].lstrip(" \t")[:1] in {"", "#"}:
                first += 1
        line = lines[first - 1]
        return len(line) - len(line.lstrip(" -"))


def last_below(lines: LinesOf, line: int, depth: int) -> int:
    """The last line of a text whose key, in ``line``, is ``depth`` deep, and of the comments below that are as deep."""
    last = at = line
    while at < len(lines):
        words = lines[at].strip(" ")
        blanks = _blanks(lines[at])
        if words and (blanks < depth or (blanks == depth and words[0] != "#")):
            break
        at += 1
        last = at if words else last
    return last


def _is_key(line: str, depth: int) -> bool:
    return _blanks(line) == depth and not line.startswith("#", depth)


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
