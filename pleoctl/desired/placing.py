"""Which of several desired-state files a row belongs to.

A row stays in the file that has its key; a new one goes into the first file that holds its kind, a kind that no file
holds into the first file. Each file keeps the kinds it has. In the files after the first of a kind, people may keep
rows of their own: what the accounting system does not list there stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pleoctl.model.kinds import TAG_GROUP, flat_kinds
from pleoctl.model.records import DesiredState, Dimension, Row

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(slots=True)
class Placed:
    """The content of each file, and the rows that are people's own, by the number of their file."""

    parts: list[DesiredState]
    own: list[tuple[int, Row]] = field(default_factory=list)


def place(state: DesiredState, old: list[DesiredState], *, keep_own: bool) -> Placed:
    """The rows of ``state`` over as many files as ``old`` has; a section that is None stays as it is.

    Without ``keep_own`` rows that ``state`` lacks go from every file.
    """
    placed = Placed([DesiredState() for _ in old])
    for kind in flat_kinds():
        lists = [part.flat.get(kind.name) for part in old]
        for number, (rows, own) in enumerate(_spread(state.flat.get(kind.name), lists, _key, keep_own=keep_own)):
            placed.own += [(number, row) for row in own]
            if rows is not None:
                placed.parts[number].flat[kind.name] = rows
    dimensions = _spread(state.dimensions, [part.dimensions for part in old], dimension_key, keep_own=keep_own)
    for number, (part, (found, stray)) in enumerate(zip(placed.parts, dimensions, strict=True)):
        part.dimensions = found
        placed.own += [(number, dimension.row) for dimension in stray]
    return placed


def _key(row: Row) -> str | None:
    return row.key


def dimension_key(dimension: Dimension) -> str | None:
    """What a dimension is known by."""
    key = dimension.row.key
    return None if key is None else TAG_GROUP.normalise(key)


def _spread(
    items: list[T] | None, old: list[list[T] | None], key: Callable[[T], str | None], *, keep_own: bool
) -> list[tuple[list[T] | None, list[T]]]:
    """For each file its items, and those of them that are people's own."""
    if items is None:
        return [(part, []) for part in old]
    holders = [number for number, part in enumerate(old) if part is not None] or [0]
    first = holders[0]
    if len(holders) == 1:  # nothing has another home, and nothing is people's own
        return [(items if number == first else None, []) for number in range(len(old))]
    homes = {key(item): number for number in reversed(holders) for item in old[number] or ()}
    homes[None] = first
    known = {key(item) for item in items} - {None}
    parts: list[tuple[list[T] | None, list[T]]] = [(None, []) for _ in old]
    for number in holders:
        kept = (old[number] or []) if keep_own and number != first else []
        own = [item for item in kept if key(item) not in known]
        mine = [item for item in items if homes.get(key(item), first) == number]
        parts[number] = ([*mine, *own], own)
    return parts
