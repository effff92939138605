"""Desired rows and live records, the same two shapes for every kind."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.model.kinds import ACCOUNT
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Fields = dict[str, str | None]
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
DRAFT: Final = "DRAFT"


# Of which there may be many, and which hold nothing that the search for garbage would find.
def told_apart(currencies: Sequence[str | None]) -> bool:
    """Whether accounts of one code are still told apart: each is kept in a currency of its own."""
    return len({*currencies} - {None}) == len(currencies)


class Row(msgspec.Struct, gc=False):
    """One row of the desired state.

    ``key`` is None for a row without a key, which only a held row may lack. ``fields`` holds name, code and, only
    where managed, the optional ones; ``local`` the texts that never go to Pleo. ``line`` and ``column`` count from 1.
    """

    key: str | None
    fields: Fields
    active: bool = True
    hold: str | None = None
    local: Mapping[str, str] = NOTHING
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def expires(self) -> str | None:
        """Of a value: the last valid day, as an ISO date."""
        return self.local.get("expires")

    @property
    def currency(self) -> str | None:
        """Of an account: the currency that it is kept in."""
        return self.local.get("currency")

    @property
    def place(self) -> Place:
        """Where the row stands."""
        return Place(self.file, self.line, self.column)


class Dimension(msgspec.Struct):
    """A dimension of the accounting system; ``values`` is None where they were not exported."""

    row: Row
    values: list[Row] | None


@dataclass(init=False)
class DesiredState:
    """All rows of one or more desired-state files; a part that is absent is not managed.

    ``flat`` has the rows of each flat kind by its name, ``dimensions`` the tag groups with their values.
    """

    flat: dict[str, list[Row]]
    dimensions: list[Dimension] | None
    files: list[str]

    def __init__(
        self,
        accounts: list[Row] | None = None,
        dimensions: list[Dimension] | None = None,
        files: list[str] | None = None,
    ) -> None:
        """Rows of accounts and of dimensions; other kinds go into ``flat``."""
        self.flat = {} if accounts is None else {ACCOUNT.name: accounts}
        self.dimensions, self.files = dimensions, files or []

    @property
    def accounts(self) -> list[Row] | None:
        """The chart of accounts, which the mapping posts to; None where it is not managed."""
        return self.flat.get(ACCOUNT.name)

    @property
    def uses_dates(self) -> bool:
        """Whether the outcome depends on the day (a value has ``expires``)."""
        return any(row.expires for d in self.dimensions or () for row in d.values or ())

    def rows(self) -> Iterator[Row]:
        """Every row of every kind."""
        for rows in self.flat.values():
            yield from rows
        for dimension in self.dimensions or ():
            yield dimension.row
            yield from dimension.values or ()


class Live(msgspec.Struct):
    """One record in Pleo. ``parent`` is a tag's group id; ``raw`` is Pleo's whole answer, kept only for writes.

    ``key`` is "" where it has none. ``fields`` of a kind with drafts also hold the key and ``state``.
    """

    id: str
    key: str
    archived: bool
    fields: Fields
    parent: str | None = None
    created: str = ""
    raw: dict[str, Any] | None = None

    @property
    def is_draft(self) -> bool:
        """Whether it was born in Pleo and the accounting system does not have it yet (V3)."""
        return self.fields.get("state") == DRAFT

    def state(self, names: tuple[str, ...] | list[str]) -> dict[str, Any]:
        """``archived`` and the named fields, as a plan's ``before`` shows them."""
        return {"archived": self.archived, **{name: self.fields.get(name) for name in names}}
