"""`State` in PostgreSQL: for all machines that reach the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.machine import connection_name
from pleoctl.state.lock import BothLocks, FileLock
from pleoctl.state.postgres.budget import PostgresWindow
from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.lock import PostgresLock, standings
from pleoctl.state.postgres.runs import PostgresRuns
from pleoctl.state.postgres.vault import PostgresVault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.state.base import Standing
    from pleoctl.state.lock import Holder


class PostgresState:
    """See `pleoctl.state.base.State`."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet. Raises `MissingExtra`."""
        self._database = database(url)

    def lock(self, url: str, company: str, patience: float) -> BothLocks:
        """See `State.lock`."""
        shared = PostgresLock(self._database, connection_name(url, company), patience)
        return BothLocks(FileLock(url, company), shared)

    def examine(self) -> str:
        """See `State.examine`."""
        from pleoctl.state.postgres.examine import examined

        return examined(self._database)

    def standings(self) -> Sequence[Standing]:
        """See `State.standings`."""
        return standings(self._database)

    def release(self, url: str, company: str) -> Holder | None:
        """See `State.release`."""
        return PostgresLock(self._database, connection_name(url, company), 0.0).release()

    def window(self, name: str) -> PostgresWindow:
        """See `State.window`."""
        return PostgresWindow(self._database, name)

    def runs(self, name: str) -> PostgresRuns:
        """See `State.runs`."""
        return PostgresRuns(self._database, name)

    def vault(self, name: str) -> PostgresVault:
        """See `State.vault`."""
        return PostgresVault(self._database, name)
