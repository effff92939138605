"""The columns of tags: a line is asked which it has, tag by tag, not each column whether there is one for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.vocabulary import tag_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.engine.columns import Column
    from pleoctl.mapping.items import Tag

    #: The column's own bit, what it knows of codes, and what finds out what it does not.
    Look = tuple[int, dict[Any, list[int]], Callable[[Any], list[int]]]

#: Spellings of groups that are kept; where there are more, all are forgotten.
MOST: Final = 4096


class Tagged:
    """Columns of tag groups."""

    def __init__(self, columns: Iterable[Column]) -> None:
        """The columns are closed, and lead to some."""
        listed = [*columns]
        self._looks: dict[str, Look] = {
            tag_group(one.field) or "": (1 << number, one.known, one.meet) for number, one in enumerate(listed)
        }
        #: What lines lead to that have no tag of a group.
        self._absent = [(1 << number, ways) for number, one in enumerate(listed) if (ways := one.meet(None))]
        self._spelt: dict[str, Look | None] = {}

    def led(self, tags: Iterable[Tag | None], found: list[int]) -> list[int]:
        """What was found, and what the first tag of each group leads to."""
        spelt, had = self._spelt, 0
        for tag in tags:
            if tag is None or not tag.code:
                continue
            group = tag.group_code
            try:
                look = spelt[group]
            except KeyError:
                look = self._spell(group)
            if look is None or look[0] & had:
                continue
            bit, known, meet = look
            had |= bit
            ways = known.get(tag.code)
            if ways is None:
                ways = meet(tag.code)
            if ways:
                found = found + ways if found else ways
        for bit, ways in self._absent:
            if not bit & had:
                found = found + ways
        return found

    def _spell(self, group: str) -> Look | None:
        if len(self._spelt) >= MOST:
            self._spelt.clear()
        look = self._spelt[group] = self._looks.get(group.casefold())
        return look
