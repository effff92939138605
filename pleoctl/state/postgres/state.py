"""`State` in PostgreSQL: for all machines that reach the database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pleoctl.machine import connection_name
from pleoctl.state.lock import FileLock
from pleoctl.state.postgres.budget import PostgresWindow
from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.lock import PostgresLock
from pleoctl.state.postgres.runs import PostgresRuns
from pleoctl.state.postgres.vault import PostgresVault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.state.lock import Holder, Permit


class PostgresState:
    """See `pleoctl.state.base.State`."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet. Raises `MissingExtra`."""
        self._database = database(url)

    def lock(self, url: str, company: str, patience: float) -> BothLocks:
        """See `State.lock`."""
        shared = PostgresLock(self._database, connection_name(url, company), patience)
        return BothLocks(FileLock(url, company), shared)

    def window(self, name: str) -> PostgresWindow:
        """See `State.window`."""
        return PostgresWindow(self._database, name)

    def runs(self, name: str) -> PostgresRuns:
        """See `State.runs`."""
        return PostgresRuns(self._database, name)

    def vault(self, name: str) -> PostgresVault:
        """See `State.vault`."""
        return PostgresVault(self._database, name)


class BothLocks:
    """A machine's own lock below the shared one: a workspace without ``state`` beside this one is excluded as well."""

    def __init__(self, local: FileLock, shared: PostgresLock) -> None:
        """Taken in this order."""
        self._local, self._shared = local, shared

    @contextmanager
    def hold(self, holder: Holder, timeout: float) -> Iterator[Permit]:
        """See `Lock.hold`."""
        with self._local.hold(holder, timeout), self._shared.hold(holder, timeout) as permit:
            yield permit
