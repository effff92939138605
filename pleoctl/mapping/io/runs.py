"""Elements of lists in JSON, decoded many at once where they look like those before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.io.lines import BAD, CHUNK
from pleoctl.mapping.items import decode_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.items import Item


class Runs:
    """What is known of how elements follow one another.

    A run of them ends before what stood between two elements, the first key of the next one included, or between a
    list and the key behind it. That decides nothing: a run is read as a list of items, and what is none is left to
    whoever takes care of the next element.
    """

    def __init__(self) -> None:
        """Nothing is known of any element."""
        self._between = self._ending = ""
        self._reach = CHUNK

    def learn(self, behind: str, length: int, *, ended: bool) -> None:
        """What stood behind an element of a length that took care, from its last sign to the end of the next key."""
        if ended:
            self._ending = behind
        else:
            self._between = behind
        # Where elements take care again and again, no more than a few of them are tried in vain for each.
        self._reach = min(2 * length, CHUNK)

    def elements(self, text: str, at: int) -> tuple[list[Item] | None, int]:
        """The elements of a run from an offset on, and the offset behind it."""
        for stop in self._stops(text, at) if self._between else ():
            try:
                found = decode_list(raw(f"[{text[at:stop]}]"))
            except BAD:
                continue
            self._reach = min(max(self._reach, 2 * (stop - at)), CHUNK)
            return found, stop
        return None, at

    def _stops(self, text: str, at: int) -> Iterator[int]:
        """Where a run may end: as far as it reaches, behind the last element of its list, then ever shorter."""
        last = text.rfind(self._between, at, at + self._reach)
        if last >= 0:
            yield last + 1
        end = text.find(self._ending, at, at + self._reach if last < 0 else last) if self._ending else -1
        if end >= 0:
            yield end + 1
        while (last := text.rfind(self._between, at, (at + last) // 2)) >= 0:
            yield last + 1


def raw(text: str) -> bytes:
    """The bytes whose signs a text has."""
    return text.encode("latin-1")
