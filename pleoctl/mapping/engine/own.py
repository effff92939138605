"""What lines have of their own, accounts and tags: each is asked about once, and remembered where nothing is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID

if TYPE_CHECKING:
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.items import Line, Tag
    from pleoctl.mapping.rules.model import Changes

#: Accounts, and tags, that are remembered; where there are more, all are forgotten.
MOST: Final = 4096

#: The account that rules take for the line's own, and again where it can be posted to.
Own = tuple[str | None, str | None]
_NONE: Final[Own] = (None, None)


class OwnAccounts:
    """The accounts of lines."""

    def __init__(self, lines: Lines) -> None:
        """Nothing is known yet."""
        self._lines = lines
        self._known: dict[tuple[str, str | None, str | None], Own] = {}

    def of(self, line: Line, currency: str) -> Own:
        """The account of a line, whose item is in a currency."""
        given = line.account
        # An account's name is told where it fails, and its id says no more than whether it means none.
        if given is None or given.id == NO_ACCOUNT_ID:
            return _NONE
        key = currency, given.code, given.identifier
        return self._known.get(key) or self._meet(key, line)

    def _meet(self, key: tuple[str, str | None, str | None], line: Line) -> Own:
        if len(self._known) >= MOST:
            self._known.clear()
        found = self._known[key] = self._lines.own(line, key[0])
        return found


class OwnTags:
    """The tags of lines. One is remembered if its group is spelt as the group was when it was first met.

    One that ends is asked about for each day.
    """

    def __init__(self, lines: Lines) -> None:
        """Nothing is known yet."""
        self._lines = lines
        self._in_order: set[Tag | None] = set()
        self._groups: dict[str, str] = {}

    def of(self, line: Line, changes: Changes, number: int, day: str) -> dict[str, str]:
        """The tags of a line on a day, and what is set in their place. Raises `ItemFailure` as `Lines.tags` does."""
        tags, in_order = line.tags or (), self._in_order
        made: dict[str, str] = {}
        for tag in tags:
            if tag is None or tag not in in_order:
                return self._meet(line, changes, number, day)
            made[tag.group_code] = tag.code
        if changes.tags or len(made) < len(tags):
            return self._lines.tags(line, changes, number, day)
        return made

    def _meet(self, line: Line, changes: Changes, number: int, day: str) -> dict[str, str]:
        made = self._lines.tags(line, changes, number, day)
        if len(self._in_order) >= MOST:
            self._in_order.clear()
            self._groups.clear()
        # What is left aside, or set, was not asked about.
        for tag in () if changes.tags else line.tags or ():
            if tag is not None and tag.code and made.get(tag.group_code) == tag.code:
                group = self._groups.setdefault(tag.group_code.casefold(), tag.group_code)
                if group == tag.group_code and self._lines.lasting(tag):
                    self._in_order.add(tag)
        return made
