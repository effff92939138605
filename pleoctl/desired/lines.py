"""The canonical text of desired-state rows, as it is written: one row, one line, JSON strings.

``export``, ``import`` and ``fmt`` write it; `pleoctl.desired.quick` reads it back.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct

from pleoctl.documents.scalars import yaml_string
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import DesiredState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Dimension, Row

Slot = tuple[str | int | None, ...]
"""What a comment clings to: a row, a section, a key of a block."""
Span = tuple[int, int, Slot]
"""The first line of a slot, and its last, or its column."""
Note = tuple[int, str, bool]
"""A comment: its line, its text, and whether it stands there alone; without text a line that sets comments apart."""

HEADER: Final = {"apiVersion": "pleoctl/v1", "kind": "DesiredState"}


def row_text(row: Row, kind: Kind) -> str:
    """The flow mapping of a row."""
    return _plain(row, kind) or f"- {{{', '.join(map(': '.join, _parts(row, kind)))}}}"


def _plain(row: Row, kind: Kind) -> str | None:
    """`row_text` of a row of plain texts, as most are; None for any other.

    Texts are put between quotes unseen, and the line is looked at once: where it is printable without a backslash, and
    has no more quotes than were put there, each text stands as `yaml_string` would write it.
    """
    if row.key is None or row.hold is not None or row.local:
        return None
    fields = row.fields
    names = tuple(fields)
    if None in fields.values():
        if any(fields.get(name, "") is None for name in kind.optional):
            return None
        names = tuple([name for name in names if fields[name] is not None])
    form = _form(kind, names, row.active)
    line = form.template % (row.key, *form.texts(fields))
    return line if line.isprintable() and "\\" not in line and line.count('"') == form.quotes else None


class _Form(NamedTuple):
    """How a row is written whose texts are plain: where they stand, which they are, and how many quotes there are."""

    template: str
    texts: Callable[[Mapping[str, Any]], Iterable[Any]]
    quotes: int


@cache
def _form(kind: Kind, given: tuple[str, ...], active: bool) -> _Form:
    always, optional = ([one for one in names if one in given] for names in (kind.always, kind.optional))
    names = [one for one in (*always, *optional) if one != kind.key]
    parts = [f'{one}: "%s"' for one in (kind.key, *names)]
    if not active:
        parts.insert(len(parts) - len(optional), "active: false")
    pick = itemgetter(*names) if len(names) > 1 else lambda fields: [fields[one] for one in names]
    return _Form(f"- {{{', '.join(parts)}}}", pick, 2 * (1 + len(names)))


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
    keys = [row.key for row in listed]
    if None not in keys and len({*keys}) == len(keys):
        return sorted(listed, key=attrgetter("key"))
    return sorted(listed, key=lambda r: (r.key is not None, r.key or "", r.hold or "", _Tie(r)))


class _Tie(Struct, eq=False):
    """Puts rows of one key in order by all that they say, worked out only where keys are equal or absent."""

    row: Row

    def __lt__(self, other: _Tie) -> bool:
        return self._said() < other._said()

    def _said(self) -> str:
        row = self.row
        return repr((row.fields.get("name"), sorted(row.fields.items()), row.active, sorted(row.local.items())))


class Spoken:
    """The flat rows of a state in their order, and the line of each: worked out once, for all that asks for them."""

    def __init__(self, state: DesiredState) -> None:
        """What ``state`` says by now; its lists must not change."""
        self._state = state
        self._known = {
            id(state.flat[kind.name]): self._said(state.flat[kind.name], kind, {})
            for kind in flat_kinds()
            if kind.name in state.flat
        }

    def section(self, rows: list[Row], kind: Kind) -> tuple[list[Row], list[str]]:
        """Rows of this state, or others, in their order, and their lines."""
        known = self._known.get(id(rows))
        return self._said(rows, kind, self._each) if known is None else known

    @staticmethod
    def _said(rows: list[Row], kind: Kind, known: Mapping[int, str]) -> tuple[list[Row], list[str]]:
        listed = ordered(rows)
        return listed, [known.get(id(row)) or row_text(row, kind) for row in listed]

    @cached_property
    def _each(self) -> dict[int, str]:
        return {id(row): line for rows, lines in self._known.values() for row, line in zip(rows, lines, strict=True)}


NOTHING_SPOKEN: Final = Spoken(DesiredState())
_Block = tuple["Iterable[Slot]", "list[str]"]


def lines_of(state: DesiredState, spoken: Spoken = NOTHING_SPOKEN) -> Iterator[tuple[Slot, str]]:
    """Every line of the canonical file with the slot that comments cling to; ``spoken`` are lines known by now."""
    for slots, lines in _blocks(state, spoken):
        yield from zip(slots, lines, strict=True)


def text_of(state: DesiredState, spoken: Spoken = NOTHING_SPOKEN) -> str:
    """The canonical file, as `lines_of` says it."""
    return "\n".join(chain(*(lines for _, lines in _blocks(state, spoken)), [""]))


def _blocks(state: DesiredState, spoken: Spoken) -> Iterator[_Block]:
    yield ((name,) for name in HEADER), [f"{name}: {value}" for name, value in HEADER.items()]
    for kind in flat_kinds():
        found = state.flat.get(kind.name)
        if found is not None:
            yield [(kind.section,)], [f"{kind.section}:" if found else f"{kind.section}: []"]
            rows, lines = spoken.section(found, kind)
            yield _slots(kind, rows), lines
    if state.dimensions is not None:
        yield [("dimensions",)], ["dimensions:" if state.dimensions else "dimensions: []"]
        by_row = {id(d.row): d for d in state.dimensions}
        for number, row in enumerate(ordered([d.row for d in state.dimensions])):
            lines_and_slots = [*_dimension_lines(by_row[id(row)], number)]
            yield [slot for slot, _ in lines_and_slots], [line for _, line in lines_and_slots]


def _slots(kind: Kind, rows: list[Row]) -> Iterator[Slot]:
    # `slot_of`, without the call.
    return ((kind.name, row.key) if row.key is not None else (kind.name, None, n) for n, row in enumerate(rows))


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
