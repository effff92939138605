"""What a source is: up to three tables of rows, read completely or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from pleoctl.sources.context import Context

RESOURCES: Final = ("accounts", "dimensions", "values")

# Fields of each table; the first ones are required of every row.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("externalId", "name", "code", "taxCodeExternalId", "active", "currency"),
    "dimensions": ("code", "name", "active"),
    "values": ("dimension", "code", "name", "active", "expires"),
}
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("externalId", "name"),
    "dimensions": ("code", "name"),
    "values": ("dimension", "code", "name"),
}


@dataclass(slots=True)
class SourceRow:
    """One row as the accounting system gave it.

    ``cells`` maps field names to text, None, or (``active``) a boolean; an absent field is one the system does not
    have. ``place`` says where the row stands, ``problem`` why it cannot be used, ``record`` what the system sent
    (kept for the first rows, or where other tables are read by it).
    """

    cells: dict[str, Any]
    place: str
    line: int | None = None
    problem: str | None = None
    record: Any = None


@dataclass(slots=True)
class Table:
    """All rows of one resource; ``label`` names it in messages, ``name`` is the file or address it came from."""

    name: str
    rows: list[SourceRow] = field(default_factory=list)


class Source(Protocol):
    """A source is made with its context and the ``source`` section, and read once.

    Raises `SourceError` from the constructor for a wrong section, from `read` for anything that may have cut the
    data short: a source that cannot prove it read everything must raise.
    """

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Check the section; touch nothing yet."""

    def read(self, resource: str) -> Table | None:
        """All rows of ``accounts``, ``dimensions`` or ``values``; None if the source has no such resource."""
