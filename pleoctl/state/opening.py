"""Which state a workspace shares: files of this machine, or where its ``state`` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.errors import InvalidFile
from pleoctl.machine import this_machine
from pleoctl.state.budget import FileWindow
from pleoctl.state.lock import FileLock
from pleoctl.state.vault import FileVault

if TYPE_CHECKING:
    from pleoctl.state.base import State
    from pleoctl.workspace import Workspace


class LocalState:
    """`State` in the user's state folder: for all processes of this machine."""

    def lock(self, url: str, company: str, patience: float) -> FileLock:
        """See `State.lock`; the operating system's locks need no patience."""
        del patience
        return FileLock(url, company)

    def window(self, name: str) -> FileWindow:
        """See `State.window`."""
        return FileWindow(this_machine().state_folder() / "budget" / name)

    def runs(self, name: str) -> None:
        """See `State.runs`."""

    def vault(self, name: str) -> FileVault:
        """See `State.vault`."""
        return FileVault(this_machine().state_folder() / "tokens" / f"{name}.json")


def state_of(workspace: Workspace) -> State:
    """What the workspace shares. Raises `InvalidFile`, `MissingExtra`, `PleoctlError`."""
    return state_at(workspace.state.reveal() if workspace.state else None)


def state_at(url: str | None) -> State:
    """The state behind a url; None: this machine's. Raises `InvalidFile`, `MissingExtra`."""
    if url is None:
        return LocalState()
    scheme = url.partition(":")[0]
    if scheme in {"postgresql", "postgres"}:
        from pleoctl.state.postgres.state import PostgresState

        return PostgresState(url)
    raise InvalidFile(f"state leads to {scheme}:, which is none of postgresql:", hint="e.g. postgresql://host/database")
