"""The canonical text of desired-state rows, as it is written: one row, one line, JSON strings.

``export``, ``import`` and ``fmt`` write it; `pleoctl.desired.quick` reads it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pleoctl.documents.scalars import yaml_string
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import DesiredState, Dimension, Row

Slot = tuple[str | int | None, ...]
"""What a comment clings to: a row, a section, a key of a block."""
Span = tuple[int, int, Slot]
"""The first line of a slot, and its last."""
Note = tuple[int, str, bool]
"""A comment: its line, its text, and whether it stands there alone; without text a line that sets comments apart."""

HEADER: Final = {"apiVersion": "pleoctl/v1", "kind": "DesiredState"}
NOTHING_SAID: Final[Mapping[int, str]] = MappingProxyType({})


def row_text(row: Row, kind: Kind) -> str:
    """The flow mapping of a row."""
    return _plain(row, kind) or f"- {{{', '.join(map(': '.join, _parts(row, kind)))}}}"


def _plain(row: Row, kind: Kind) -> str | None:
    """`row_text` of an active row of plain texts, as most are; None for any other.

    Texts are put between quotes unseen, and the line is looked at once: where it is printable ASCII without a
    backslash, and has no more quotes than were put there, each text stands as `yaml_string` would write it.
    """
    if not row.active or row.key is None or row.hold is not None or row.local:
        return None
    fields, parts = row.fields, [f'{kind.key}: "{row.key}"']
    for name in kind.beside:
        value = fields.get(name)
        if value is not None:
            parts.append(f'{name}: "{value}"')
        elif name in fields and name in kind.optional:
            return None
    line = f"- {{{', '.join(parts)}}}"
    is_plain = line.isascii() and line.isprintable() and "\\" not in line and line.count('"') == 2 * len(parts)
    return line if is_plain else None


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
        return sorted(listed, key=attrgetter("key"))
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


def lines_of(state: DesiredState, said: Mapping[int, str] = NOTHING_SAID) -> Iterator[tuple[Slot, str]]:
    """Every line of the canonical file with the slot that comments cling to.

    ``said`` are lines of flat rows that are known by now, by the `id` of the row.
    """
    for name, value in HEADER.items():
        yield (name,), f"{name}: {value}"
    for kind in flat_kinds():
        found = state.flat.get(kind.name)
        if found is not None:
            yield (kind.section,), f"{kind.section}:" if found else f"{kind.section}: []"
            for number, row in enumerate(ordered(found)):
                # `slot_of`, without the call.
                slot = (kind.name, row.key) if row.key is not None else (kind.name, None, number)
                yield slot, said.get(id(row)) or row_text(row, kind)
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


def set_apart(notes: Iterable[Note], lines: Sequence[str]) -> Iterator[Note]:
    """The comments of a text, and the empty lines right above and below those that have lines of their own.

    An empty line has the number of its comment, so that both are put at the same row.
    """
    for note in notes:
        number, _, own = note
        if own and number > 1 and not lines[number - 2].strip():
            yield number, "", True
        yield note
        if own and number < len(lines) and not lines[number].strip():
            yield number, "", True


def slot_of(*names: str | int | None) -> Slot:
    """Where a comment clings: the row's identity; its number only where it has no key."""
    *keys, number = names
    return tuple(keys) if keys[-1] is not None else (*keys, number)
