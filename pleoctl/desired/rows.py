"""The canonical text of desired-state rows, read back.

Exactly what `pleoctl.desired.lines` writes (and full-line comments) is understood; anything else is given up on, so
that a YAML parser reads every other file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from pleoctl.desired.lines import HEADER, Slot
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import NOTHING, DesiredState, Dimension, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Fields

# Raw characters that JSON and YAML read alike; escapes that both know; no escaped surrogates. Runs of characters are
# one step each, which takes half as long as a step a character.
_RAW: Final = r'[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*'
_ESCAPED: Final = r'\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
_INNER: Final = f"{_RAW}(?:{_ESCAPED}{_RAW})*"
_STRING: Final = f'"{_INNER}"'


@cache
def _pattern(kind: Kind) -> re.Pattern[str]:
    """What the writer writes of a flat kind's row; what stands between a field's quotes is a group of its name."""
    optional = [one for one in kind.fields if one.optional]
    needed = [one for one in kind.fields if not one.optional and one.name != kind.key]
    parts = [rf'- \{{{kind.key}: "(?P<key>{_INNER})"']
    for one in needed:
        text = rf'"(?P<{one.name}>{_INNER})"'
        parts.append(rf"(?:, {one.name}: (?:{text}|null))?" if one.nullable else rf", {one.name}: {text}")
    parts.append(r"(?:, active: (?P<active>true|false))?")
    parts += [rf'(?:, {one.name}: (?:"(?P<{one.name}>{_INNER})"|(?P<no_{one.name}>null)))?' for one in optional]
    for one in kind.local:
        inner = str(one.shape.get("pattern", ""))[1:-1] or _INNER
        parts.append(rf'(?:, {one.name}: "(?P<{one.name}>{inner})")?')
    parts.append(rf'(?:, hold: "(?P<hold>{_INNER})")?\}}')
    return re.compile("".join(parts))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a row's parts stand among the groups of its kind's pattern.

    ``always`` are the fields that every row has, ``needed`` what must not be blank, ``optional`` the fields that may
    stand, with the group of a null; ``last`` is the last group of what every row has. No line of at most ``longest``
    characters has a text that is too long.
    """

    always: tuple[tuple[str, int], ...]
    needed: tuple[int, ...]
    optional: tuple[tuple[str, int, int], ...]
    local: tuple[tuple[str, int], ...]
    active: int
    hold: int
    last: int
    longest: int


@cache
def _places(kind: Kind) -> _Places:
    at = {name: number - 1 for name, number in _pattern(kind).groupindex.items()}
    always = tuple(
        (one.name, at["key" if one.name == kind.key else one.name]) for one in kind.fields if not one.optional
    )
    needed = (0, *(at[one.name] for one in kind.fields if not (one.optional or one.nullable or one.name == kind.key)))
    optional = tuple((one.name, at[one.name], at[f"no_{one.name}"]) for one in kind.fields if one.optional)
    local = tuple((name, at[name]) for name in kind.locals)
    longest = min([limit for limit in (kind.longest, *(one.longest for one in kind.fields)) if limit], default=0)
    # What is spelt in several ways, or must look like something, is looked at in every row.
    last = -1 if any(one.spelt or one.strict for one in kind.fields) else at["active"]
    return _Places(always, needed, optional, local, at["active"], at["hold"], last, longest)


_VALUE: Final = (
    rf"- \{{code: ({_STRING}), name: ({_STRING})(?:, active: (true|false))?"
    rf'(?:, expires: "([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})")?(?:, hold: ({_STRING}))?\}}'
)
_HEAD: Final = rf"- code: ({_STRING})"
_FIELD: Final = rf"  (?:name: ({_STRING})|active: (true|false)|hold: ({_STRING}))"
_compiled = cache(re.compile)


class NotCanonical(Exception):
    """The text is not what the writer writes."""


class FastReader:
    """Reads canonical text; raises `NotCanonical` for anything else, valid or not."""

    def __init__(self, text: str, shown: str) -> None:
        """``shown`` is the file name that rows carry as origin."""
        self._lines = text.split("\n")
        self._shown = shown
        self._at = 0
        self._slots: list[tuple[int, Slot]] = []
        self._state = DesiredState(files=[shown])
        self.comments: list[tuple[int, str]] = []

    @property
    def slots(self) -> list[tuple[int, Slot]]:
        """Line and slot of all that comments cling to, in the order of the file."""
        of_rows = [(row.line, (kind, row.key)) for kind, rows in self._state.flat.items() for row in rows]
        return sorted([*self._slots, *of_rows], key=lambda slot: slot[0])

    def read(self) -> DesiredState:
        """The rows of the text."""
        if len(self._lines) < 2 or self._lines[-1]:  # a header has two lines
            raise NotCanonical
        state = self._state
        for slot, text in HEADER:
            self._expect(text, (slot,))
        for kind in flat_kinds():
            if self._section(kind.section):
                state.flat[kind.name] = list(self._flat(kind))
        if self._section("dimensions"):
            state.dimensions = list(self._dimensions())
        if self._peek() != "" or self._at != len(self._lines) - 1:
            raise NotCanonical
        return state

    def _peek(self) -> str:
        while True:
            line = self._lines[self._at] if self._at < len(self._lines) else ""
            stripped = line.lstrip(" ")
            if not stripped.startswith("#"):
                return line
            if any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029\ufeff" for c in line):
                raise NotCanonical
            self.comments.append((self._at + 1, stripped))
            self._at += 1

    def _take(self, slot: Slot) -> int:
        self._at += 1
        self._slots.append((self._at, slot))
        return self._at

    def _expect(self, text: str, slot: Slot) -> None:
        if self._peek() != text:
            raise NotCanonical
        self._take(slot)

    def _section(self, name: str) -> bool:
        line = self._peek()
        if line not in {f"{name}:", f"{name}: []"}:
            return False
        self._take((name,))
        begins = self._peek().startswith("- ")
        if begins == line.endswith("]"):
            raise NotCanonical
        return True

    def _flat(self, kind: Kind) -> Iterator[Row]:
        match_of, places = _pattern(kind).fullmatch, _places(kind)
        always, needed, last, longest = places.always, places.needed, places.last, places.longest
        lines, shown = self._lines, self._shown
        while True:
            line = lines[self._at]
            if not line.startswith("- "):
                line = self._peek()
                if not line.startswith("- "):
                    return
            match = match_of(line)
            if match is None:
                raise NotCanonical
            cells = match.groups()
            blank = False
            # A text of blanks alone begins with one behind its quote, or has one that is no ASCII, or an escaped one.
            if '" ' in line or "\\" in line or not line.isascii():
                cells = tuple([_decoded(cell) if cell and "\\" in cell else cell for cell in cells])
                blank = _are_blank(cells, needed)
            self._at += 1
            row = Row(cells[0], {field: cells[n] for field, n in always}, True, None, NOTHING, shown, self._at, 3)
            if (match.lastindex or 0) > last or '""' in line:
                _complete(row, kind, cells, places)
                _check(row, kind)
            elif blank or len(line) > longest:
                _check(row, kind)
            yield row

    def _dimensions(self) -> Iterator[Dimension]:
        while (line := self._peek()).startswith("- "):
            row = self._value(line, 3, "dimension")
            if row is not None:
                if row.local:
                    raise NotCanonical
                yield Dimension(row, None)
                continue
            head = _compiled(_HEAD).fullmatch(line)
            if head is None:
                raise NotCanonical
            yield self._block(_text(head[1]) or "")

    def _block(self, code: str) -> Dimension:
        row = Row(code, {"code": code}, file=self._shown, line=self._take(("dimension", code)), column=3)
        last = 0
        while match := _compiled(_FIELD).fullmatch(self._peek()):
            group = match.lastindex or 0
            if group <= last:
                raise NotCanonical
            last = group
            name = ("name", "active", "hold")[group - 1]
            self._take(("dimension", code, name))
            if name == "name":
                row.fields["name"] = _text(match[1])
            elif name == "active":
                row.active = match[2] != "false"
            else:
                row.hold = _text(match[3])
        _check(row, TAG_GROUP)
        line = self._peek()
        if line not in {"  values:", "  values: []"}:
            raise NotCanonical
        self._take(("dimension", code, "values"))
        return Dimension(row, list(self._values(code, empty=line.endswith("]"))))

    def _values(self, dimension: str, *, empty: bool) -> Iterator[Row]:
        begins = self._peek().startswith("  - ")
        if begins == empty:
            raise NotCanonical
        while (line := self._peek()).startswith("  - "):
            row = self._value(line[2:], 5, "value", dimension)
            if row is None:
                raise NotCanonical
            yield row

    def _value(self, text: str, column: int, *slot: str) -> Row | None:
        match = _compiled(_VALUE).fullmatch(text)
        if match is None:
            return None
        code, name, active, expires, hold = match.groups()
        key = _text(code)
        fields = {"code": key, "name": _text(name)}
        local = NOTHING if expires is None else {"expires": expires}
        row = Row(key, fields, active != "false", _text(hold), local, self._shown)
        _check(row, TAG)
        row.line, row.column = self._take((*slot, key)), column
        return row


def _are_blank(cells: Sequence[str | None], needed: Iterable[int]) -> bool:
    for n in needed:
        cell = cells[n]
        if not cell or cell.isspace():
            return True
    return False


def _decoded(cell: str) -> str:
    text: str = json.loads(f'"{cell}"')
    return text


def _complete(row: Row, kind: Kind, cells: Sequence[str | None], places: _Places) -> None:
    """Everything that most rows do not have; "" is null where null may stand."""
    for name, n, null in places.optional:
        if cells[n] is not None or cells[null]:
            row.fields[name] = cells[n]
    row.fields = fields_of(kind, {**row.fields, kind.key: row.key})
    row.active, row.hold = cells[places.active] != "false", cells[places.hold]
    row.local = local_of(kind, {name: cells[n] for name, n in places.local})


def _text(token: str | None) -> str | None:
    if token is None or token == "null":  # noqa: S105 - YAML's null, not a secret
        return None
    return _decoded(token[1:-1]) if "\\" in token else token[1:-1]


def _check(row: Row, kind: Kind) -> None:
    """Leave everything that a schema would refuse to the reader that words the finding."""
    if row.hold is not None:
        if not row.hold or row.hold.isspace() or not row.key or row.key.isspace():
            raise NotCanonical
        return
    if not row.key or row.key.isspace() or (kind.longest and len(row.key) > kind.longest):
        raise NotCanonical
    if kind.problem(row.fields) is not None:
        raise NotCanonical


def fields_of(kind: Kind, item: Mapping[str, str | None]) -> Fields:
    """A row's fields as they are compared: "" is null where null may stand; optional ones stand only if they do."""
    fields: Fields = {}
    for one in kind.fields:
        if one.nullable and not one.optional:
            fields[one.name] = item.get(one.name) or None
        elif one.name in item:
            fields[one.name] = (item[one.name] or None) if one.nullable else item[one.name]
        elif one.name == kind.key:
            fields[one.name] = None
        if one.spelt is not None and (value := fields.get(one.name)) is not None:
            fields[one.name] = one.spelt(value)
    return fields


def local_of(kind: Kind, item: Mapping[str, str | None]) -> Mapping[str, str]:
    """A row's texts that never go to Pleo."""
    found = {name: value for name in kind.locals if (value := item.get(name)) is not None}
    return found or NOTHING
