"""What handlers and the kinds' parts know of the world that they work in, so that the world may stand on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pleoctl.sandbox.authority import Authority
    from pleoctl.sandbox.clock import Clock
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.settings import Settings
    from pleoctl.sandbox.store import Store, Table
    from pleoctl.sandbox.webhooks import Messenger


class Strike(Protocol):
    """What a handler asks of a fault that strikes its call."""

    @property
    def by(self) -> int:
        """How much."""
        ...

    @property
    def commit(self) -> bool:
        """Whether what was asked for is done all the same."""
        ...


class Strikes(Protocol):
    """The faults that strike one call."""

    def of(self, kind: Literal["shortPage", "partialUpdate", "updateErrors"], /) -> Strike | None:
        """The first of a kind."""
        ...


class Surroundings(Protocol):
    """One company with its clock, settings and state; ``links`` counts files' links, ``reports`` are what jobs told."""

    clock: Clock
    company: str
    organization: str
    settings: Settings
    store: Store
    links: int
    reports: list[Record]
    messenger: Messenger
    authority: Authority

    def new_id(self) -> str:
        """An id for a new record."""
        ...

    def now(self) -> str:
        """A timestamp in UTC with whole seconds."""
        ...

    def moment(self) -> str:
        """A timestamp in UTC as export jobs have it."""
        ...

    def new_installation(self, fields: Record) -> Record:
        """An installation of this company with the given status and metadata."""
        ...

    def reader(self, table: Table) -> Store:
        """What a list or search call reads."""
        ...
