"""What the sandbox has to know of one kind of record: its row of a seed, its table, its operations.

Seeds, store, state, edits of other clients and routes loop over the parts; a new flat kind is one module with a part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pleoctl.sandbox.typed import Document, field_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.sandbox.calls import Handler
    from pleoctl.sandbox.contract import Operation
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.store import Table

UUID_PATTERN: Final = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
SEEDED_AT: Final = "2025-01-01T00:00:00Z"
Uuid = Annotated[str, Meta(pattern=UUID_PATTERN, extra_json_schema={"x-message": "is not a UUID"})]


class Row(Document, frozen=True, kw_only=True):
    """A record in a seed; every kind has these fields."""

    archived: bool = False
    extra: Annotated[dict[str, Any], Meta(description="Further fields that answers carry and nothing changes.")] = (
        msgspec.field(default_factory=dict)
    )
    id: Annotated[Uuid, Meta(description="Worked out from company and key when absent.")] | UnsetType = UNSET


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind: ``key`` is its field of identity; ``parent`` the kind whose rows in a seed carry its own.

    ``operations`` are those that the published contract does not list; ``handlers`` carry out all of them by their id.
    """

    kind: str
    key: str
    row: type[Row]
    table: Table
    handlers: Mapping[str, Handler]
    parent: str | None = None
    operations: tuple[Operation, ...] = field(default=())

    @property
    def section(self) -> str:
        """Its key in seeds and in the state."""
        return self.table.name

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields of its records that a seed or a test may set."""
        return frozenset(field_names(self.row))

    @cached_property
    def stamped(self) -> bool:
        """Whether its records know when they were made and changed."""
        return "createdAt" in self.fields

    def defaults(self) -> Record:
        """Every field that has one, as a new record has it."""
        found = msgspec.structs.fields(self.row)
        return {f.encode_name: f.default for f in found if f.default not in {msgspec.NODEFAULT, UNSET}} | {
            f.encode_name: f.default_factory() for f in found if f.default_factory is not msgspec.NODEFAULT
        }
