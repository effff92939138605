"""`State` with its lock in an object store; budget, runs and tokens stay in files of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.errors import InvalidFile
from pleoctl.machine import connection_name
from pleoctl.state.lock import BothLocks, FileLock
from pleoctl.state.objects.lock import ObjectLock, standings
from pleoctl.state.objects.store import objects

if TYPE_CHECKING:
    from pleoctl.state.base import Standing, State
    from pleoctl.state.budget import Window
    from pleoctl.state.lock import Holder
    from pleoctl.state.vault import FileVault


class ObjectState:
    """See `pleoctl.state.base.State`; ``local`` is this machine's, where all lies but the lock."""

    def __init__(self, url: str, local: State) -> None:
        """Nothing is asked yet. Raises `MissingExtra`, `InvalidFile`."""
        self._objects, self._local = objects(url), local

    def lock(self, url: str, company: str, patience: float) -> BothLocks:
        """See `State.lock`."""
        shared = ObjectLock(self._objects, connection_name(url, company), patience)
        return BothLocks(FileLock(url, company), shared)

    def examine(self) -> str:
        """See `State.examine`: the lock's writes, and reading what locks there are."""
        self._objects.require_conditional()
        list(standings(self._objects))
        return f"{self._objects.name}, conditional writes kept (for the lock alone)"

    def standings(self) -> list[Standing]:
        """See `State.standings`."""
        return list(standings(self._objects))

    def release(self, url: str, company: str) -> Holder | None:
        """See `State.release`."""
        return ObjectLock(self._objects, connection_name(url, company), 0.0).release()

    def window(self, name: str) -> Window:
        """See `State.window`."""
        return self._local.window(name)

    def runs(self, name: str) -> None:
        """See `State.runs`: folders hold them, an object store keeps the lock alone."""

    def vault(self, name: str) -> FileVault:
        """See `State.vault`. Raises `InvalidFile`."""
        del name
        raise InvalidFile(
            f"tokens: state needs a database, and the state is {self._objects.name}",
            hint="keep the tokens in a file (tokens: file:…), or name a postgresql:// url as the state",
        )
