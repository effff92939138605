"""What a file tells of the tax codes and tags of its lines, as far as it can be held against what was booked.

Files write codes of letters, digits and a few signs as they are, and may spell others otherwise (a colon as another
sign, a formula behind a quote). Of such a code nobody can say that a line lacks it, so it counts as there; so does any
code of an account that has no line of its own in the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LETTER: Final = r"[0-9A-Za-z\u00c0-\u024f]"
#: The signs stand for nothing in any of the files, a blank only where it is inside.
_SAFE: Final = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|[ ._+-])*(?:{_LETTER}|[._+-]))?")


class Line(NamedTuple):
    """One line of a file: its account, the tax codes that it may have been booked with, its tags by group."""

    account: str
    tax_codes: Sequence[str]
    tags: Mapping[str, str]


class Told(frozenset[tuple[str, str]]):
    """Pairs of an account and the code of a line on it; ``accounts`` are those of which lines are told."""

    accounts: frozenset[str]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], accounts: Iterable[str]) -> Told:
        """These pairs of these accounts."""
        made = cls(pairs)
        made.accounts = frozenset(accounts)
        return made

    def __contains__(self, pair: object) -> bool:
        """Whether a line has it, or may have it unseen."""
        if super().__contains__(pair) or not isinstance(pair, tuple):
            return True
        account, code = pair
        return account not in self.accounts or not is_safe(code)


class Groups(dict[str, Told]):
    """Pairs by tag group, where lines may be of any: a group that no line has is told as well."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Those that some line has."""
        groups = dict.fromkeys(group for line in lines for group in line.tags)
        super().__init__({group: _tags(lines, group) for group in groups})
        self._lines = lines

    def __contains__(self, group: object) -> bool:
        """Whether lines without it would be known to lack it."""
        return isinstance(group, str) and is_safe(group)

    def __missing__(self, group: str) -> Told:
        return _tags(self._lines, group)


def is_safe(code: str) -> bool:
    """Whether every file writes a code as it is."""
    return _SAFE.fullmatch(code) is not None


def tax_codes_of(lines: Sequence[Line]) -> Told:
    """The tax codes of lines."""
    pairs = ((line.account, code) for line in lines for code in line.tax_codes)
    return Told.of(pairs, (line.account for line in lines))


def tags_of(lines: Sequence[Line], groups: Iterable[str] | None) -> Mapping[str, Told]:
    """The tags of lines in each of the groups that they can have; None: any."""
    return Groups(lines) if groups is None else {group: _tags(lines, group) for group in groups}


def tags_in(text: str) -> dict[str, str]:
    """The tags of a line as `pleoctl.mapping.io.outputs.tags` writes them, ``DEPT=20, PROJ=7``; safe ones at least."""
    parts = (part.partition("=") for part in text.split(", "))
    return {group: code for group, sign, code in parts if sign}


def _tags(lines: Sequence[Line], group: str) -> Told:
    pairs = ((line.account, line.tags[group]) for line in lines if group in line.tags)
    return Told.of(pairs, (line.account for line in lines))
