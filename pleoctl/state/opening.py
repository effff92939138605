"""Which state a workspace shares: files of this machine, or where its ``state`` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.errors import InvalidFile, PleoctlError
from pleoctl.machine import this_machine
from pleoctl.state.base import Standing, scheme_of
from pleoctl.state.budget import FileWindow
from pleoctl.state.lock import FileLock, holder_lives, is_held, lock_path, locks_folder, note_path, read_holder
from pleoctl.state.vault import FileVault

if TYPE_CHECKING:
    from pleoctl.place import Place
    from pleoctl.state.base import State
    from pleoctl.state.lock import Holder
    from pleoctl.workspace import Workspace


class LocalState:
    """`State` in the user's state folder: for all processes of this machine."""

    def lock(self, url: str, company: str, patience: float) -> FileLock:
        """See `State.lock`; the operating system's locks need no patience."""
        del patience
        return FileLock(url, company)

    def examine(self) -> str:
        """See `State.examine`."""
        return f"this machine, {this_machine().state_folder()}"

    def standings(self) -> list[Standing]:
        """See `State.standings`."""
        asked = [(path, is_held(path)) for path in sorted(locks_folder().glob("*.lock"))]
        return [
            Standing(path.stem, read_holder(path) if known else None, "held" if known else "unknown")
            for path, known in asked
            if known is not False
        ]

    def release(self, url: str, company: str) -> Holder | None:
        """See `State.release`: the lock frees itself when its holder dies, what is left is a note."""
        path = lock_path(url, company)
        holder = read_holder(path)
        if is_held(path):
            raise holder_lives(holder)
        try:
            note_path(path).unlink(missing_ok=True)
        except OSError as error:
            words = f"{note_path(path)} cannot be removed: {error.strerror}"
            raise PleoctlError(words, hint="it is another user's") from error
        return holder

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
    reference = workspace.state
    return LocalState() if reference is None else state_at(reference.reveal(), reference.place)


def state_at(url: str | None, place: Place | None = None) -> State:
    """The state behind a url; None: this machine's. ``place`` says what names it. Raises as `state_of`."""
    if url is None:
        return LocalState()
    scheme = scheme_of(url)
    if scheme in {"postgresql", "postgres"}:
        from pleoctl.state.postgres.state import PostgresState

        return PostgresState(url)
    if scheme in {"s3", "az", "gs"}:
        from pleoctl.state.objects.state import ObjectState

        return ObjectState(url, LocalState())
    leads = "is no url" if scheme is None else f"leads to {scheme}:, which is none of postgresql:, s3:, az:, gs:"
    hint = "e.g. postgresql://host/database, or s3://bucket/prefix for the lock alone"
    raise InvalidFile(f"state {leads}", place=place, hint=hint)
