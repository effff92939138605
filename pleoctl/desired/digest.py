"""What a desired state says, as a digest: plans name it, and nothing else asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.canonical import digest_rows
from pleoctl.model.kinds import flat_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.records import DesiredState, Row


_NOTHING: Final[dict[str, str]] = {}


def digest_of(state: DesiredState) -> str:
    """``sha256:<hex>`` over every row, in the order of the files; comments and places are none of it."""
    return digest_rows(_rows(state))


def _rows(state: DesiredState) -> Iterator[Any]:
    """Everything that counts in a desired state; None stands for a part that is not managed."""
    for kind in flat_kinds():
        rows = state.flat.get(kind.name)
        yield from [None] if rows is None else map(_plain, rows)
    for dimension in [None] if state.dimensions is None else state.dimensions:
        yield dimension and _plain(dimension.row)
        yield from map(_plain, (dimension and dimension.values) or ())
        yield None


def _plain(row: Row) -> list[Any]:
    return [row.key, row.fields, row.active, row.hold, dict(row.local) if row.local else _NOTHING]
