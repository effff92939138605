"""A place in a text that goes on by what patterns match, and remembers where comments may stand."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from pleoctl.desired.entries import GAP, OPENED, OPENS, NotSimple, compiled, matched

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from pleoctl.desired.lines import Note


class Cursor:
    """``at`` is an offset of the text, ``line`` the number of its line, from 1, ``start`` where that begins.

    ``text`` is what patterns see of it.

    What was matched with a number sign in it is matched again when somebody asks for the comments: few do.
    """

    def __init__(self, text: str, *, noting: bool) -> None:
        """At the beginning; each line ends with a break, the last as well. Raises `NotSimple`.

        Without ``noting`` no number sign is seen, and no comment is remembered.
        """
        self._noting = noting
        self._cut_off = not text.endswith("\n")
        self._said = f"{text}\n" if self._cut_off else text
        self.text = matched(self._said)
        self.at, self.line, self.start = 0, 1, 0
        self.sign = self.sign_from(0)
        self._marks = array("q")
        self._patterns: list[re.Pattern[str]] = []
        self._numbers: dict[int, int] = {}

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at == len(self.text)

    @property
    def column(self) -> int:
        """The column, from 1."""
        return self.at - self.start + 1

    def is_cut_off(self, at: int) -> bool:
        """Whether a text of several lines may stand between an offset and the end, and the last line has no break."""
        return self._cut_off and compiled(rf"{OPENS}\n").search(self.text, at) is not None

    def cut(self, end: int) -> str:
        """The text as it was written from here to an offset, which it goes on from."""
        said = self._said[self.at : end - (self._cut_off and end == len(self.text))]
        self.move(end)
        return said

    def here(self) -> tuple[int, int, int, int]:
        """Where it is, for `back_to`."""
        return self.at, self.line, self.start, len(self._marks)

    def back_to(self, here: tuple[int, int, int, int]) -> None:
        """Go back to a place, and forget what was remembered since."""
        self.at, self.line, self.start, marks = here
        del self._marks[marks:]
        self.sign = self.sign_from(self.at)

    def sign_from(self, at: int) -> int:
        """Where the next number sign stands, behind the text if nowhere."""
        found = self.text.find("#", at) if self._noting else -1
        return len(self.text) if found < 0 else found

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go on behind what matches here, if anything does."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            if self.sign < found.end():
                self.mark(pattern, self.at, self.line, found.end())
            self.move(found.end())
        return found

    def need(self, pattern: str) -> re.Match[str]:
        """`take` what must stand here. Raises `NotSimple`."""
        found = self.take(compiled(pattern))
        if found is None:
            raise NotSimple
        return found

    def skip(self) -> None:
        """Go on to a line that says something."""
        self.take(compiled(GAP))

    def sees(self, words: str) -> bool:
        """Whether they stand here."""
        return self.text.startswith(words, self.at)

    def move(self, end: int) -> None:
        """Go on to an offset, in which comments in between are not remembered."""
        cut = self.text.rfind("\n", self.at, end)
        if cut >= 0:
            self.line += self.text.count("\n", self.at, end)
            self.start = cut + 1
        self.at = end
        if self.sign < end:
            self.sign = self.sign_from(end)

    def passed(self, found: list[re.Match[str]]) -> None:
        """Go on behind what matched, one behind the other from here."""
        at, line, end = self.at, self.line, found[-1].end()
        for one in found if self.sign < end else ():
            if self.sign < one.end():
                begin = one.start()
                if begin > at:
                    line += self.text.count("\n", at, begin)
                    at = begin
                self.mark(one.re, at, line, one.end())
        self.move(end)

    def mark(self, pattern: re.Pattern[str], at: int, line: int, end: int) -> None:
        """Remember what a pattern matches at an offset, up to another."""
        known = self._numbers.setdefault(id(pattern), len(self._patterns))
        if known == len(self._patterns):
            self._patterns.append(pattern)
        self._marks.extend((at, line, known))
        self.sign = self.sign_from(end)

    def notes(self) -> Iterator[Note]:
        """The comments in what is remembered: outside of the groups, which are values."""
        marks = iter(self._marks)
        for at, line, number in zip(marks, marks, marks, strict=True):
            found = self._patterns[number].match(self.text, at)
            if found is not None:
                yield from self._noted(found, line)

    def _noted(self, found: re.Match[str], line: int) -> Iterator[Note]:
        """The comments in what matched: at signs that stand in no value, up to the ends of their lines."""
        text, end, counted = self.text, found.end(), found.start()
        said = [*self._values(found)] if "#" in "".join(found.groups("")) else ()
        at = text.find("#", counted, end)
        while at >= 0:
            covering = next((last for first, last in said if first <= at < last), None)
            if covering is not None:
                at = text.find("#", covering, end)
                continue
            line += text.count("\n", counted, at)
            counted = text.index("\n", at)
            before = text[text.rfind("\n", 0, at) + 1 : at]
            yield line, text[at:counted].rstrip(), not before or before.isspace()
            at = text.find("#", counted, end)

    def _values(self, found: re.Match[str]) -> Iterator[tuple[int, int]]:
        """Where the groups of a match begin and end; a line that opens a text of several lines may have a comment."""
        for number in range(1, found.re.groups + 1):
            first, last = found.span(number)
            if first >= 0:
                opened = compiled(OPENED).match(self.text, first, last)
                yield self.text.index("\n", first) if opened else first, last
