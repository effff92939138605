"""A row of the desired state from what its line, or its lines, say.

What a schema would refuse is left to the reader that words the finding.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pleoctl.desired.entries import PLAIN, NotSimple
from pleoctl.model.records import NOTHING, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Fields


class Plain(NamedTuple):
    """How plain rows are read: ``whole`` matches their lines, ``fields`` stand in its groups, counted from 0.

    The key is the first group, ``active`` the last. No line of at most ``longest`` characters has a text that is too
    long.
    """

    whole: Callable[[str, int], re.Match[str] | None]
    fields: tuple[tuple[str, int], ...]
    longest: int


@cache
def plain_of(kind: Kind, depth: int, text: str = PLAIN) -> Plain:
    """How to read rows that have what every row has, texts without an escape that do not begin with a blank.

    ``text`` is the form of other texts. Their dashes stand behind ``depth`` blanks. No row is where texts are spelt in
    several ways, or must look like something.
    """
    if any(one.spelt or one.strict for one in kind.fields):
        return Plain(lambda _line, _at: None, (), 0)
    others = [one for one in kind.fields if not one.optional and one.name != kind.key]
    parts = [f'{" " * depth}- \\{{{kind.key}: "({text})"']
    parts += [f'(?:, {one.name}: "({text})")?' if one.nullable else f', {one.name}: "({text})"' for one in others]
    whole = re.compile("".join([*parts, r"(?:, active: (true|false))?\}\n"])).match
    places = [(one.name, number) for number, one in enumerate(others, 1)]
    fields = {kind.key: 0} | dict(places) if kind.key in kind.names else dict(places)
    order = [name for name in kind.always if name in fields]
    return Plain(whole, tuple((name, fields[name]) for name in order), _shortest(kind))


def _shortest(kind: Kind) -> int:
    """How long each text of a row may be."""
    return min(filter(None, (kind.longest, *(one.longest for one in kind.fields))), default=sys.maxsize)


@cache
def _texts(kind: Kind) -> dict[str, bool]:
    """The texts that a row may have, and whether null may stand for them."""
    fields = {one.name: one.nullable for one in kind.fields}
    return {kind.key: False, **fields, **dict.fromkeys((*kind.locals, "hold"), False)}


@cache
def _forms(kind: Kind) -> list[tuple[str, re.Pattern[str], bool]]:
    """The texts that must have a form, and whether those of held rows need not."""
    local = [(one.name, one.shape.get("pattern"), False) for one in kind.local]
    strict = [(one.name, one.strict.get("pattern"), True) for one in kind.fields]
    # `$` is the end of the text, not before a last line break.
    return [(name, re.compile(f"{form[:-1]}\\Z"), free) for name, form, free in (*local, *strict) if form]


class _Shape(NamedTuple):
    """Where the values of a row stand that has no keys but ordinary ones.

    ``texts`` are all but ``active``, and none is longer than ``longest``; null may stand where it is ``nullable``.
    """

    key: int
    active: int | None
    texts: tuple[int, ...]
    nullable: frozenset[int]
    fields: tuple[tuple[str, int], ...]
    longest: int


@cache
def _shape(kind: Kind, keys: tuple[str | None, ...]) -> _Shape | None:
    """The shape of a row with these keys, and None where there is none; None where a key is unusual or missing."""
    places = {name: place for place, name in enumerate(keys) if name is not None}
    formed = {name for name, _, _ in _forms(kind)} | {one.name for one in kind.fields if one.spelt}
    usual = {kind.key, "active", *kind.names} - formed
    if not {kind.key, *kind.needed} <= places.keys() <= usual or len(places) < len(keys) - keys.count(None):
        return None
    texts = tuple(place for name, place in places.items() if name != "active")
    nullable = frozenset(places[one.name] for one in kind.fields if one.nullable and one.name in places)
    names = (*kind.always, *(name for name in kind.optional if name in places))
    fields = tuple((name, places.get(name, -1)) for name in names)
    return _Shape(places[kind.key], places.get("active"), texts, nullable, fields, _shortest(kind))


def row_of(kind: Kind, keys: tuple[str | None, ...], values: list[Any], place: tuple[str, int, int]) -> Row:
    """The row that says this, at a file, a line and a column. Raises `NotSimple` where a row cannot.

    A key that is None is none.
    """
    shape = _shape(kind, keys)
    if shape is None:
        return _unusual(kind, keys, values, place)
    key, at, texts, nullable, names, longest = shape
    active = True if at is None else values[at]
    for number in texts:
        value = values[number]
        if type(value) is str:
            if len(value) > longest or not value.strip():
                break
        elif value is not None or number not in nullable:
            break
    else:
        if type(active) is bool:
            values.append(None)
            fields: Fields = {}
            for name, n in names:  # a comprehension is one more call before Python 3.12
                fields[name] = values[n]
            shown, line, column = place
            return Row(values[key], fields, active, None, NOTHING, shown, line, column)
    return _unusual(kind, keys, values, place)


def _unusual(kind: Kind, keys: tuple[str | None, ...], values: list[Any], place: tuple[str, int, int]) -> Row:
    item = {name: value for name, value in zip(keys, values, strict=True) if name is not None}
    if len(item) < len(keys) - keys.count(None):
        raise NotSimple
    texts = _texts(kind)
    for name, value in item.items():
        if name == "active":
            sound = type(value) is bool
        else:
            sound = name in texts and (type(value) is str or (value is None and texts[name]))
        if not sound:
            raise NotSimple
    hold = item.get("hold")
    for name, form, free in _forms(kind):
        value = item.get(name)
        if value is not None and not (free and hold) and not form.search(value):
            raise NotSimple
    fields, local = fields_of(kind, item), local_of(kind, item)
    row = Row(item.get(kind.key), fields, item.get("active", True), hold, local, *place)
    check(row, kind)
    return row


def check(row: Row, kind: Kind) -> None:
    """Raise `NotSimple` for a row that cannot be used, be it held or not."""
    if row.hold is not None:
        if not row.hold or row.hold.isspace() or not row.key or row.key.isspace():
            raise NotSimple
        return
    if not row.key or row.key.isspace() or (kind.longest and len(row.key) > kind.longest):
        raise NotSimple
    if kind.problem(row.fields) is not None:
        raise NotSimple


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
