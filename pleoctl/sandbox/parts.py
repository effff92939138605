"""What the sandbox has to know of one kind of record: its row of a seed, its table, its operations.

Seeds, store, state, edits of other clients and routes loop over the parts; a new flat kind is one module with a part.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pleoctl.sandbox.typed import Document, field_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.sandbox.calls import Handler
    from pleoctl.sandbox.contract import Operation
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.store import Table
    from pleoctl.sandbox.surroundings import Surroundings

UUID_PATTERN: Final = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
SEEDED_AT: Final = "2025-01-01T00:00:00Z"
Uuid = Annotated[str, Meta(pattern=UUID_PATTERN, extra_json_schema={"x-message": "is not a UUID"})]


class BareRow(Document, frozen=True, kw_only=True):
    """A record in a seed; every kind has these fields."""

    extra: Annotated[dict[str, Any], Meta(description="Further fields that answers carry and nothing changes.")] = (
        msgspec.field(default_factory=dict)
    )
    id: Annotated[Uuid, Meta(description="Worked out from company and key when absent.")] | UnsetType = UNSET


class Row(BareRow, frozen=True, kw_only=True):
    """A record that can be archived."""

    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class FreeForm:
    """How records of a kind are made from mappings that no row's type describes.

    ``names`` are the fields that tests and other clients may give beside those of the row; ``new`` makes all fields of
    a record from a mapping, the company and a name that is its own; ``changed`` the fields that a mapping changes in a
    record. Both raise `BadInput`.
    """

    names: frozenset[str]
    new: Callable[[Record, str, str], Record]
    changed: Callable[[Record, Record], Record]


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One kind: ``key`` is its field of identity; ``parent`` the kind whose rows in a seed carry its own.

    ``operations`` are those that the published contract does not list; ``handlers`` carry out all of them by their id.
    ``within`` is the key of its rows in one of its parent; ``free`` says how rows are read that have no type;
    ``fresh`` fills in what depends on the moment in which a record is made; ``refresh`` does what time has brought.
    """

    kind: str
    key: str
    row: type[BareRow]
    table: Table
    handlers: Mapping[str, Handler]
    parent: str | None = None
    operations: tuple[Operation, ...] = field(default=())
    within: str | None = None
    free: FreeForm | None = None
    fresh: Callable[[Surroundings, Record], Record] | None = None
    refresh: Callable[[Surroundings], None] | None = None

    @property
    def section(self) -> str:
        """Its key in seeds."""
        return self.within or self.table.name

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields of its records that a seed or a test may set."""
        return frozenset(field_names(self.row)) | (self.free.names if self.free else frozenset())

    @cached_property
    def stamped(self) -> bool:
        """Whether its records know when they were made and changed."""
        return "updatedAt" in self.table.columns

    def defaults(self) -> Record:
        """Every field that has one, as a new record has it."""
        found = msgspec.structs.fields(self.row)
        return {f.encode_name: f.default for f in found if f.default not in {msgspec.NODEFAULT, UNSET}} | {
            f.encode_name: f.default_factory() for f in found if f.default_factory is not msgspec.NODEFAULT
        }


def derived_id(name: str) -> str:
    """The id that belongs to a name, the same in every run."""
    # A UUID of version 5 in all but its making: uuid.uuid5 costs three times as much, and seeds are large.
    h = hashlib.sha1(name.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-8{h[17:20]}-{h[20:32]}"
