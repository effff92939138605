"""What a source is: up to five tables of rows, read completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from pleoctl.errors import Finding, SourceError
from pleoctl.model.kinds import KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.place import Place, Setting
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.model.kind import Kind
    from pleoctl.sources.context import Context


def resource_names() -> tuple[str, ...]:
    """The tables that a source may have: a section per flat kind, ``dimensions``, and ``values`` below them."""
    return tuple(kind.section for kind in (*flat_kinds(), TAG_GROUP, TAG))


def named_tables(section: dict[str, Any]) -> list[str]:
    """The tables that a section which names each of them reads. Raises `SourceError` where it names none."""
    named = [name for name in resource_names() if name in section]
    if not named:
        hint = f"add {KINDS['account'].section}, or another of its tables: docs/sources.md"
        raise SourceError("source names no table", hint=hint, setting=Setting("source"))
    return named


class _ByResource(Mapping[str, tuple[str, ...]]):
    """Field names of each table, as the kinds' rows say."""

    def __init__(self, names: Callable[[Kind], tuple[str, ...]]) -> None:
        self._names = names

    def __getitem__(self, resource: str) -> tuple[str, ...]:
        kind = next((kind for kind in KINDS.values() if kind.section == resource), None)
        if kind is None:
            raise KeyError(resource)
        above = () if kind.parent is None else ("dimension",)
        return (*above, kind.key, *self._names(kind))

    def __iter__(self) -> Iterator[str]:
        return iter(resource_names())

    def __len__(self) -> int:
        return len(resource_names())


def _needed(kind: Kind) -> tuple[str, ...]:
    # A setting of the table may give the general ones where no column does; rows that stay without one are held.
    return tuple(name for name in kind.needed if name not in kind.general)


def _all(kind: Kind) -> tuple[str, ...]:
    others = (name for name in kind.names if name not in {kind.key, *_needed(kind)})
    return (*_needed(kind), *others, "active", *(one.name for one in kind.local))


FIELDS: Final = _ByResource(_all)
"""Fields of each table; the first ones are required of every row."""
REQUIRED: Final = _ByResource(_needed)


def identity(resource: str) -> tuple[str, ...]:
    """The fields that tell one row of a table from another: the key, below its dimension where it has one."""
    kind = next(kind for kind in KINDS.values() if kind.section == resource)
    return REQUIRED[resource][: 1 if kind.parent is None else 2]


# Plain values, of which there may be many, hold nothing that the search for garbage would find.
class SourceRow(Struct, gc=False):
    """One row as the accounting system gave it.

    ``cells`` maps field names to text, None, or (``active``) a boolean; an absent field is one the system does not
    have. ``place`` says where the row stands, ``file`` in which file where the table has several, ``problem`` why it
    cannot be used, ``record`` what the system sent (kept for the first rows, or where other tables are read by it).
    ``keyless`` rows have no key for that very problem.
    """

    cells: dict[str, Any]
    place: str
    line: int | None = None
    problem: str | None = None
    record: Any = None
    file: str | None = None
    keyless: bool = False


@dataclass(slots=True)
class Table:
    """All rows of one resource; ``name`` is the file or address it came from.

    ``findings`` tell what is doubtful about the list as a whole, ``may_be_empty`` says that a company may have none,
    ``rate_unit`` (fraction, percent) what its rates are in where the workspace does not say, None where nobody does.
    ``left_out`` is how many rows came that the section does not want.
    """

    name: str
    rows: list[SourceRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    may_be_empty: bool = False
    rate_unit: str | None = None
    left_out: int = 0


def told_of_empty(parts: list[tuple[Setting, Table]]) -> list[Finding]:
    """A warning for each part of a table that gave no rows while others did, since what it had would be archived."""
    empty = [(key, table) for key, table in parts if not table.rows and not table.may_be_empty]
    return [_told_of_empty(key, table) for key, table in empty] if len(empty) < len(parts) else []


def _told_of_empty(key: Setting, table: Table) -> Finding:
    left = f", and left out {many(table.left_out, 'row')}," if table.left_out else ""
    words = f"{key} gave no rows{left} while other parts did"
    hint = "what it had before would be archived; take the part away if it is no more"
    return Finding("empty-list", words, "warning", Place(table.name), setting=key, hint=hint)


class Source(Protocol):
    """A source is made with its context and the ``source`` section, and read once.

    Raises `SourceError` from the constructor for a wrong section, from `read` for anything that may have cut the
    data short: a source that cannot prove it read everything must raise.
    """

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Check the section; touch nothing yet."""

    def read(self, resource: str) -> Table | None:
        """All rows of a table, such as ``accounts`` or ``values``; None if the source has no such resource."""
