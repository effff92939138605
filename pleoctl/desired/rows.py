"""A row of the desired state from what its line, or its lines, say.

What a schema would refuse is left to the reader that words the finding.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pleoctl.desired.entries import INNER, PLAIN, NotSimple
from pleoctl.model.records import NOTHING, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Fields


@cache
def pattern_of(kind: Kind) -> re.Pattern[str]:
    """What the writer writes of a row on a line; what stands between a field's quotes is a group of its name."""
    optional = [one for one in kind.fields if one.optional]
    needed = [one for one in kind.fields if not one.optional and one.name != kind.key]
    parts = [rf'- \{{{kind.key}: "(?P<key>{INNER})"']
    for one in needed:
        text = rf'"(?P<{one.name}>{INNER})"'
        parts.append(rf"(?:, {one.name}: (?:{text}|null))?" if one.nullable else rf", {one.name}: {text}")
    parts.append(r"(?:, active: (?P<active>true|false))?")
    parts += [rf'(?:, {one.name}: (?:"(?P<{one.name}>{INNER})"|(?P<no_{one.name}>null)))?' for one in optional]
    parts += [rf'(?:, {one.name}: "(?P<{one.name}>{INNER})")?' for one in kind.local]
    parts.append(rf'(?:, hold: "(?P<hold>{INNER})")?\}}')
    return re.compile("".join(parts))


class Plain(NamedTuple):
    """How plain rows are read: ``whole`` matches their lines, ``fields`` stand in its groups, counted from 0.

    The key is the first group, ``active`` the last. No line of at most ``longest`` characters has a text that is too
    long.
    """

    whole: Callable[[str, int], re.Match[str] | None]
    fields: tuple[tuple[str, int], ...]
    longest: int


@cache
def plain_of(kind: Kind) -> Plain:
    """How to read rows that have what every row has, texts without an escape that do not begin with a blank.

    No row is where texts are spelt in several ways, or must look like something.
    """
    if any(one.spelt or one.strict for one in kind.fields):
        return Plain(lambda _line, _at: None, (), 0)
    others = [one for one in kind.fields if not one.optional and one.name != kind.key]
    parts = [f'- \\{{{kind.key}: "({PLAIN})"']
    parts += [f'(?:, {one.name}: "({PLAIN})")?' if one.nullable else f', {one.name}: "({PLAIN})"' for one in others]
    whole = re.compile("".join([*parts, r"(?:, active: (true|false))?\}"])).fullmatch
    places = [(one.name, number) for number, one in enumerate(others, 1)]
    fields = {kind.key: 0} | dict(places) if kind.key in kind.names else dict(places)
    limits = [limit for limit in (kind.longest, *(one.longest for one in kind.fields)) if limit]
    order = [name for name in kind.always if name in fields]
    return Plain(whole, tuple((name, fields[name]) for name in order), min(limits, default=sys.maxsize))


class Places(NamedTuple):
    """Where a row's parts stand among the groups of its kind's pattern.

    ``always`` are the fields that every row has, ``optional`` those that may stand, with the group of a null.
    """

    always: tuple[tuple[str, int], ...]
    optional: tuple[tuple[str, int, int], ...]
    local: tuple[tuple[str, int], ...]
    active: int
    hold: int


@cache
def places_of(kind: Kind) -> Places:
    """The places in the `pattern_of` a kind."""
    at = {name: number - 1 for name, number in pattern_of(kind).groupindex.items()}
    always = tuple(
        (one.name, at["key" if one.name == kind.key else one.name]) for one in kind.fields if not one.optional
    )
    optional = tuple((one.name, at[one.name], at[f"no_{one.name}"]) for one in kind.fields if one.optional)
    return Places(always, optional, tuple((name, at[name]) for name in kind.locals), at["active"], at["hold"])


def item_of(kind: Kind, cells: Sequence[str | None], places: Places) -> dict[str, Any]:
    """What a line says by the names of its keys."""
    item: dict[str, Any] = {kind.key: cells[0]}
    item |= {name: cells[n] for name, n in (*places.always, *places.local) if cells[n] is not None}
    item |= {name: cells[n] for name, n, null in places.optional if cells[n] is not None or cells[null]}
    if cells[places.active]:
        item["active"] = cells[places.active] != "false"
    if cells[places.hold] is not None:
        item["hold"] = cells[places.hold]
    return item


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


def row_of(kind: Kind, item: Mapping[str, Any], shown: str, line: int, column: int) -> Row:
    """The row that says this. Raises `NotSimple` where a row cannot."""
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
    row = Row(item.get(kind.key), fields, item.get("active", True), hold, local, shown, line, column)
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
