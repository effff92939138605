"""What a source gave, in a few lines: enough to see at a glance whether a section says what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.kinds import flat_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.model.records import DesiredState, Row


def source_lines(state: DesiredState) -> Iterator[str]:
    """A line per kind and per dimension: how many rows are active, inactive, held, and without which field."""
    for kind in flat_kinds():
        if kind.name in state.flat:
            yield f"{kind.section}: {_summary(state.flat[kind.name])}"
    for dimension in state.dimensions or ():
        name = dimension.row.key or "without a code"
        words = "inactive" if not dimension.row.active else "held" if dimension.row.hold is not None else None
        values = "values not read" if dimension.values is None else f"values {_summary(dimension.values)}"
        yield f"dimension {name} ({dimension.row.fields.get('name')}): {words or values}"


def _summary(rows: Iterable[Row]) -> str:
    listed = list(rows)
    sound = [row for row in listed if row.hold is None]
    parts = [
        f"{sum(row.active for row in sound)} active",
        f"{sum(not row.active for row in sound)} inactive",
        f"{len(listed) - len(sound)} held",
    ]
    names = dict.fromkeys(name for row in sound for name in row.fields)
    empty = {name: sum(row.fields.get(name) is None for row in sound) for name in names}
    parts += [f"{number} without {name}" for name, number in empty.items() if number]
    parts += [f"first {sound[0].key!r} {sound[0].fields.get('name')!r}"] if sound else []
    return ", ".join(parts)
