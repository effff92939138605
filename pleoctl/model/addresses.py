"""Stable names of records in plans, receipts and findings, as values.

An address is parsed where a text comes in and written where a text goes out; in between nothing is taken apart.

    account:<externalId>          tagGroup:<code>          tag:<groupCode>/<code>          …#<pleoId> for duplicates

In the canonical spelling ``%``, ``/``, ``#`` and control characters of a key are percent-encoded. Plans and receipts
hold no other one, since whoever reads them by eye must see the record that protection and apply see. People may write
addresses plainly in a workspace; where that leaves several readings, all of them count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from sys import intern
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from pleoctl.model.kinds import KINDS, TAG, TAG_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_TAG: Final = TAG.name
_RESERVED: Final = re.compile(r"[%/#\x00-\x1f\x7f-\x9f]")
_PLAIN: Final = r"[^%/#\x00-\x1f\x7f-\x9f]"
_ESCAPED: Final = "%(?:2[35F]|[01][0-9A-F]|7F|C2%[89][0-9A-F])"
_PART: Final = f"(?:{_PLAIN}|{_ESCAPED})*"
# The same, with runs of plain letters in one go, none of them tried again.
_RUNS: Final = f"{_PLAIN}*+(?>(?:{_ESCAPED}{_PLAIN}*+)*)"
_ID: Final = f"{_PLAIN}+"
_CANONICAL: Final = rf"(\w+):(?:({_RUNS})/)?({_RUNS})(?:#({_ID}))?"


@cache
def _canonical() -> Callable[[str], re.Match[str] | None]:
    return re.compile(_CANONICAL).fullmatch  # not at the import, which `plan --help` waits for


def canonical_pattern() -> str:
    """The canonical spelling as a regular expression of JSON Schema, for every kind."""
    flat = "|".join(kind.name for kind in KINDS.values() if kind.parent is None)
    below = "|".join(kind.name for kind in KINDS.values() if kind.parent is not None)
    return rf"^(?:(?:{flat}):|{below}:{_PART}/){_PART}(?:#{_ID})?$"


def escaped(key: str) -> str:
    """Percent-encode ``%``, ``/``, ``#`` and control characters (as UTF-8 bytes)."""
    if _RESERVED.search(key) is None:
        return key
    return _RESERVED.sub(lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), key)


def unescaped(text: str) -> str:
    """What a percent-encoded text stands for."""
    from urllib.parse import unquote  # few keys hold anything to be escaped

    return unquote(text)


class Address:
    """One record: its kind's name, its key as it is, a tag's group code, the Pleo id of a duplicate. Immutable."""

    __slots__ = ("_text", "duplicate", "group", "key", "kind")

    def __init__(self, kind: str, key: str, group: str | None = None, duplicate: str | None = None) -> None:
        self.kind, self.key, self.group, self.duplicate = kind, key, group, duplicate
        self._text = f"{kind}:{self.path}#{duplicate}" if duplicate else f"{kind}:{self.path}"

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<{self._text}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    @property
    def path(self) -> str:
        """What stands behind the kind, escaped, without the suffix of a duplicate."""
        above = "" if self.group is None else f"{escaped(self.group)}/"
        return above + escaped(self.key)

    @property
    def last(self) -> str:
        """The key, escaped, with the suffix of a duplicate."""
        return escaped(self.key) + (f"#{self.duplicate}" if self.duplicate else "")

    @property
    def identity(self) -> tuple[str, str | None, str]:
        """Equal for all spellings of one key (A2, A6, T3), whichever of its duplicates is meant."""
        above = None if self.group is None else TAG_GROUP.normalise(self.group)
        return self.kind, above, KINDS[self.kind].normalise(self.key)

    @property
    def parent(self) -> Address | None:
        """The tag group of a tag."""
        return None if self.group is None else Address(TAG_GROUP.name, self.group)

    @property
    def bucket(self) -> Bucket:
        """What the guard counts the record in."""
        return Bucket(self.kind, self.group)

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address behind its canonical spelling. Raises `ValueError` for any other text."""
        match = _canonical()(text)
        kind, group, key, duplicate = ("", None, "", None) if match is None else match.groups()
        row = KINDS.get(kind)
        if row is None or (group is None) == (kind == _TAG):
            raise ValueError(f"{text} is not the canonical spelling of an address")
        found: Address = object.__new__(cls)
        found.kind, found.group, found.key, found.duplicate = row.name, group and intern(group), key, duplicate
        if "%" in text:
            found.key, found.group = unescaped(found.key), found.group and unescaped(found.group)
        found._text = text  # spelling it again would take longest of all
        return found

    @classmethod
    def readings(cls, text: str) -> frozenset[Address]:
        """What a person may mean by an address: each place for the slash of a tag, keys as written and unescaped.

        Raises `ValueError` where the kind is none.
        """
        kind, path = _split(text)
        return frozenset(
            cls(kind, key, group, duplicate)
            for body, duplicate in _suffixes(path)
            for group, key in _places(body, kind)
            if key and group != ""
        )


class Bucket(Struct, frozen=True):
    """What the guard counts together: a kind, and of tags a group."""

    kind: str
    group: str | None = None

    def __str__(self) -> str:
        return self.kind if self.group is None else f"{self.kind}:{escaped(self.group)}"

    @property
    def identity(self) -> tuple[str, str | None]:
        """Equal for all spellings of a group's code (T3)."""
        return self.kind, None if self.group is None else TAG_GROUP.normalise(self.group)

    @property
    def title(self) -> str:
        """``accounts``, ``tags of DEPT``."""
        plural = KINDS[self.kind].plural
        return plural if self.group is None else f"{plural} of {escaped(self.group)}"

    @classmethod
    def parse(cls, text: str) -> Bucket:
        """The bucket behind its canonical spelling. Raises `ValueError`."""
        kind, colon, group = text.partition(":")
        found = cls(kind, unescaped(group) if colon else None)
        if kind not in KINDS or (colon == ":") != (kind == TAG.name) or str(found) != text:
            raise ValueError(f"{text} is no kind and no tags of a group")
        return found


class Named:
    """Records that a workspace names, by address or, of one kind, by key. An entry may have several readings."""

    def __init__(self, entries: Iterable[tuple[str, frozenset[Address]]]) -> None:
        """``entries`` are texts with what they may mean."""
        self._entries = list(entries)
        self._known: dict[tuple[str, str | None, str], set[str | None]] = defaultdict(set)
        for reading in (reading for _, readings in self._entries for reading in readings):
            self._known[reading.identity].add(reading.duplicate)

    @classmethod
    def by_address(cls, entries: Iterable[str]) -> Named:
        """Entries like ``account:bank/1930 #1``. Raises `ValueError` where one names no kind."""
        return cls((entry, Address.readings(entry)) for entry in entries)

    @classmethod
    def by_key(cls, entries: Mapping[str, Iterable[str]]) -> Named:
        """Keys under the names of their kinds; an address of that kind is understood as well."""
        return cls((entry, _meant(kind, entry)) for kind, listed in entries.items() for entry in listed)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def __contains__(self, address: Address | None) -> bool:
        if address is None:
            return False
        # An entry that names one of several duplicates means that one alone.
        return bool({None, address.duplicate} & self._known.get(address.identity, set()))

    def below(self, group: Address) -> list[Address]:
        """What entries name in a tag group, in the order they were given; nothing of any other record."""
        named = (reading for _, readings in self._entries for reading in sorted(readings, key=str))
        return [one for one in named if (above := one.parent) is not None and above.identity == group.identity]

    def unmatched(self, known: Callable[[Address], bool]) -> list[str]:
        """The entries of which no reading is known, in the order they were given."""
        return [entry for entry, readings in self._entries if not any(map(known, readings))]


def _meant(kind: str, entry: str) -> frozenset[Address]:
    found = Address.readings(f"{kind}:{entry}")
    return found | Address.readings(entry) if entry.startswith(f"{kind}:") else found


def _split(text: str) -> tuple[str, str]:
    kind, colon, path = text.partition(":")
    if not colon or kind not in KINDS:
        raise ValueError(f"{text} is no address: it starts with none of {', '.join(f'{name}:' for name in KINDS)}")
    return kind, path


def _suffixes(path: str) -> Iterator[tuple[str, str | None]]:
    yield path, None
    body, mark, duplicate = path.rpartition("#")
    if mark and duplicate:
        yield body, duplicate


def _places(path: str, kind: str) -> Iterator[tuple[str | None, str]]:
    if kind != TAG.name:
        yield None, path
        yield None, unescaped(path)
        return
    for place in (index for index, character in enumerate(path) if character == "/"):
        group, key = path[:place], path[place + 1 :]
        yield group, key
        yield unescaped(group), unescaped(key)
