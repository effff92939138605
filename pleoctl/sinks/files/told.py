"""What a file tells of the tax codes and tags of its lines, as far as it can be held against what was booked.

Files write codes of letters, digits and a few signs as they are, and may spell others otherwise (a colon as another
sign, a formula behind a quote). Of such a code nobody can say that a line lacks it; nor of any code of an account that
has no line of its own in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pleoctl.sinks.base import Held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LETTER: Final = r"[0-9A-Za-z\u00c0-\u024f]"
#: The signs stand for nothing in any of the files, a blank only where it is inside.
_SAFE: Final = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|[ ._+-])*(?:{_LETTER}|[._+-]))?")


class Line(NamedTuple):
    """One line of a file: its account, the tax codes that it may have been booked with, its tags by group."""

    account: str
    tax_codes: Sequence[str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldInFile(Held):
    """A record of which a file tells the ``lines``; ``groups`` are the tag groups that it has room for, None: any."""

    lines: Sequence[Line]
    groups: frozenset[str] | None

    def lacks_tax_code(self, account: str, code: str) -> bool:
        """See `Held.lacks_tax_code`."""
        return self._tells(account, code) and Held.lacks_tax_code(self, account, code)

    def lacks_tag(self, group: str, account: str, code: str) -> bool:
        """See `Held.lacks_tag`; where lines may be of any group, one that none of them has is told as well."""
        if self.tags is None or not self._tells(account, code):
            return False
        if self.groups is None:
            return _is_safe(group) and (account, code) not in self.tags.get(group, ())
        return Held.lacks_tag(self, group, account, code)

    def _tells(self, account: str, code: str) -> bool:
        return _is_safe(code) and any(line.account == account for line in self.lines)


def _is_safe(code: str) -> bool:
    """Whether every file writes a code as it is."""
    return _SAFE.fullmatch(code) is not None


def tax_codes_of(lines: Sequence[Line]) -> frozenset[tuple[str, str]]:
    """Each account with the tax codes of its lines."""
    return frozenset((line.account, code) for line in lines for code in line.tax_codes)


def tags_of(lines: Sequence[Line], groups: frozenset[str] | None) -> dict[str, frozenset[tuple[str, str]]]:
    """Each account with the tags of its lines, by the groups; None: those that lines have."""
    named = groups if groups is not None else {group for line in lines for group in line.tags}
    return {
        group: frozenset((line.account, line.tags[group]) for line in lines if group in line.tags) for group in named
    }


def tags_in(text: str) -> dict[str, str]:
    """The tags of a line as `pleoctl.mapping.io.outputs.tags` writes them, ``DEPT=20, PROJ=7``; safe ones at least."""
    parts = (part.partition("=") for part in text.split(", "))
    return {group: code for group, sign, code in parts if sign}
