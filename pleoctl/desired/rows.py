"""The canonical text of desired-state rows: one row, one line, JSON strings.

The writer is what ``export``, ``import`` and ``fmt`` use; the reader below understands exactly what the writer
writes (and full-line comments) and gives up on anything else, so that a YAML parser reads every other file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from pleoctl.documents.scalars import yaml_string
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import NOTHING, DesiredState, Dimension, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Fields

Slot = tuple[str | int | None, ...]

HEADER: Final = (("apiVersion", "apiVersion: pleoctl/v1"), ("kind", "kind: DesiredState"))

# --- writing ---------------------------------------------------------------------------------------------------


def row_text(row: Row, kind: Kind) -> str:
    """The flow mapping of a row."""
    return f"- {{{', '.join(map(': '.join, _parts(row, kind)))}}}"


def _parts(row: Row, kind: Kind) -> list[tuple[str, str]]:
    """Keys with the YAML of their values."""
    fields = row.fields
    parts = [(kind.key, yaml_string(row.key))] if row.key is not None else []
    for name in kind.always:
        value = None if name == kind.key else fields.get(name)
        if value is not None:
            parts.append((name, yaml_string(value)))
    if not row.active:
        parts.append(("active", "false"))
    for name in kind.optional:
        if name in fields:
            value = fields[name]
            parts.append((name, "null" if value is None else yaml_string(value)))
    if row.local:
        parts += [(name, yaml_string(row.local[name])) for name in kind.locals if name in row.local]
    return parts if row.hold is None else [*parts, ("hold", yaml_string(row.hold))]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows by key in code point order, those without a key first; the order that they came in makes no difference."""
    listed = list(rows)
    if len({row.key for row in listed} - {None}) == len(listed):
        return sorted(listed, key=lambda r: r.key or "")
    return sorted(listed, key=lambda r: (r.key is not None, r.key or "", r.hold or "", _Tie(r)))


@dataclass(slots=True, eq=False)
class _Tie:
    """Puts rows of one key in order by all that they say, worked out only where keys are equal or absent."""

    row: Row

    def __lt__(self, other: _Tie) -> bool:
        return self._said() < other._said()

    def _said(self) -> str:
        row = self.row
        return repr((row.fields.get("name"), sorted(row.fields.items()), row.active, sorted(row.local.items())))


def lines_of(state: DesiredState) -> Iterator[tuple[Slot, str]]:
    """Every line of the canonical file with the slot that comments cling to."""
    for slot, text in HEADER:
        yield (slot,), text
    for kind in flat_kinds():
        found = state.flat.get(kind.name)
        if found is not None:
            yield (kind.section,), f"{kind.section}:" if found else f"{kind.section}: []"
            for number, row in enumerate(ordered(found)):
                yield slot_of(kind.name, row.key, number), row_text(row, kind)
    if state.dimensions is not None:
        yield ("dimensions",), "dimensions:" if state.dimensions else "dimensions: []"
        rows = ordered([d.row for d in state.dimensions])
        by_row = {id(d.row): d for d in state.dimensions}
        for number, row in enumerate(rows):
            yield from _dimension_lines(by_row[id(row)], number)


def _dimension_lines(dimension: Dimension, number: int) -> Iterator[tuple[Slot, str]]:
    row, values = dimension.row, dimension.values
    slot = slot_of("dimension", row.key, number)
    if values is None:
        yield slot, row_text(row, TAG_GROUP)
        return
    (first, said), *others = _parts(row, TAG_GROUP)
    yield slot, f"- {first}: {said}"
    for name, text in others:
        yield (*slot, name), f"  {name}: {text}"
    yield (*slot, "values"), "  values:" if values else "  values: []"
    for index, value in enumerate(ordered(values)):
        yield slot_of("value", row.key, value.key, index), f"  {row_text(value, TAG)}"


def slot_of(*names: str | int | None) -> Slot:
    """Where a comment clings: the row's identity; its number only where it has no key."""
    *keys, number = names
    return tuple(keys) if keys[-1] is not None else (*keys, number)


# --- reading back ----------------------------------------------------------------------------------------------

# Raw characters that JSON and YAML read alike; escapes that both know; no escaped surrogates.
_INNER: Final = (
    r'(?:[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\\["\\bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*'
)
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
        always, needed, last, lines, shown = places.always, places.needed, places.last, self._lines, self._shown
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
            if "\\" in line:
                cells = tuple([_decoded(cell) if cell else cell for cell in cells])
            self._at += 1
            row = Row(cells[0], {field: cells[n] for field, n in always}, True, None, NOTHING, shown, self._at, 3)
            if (match.lastindex or 0) > last or '""' in line:
                _complete(row, kind, cells, places)
                _check(row, kind)
            elif len(line) > places.longest or _are_blank(cells, needed):
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
