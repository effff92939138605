"""What each kind does in Pleo, found in the module that its row names (`Kind.module`), beside this one.

Such a module has `Operations`, and for a flat kind `read`: the planner's only knowledge of Pleo's lists, and the
executor's only knowledge of how records are looked up and written. ``READ`` and ``WRITE`` are the scopes that they
need, and `probe` is a read that costs little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from pleoctl.model.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from pleoctl.model.changes import Change
    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Live
    from pleoctl.pleo.answers import BatchResult
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.pleo.writer import PleoWriter


class Operations(Protocol):
    """One kind's operations. ``group`` is the Pleo id of a tag's group, None for other kinds."""

    kind: Kind
    unique: bool
    """Whether Pleo itself refuses a second record with the same key."""

    def reread(self, changes: Sequence[Change], groups: Iterable[str]) -> list[Live]:
        """The records the changes touch; all records of the kind (or the groups) if something is created."""

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """The records with these ids."""

    def find(self, change: Change, group: str | None) -> list[Live]:
        """The records that might be what a create made: all that could carry its key."""

    def find_alike(self, change: Change) -> list[Live]:
        """Further records that Pleo may take for the one that a create wants, where `find` cannot give them."""

    def in_the_way(self, change: Change) -> list[Live]:
        """Other records whose fields may be why Pleo refuses the change (409), as far as the kind has `Kind.unique`."""

    def create(self, change: Change, group: str | None) -> Live:
        """Create one record."""

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """Write a whole record; what pleoctl does not manage is echoed from ``record`` (law 5)."""


def read(kind: Kind, reader: PleoReader) -> list[Live]:
    """Every record of a flat kind, active and archived."""
    found: list[Live] = _module(kind).read(reader)
    return found


def probe(kind: Kind, reader: PleoReader) -> None:
    """One small read of a kind, to see whether the credential may. Raises `RemoteError`."""
    _module(kind).probe(reader)


def scopes(kind: Kind) -> tuple[str, str]:
    """What a credential must be allowed: to read records of a kind, and to write them."""
    module = _module(kind)
    return module.READ, module.WRITE


class Batches(Operations, Protocol):
    """What a kind has whose row says `Kind.create_batch`."""

    def every(self) -> list[Live]:
        """All records, with their whole answers."""

    def create_many(self, changes: Sequence[Change]) -> BatchResult:
        """Create as many records as a batch may have in one call."""


class Bulks(Operations, Protocol):
    """What a kind has whose row says `Kind.archive_batch`."""

    def archive(self, ids: Sequence[str], archived: bool) -> dict[str, Live]:
        """Archive or unarchive 1 to 100 records; the answer by id, as far as Pleo gives one."""

    def of_groups(self, groups: Iterable[str]) -> list[Live]:
        """Every record of these groups, with its whole answer."""


class Drafts(Operations, Protocol):
    """What a kind has that `Kind.has_drafts`."""

    def activate(self, record: Live, change: Change) -> Live:
        """Make an active record of a draft or an archived one, under the change's key."""


class KindApis:
    """Every kind's operations by its name; what a row says that its kind can beside what all can, by ability."""

    def __init__(self, pleo: PleoWriter) -> None:
        self._by_kind: dict[str, Any] = {name: _module(kind).Operations(pleo) for name, kind in KINDS.items()}

    def __getitem__(self, kind: str) -> Operations:
        found: Operations = self._by_kind[kind]
        return found

    def batches(self, kind: str) -> Batches:
        """Of a kind that is created in batches."""
        found: Batches = self._by_kind[kind]
        return found

    def bulks(self, kind: str) -> Bulks:
        """Of a kind that is archived in bulk."""
        found: Bulks = self._by_kind[kind]
        return found

    def drafts(self, kind: str) -> Drafts:
        """Of a kind that has drafts."""
        found: Drafts = self._by_kind[kind]
        return found


def _module(kind: Kind) -> ModuleType:
    return import_module(f"{__package__}.{kind.module}")
