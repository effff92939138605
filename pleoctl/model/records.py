"""Desired rows and live records, the same two shapes for every kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

Fields = dict[str, str | None]


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    """A part of a document that a machine keeps: its annotations are its shape, what they do not name is an error."""


@dataclass(slots=True)
class Row:
    """One row of the desired state.

    ``key`` is None for a row without a key, which only a held row may lack. ``fields`` holds name, code and, only
    where managed, taxCodeExternalId. ``expires`` is an ISO date, the last valid day. ``line`` and ``column`` count
    from 1.
    """

    key: str | None
    fields: Fields
    active: bool = True
    hold: str | None = None
    expires: str | None = None
    currency: str | None = None
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def origin(self) -> str:
        """``file:line`` of the row."""
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Dimension:
    """A dimension of the accounting system; ``values`` is None where they were not exported."""

    row: Row
    values: list[Row] | None


@dataclass(slots=True)
class DesiredState:
    """All rows of one or more desired-state files; a part that is absent (None) is not managed."""

    accounts: list[Row] | None = None
    dimensions: list[Dimension] | None = None
    files: list[str] = field(default_factory=list)
    digest: str = ""

    @property
    def uses_dates(self) -> bool:
        """Whether the outcome depends on the day (a value has ``expires``)."""
        return any(row.expires for d in self.dimensions or () for row in d.values or ())


@dataclass(slots=True)
class Live:
    """One record in Pleo. ``parent`` is a tag's group id; ``raw`` is Pleo's whole answer, kept only for writes."""

    id: str
    key: str
    archived: bool
    fields: Fields
    parent: str | None = None
    created: str = ""
    raw: dict[str, Any] | None = None

    def state(self, names: tuple[str, ...] | list[str]) -> dict[str, Any]:
        """``archived`` and the named fields, as a plan's ``before`` shows them."""
        return {"archived": self.archived, **{name: self.fields.get(name) for name in names}}
