"""Where a workspace's runs lie, and what they share with other machines.

Folders hold them; a shared state (`pleoctl.state.base.RunStore`) holds them as well, where there is one. `exchange`
makes both hold the same, so that whatever reads runs reads folders: a run of another machine is fetched, and one that
was kept while the state was away is stored.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, ParamSpec

from pleoctl.documents.files import write_atomically
from pleoctl.machine import connection_name, this_machine
from pleoctl.run.places import JOURNAL, PLAN, RECEIPT, run_folders
from pleoctl.state.base import StateLost, StoredRun
from pleoctl.state.brief import locked_note
from pleoctl.state.lock import Always
from pleoctl.state.opening import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pleoctl.state.base import Note, RunStore
    from pleoctl.state.lock import Permit
    from pleoctl.workspace import Workspace

P = ParamSpec("P")
RECENT: Final = 20
"""Runs that are fetched where only the latest count."""
_CHAIN: Final = ".chain"


@dataclass(frozen=True, slots=True)
class Runs:
    """A company's runs: places for their folders (best first), the store of many machines, the lock of a run."""

    places: Sequence[Path]
    store: RunStore | None = None
    permit: Permit = field(default_factory=Always)

    @classmethod
    def of(cls, workspace: Workspace) -> Runs:
        """Those of a workspace. Raises `Refused`, `InvalidFile`."""
        store = state_of(workspace).runs(connection_name(workspace.url, workspace.company)) if workspace.state else None
        return cls(workspace.runs, store)

    @property
    def alone(self) -> Runs:
        """The same without what other machines share."""
        return Runs(self.places)

    def under(self, permit: Permit) -> Runs:
        """The same, for a run that holds the lock."""
        return replace(self, permit=permit)

    @contextmanager
    def chain(self, place: Path) -> Iterator[Note]:
        """The note of where the chain ends; without the shared state, this place's own. See `pleoctl.run.chain`."""
        if self.store is None:
            with locked_note(place / _CHAIN, this_machine()) as note:
                yield note
            return
        with self.store.note("chain") as note:
            yield note

    def exchange(self, newest: int | None = None, named: Callable[[str], bool] = lambda _: True) -> Sequence[Path]:
        """Let folders and store hold the same runs; the places. Raises `StateLost`.

        ``newest``: as many of them, which a run must know of; ``named``: those whose names are meant; without, all.
        """
        if self.store is not None:
            self._exchange(self.store, newest, named)
        return self.places

    def _exchange(self, store: RunStore, newest: int | None, named: Callable[[str], bool]) -> None:
        stored = store.names()
        local = {folder.name: folder for folder in run_folders(self.places, newest) if named(folder.name)}
        wanted = [
            run
            for run, ended in list(stored.items())[:newest]
            if named(run) and (run not in local or (ended and not (local[run] / RECEIPT).exists()))
        ]
        for run in store.stored(wanted):
            _lay(self.places[0] / run.run, run)
        for name, folder in reversed(local.items()):
            if not stored.get(name, False) and (folder / RECEIPT).exists():
                store.store(_read(folder))


def _lay(folder: Path, run: StoredRun) -> None:
    """A run of another machine in a folder here."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    write_atomically(folder / PLAN, run.plan, mode=0o600)
    write_atomically(folder / JOURNAL, run.journal, mode=0o600)
    if run.receipt is not None:
        write_atomically(folder / RECEIPT, run.receipt, mode=0o600)


def _read(folder: Path) -> StoredRun:
    parts = [(folder / name).read_bytes() if (folder / name).exists() else b"" for name in (PLAN, JOURNAL, RECEIPT)]
    return StoredRun(folder.name, *parts)


class Beside:
    """A run's journal and receipt in the store as well; without one, nothing. Each method raises `StateLost`.

    Once the state was lost it stays so for the run: the lock went with it, and another run may hold it by now.
    """

    def __init__(self, runs: Runs, run: str) -> None:
        """``run`` is the run's name."""
        self._runs, self._run = runs, run
        self._waiting = b""
        self._lost: StateLost | None = None

    @property
    def stores(self) -> bool:
        """Whether there is a store."""
        return self._runs.store is not None

    def check(self) -> None:
        """Whether a request may leave now."""
        self._asked(self._runs.permit.check)

    def line(self, content: bytes, *, leaves: bool) -> None:
        """A line of the journal; safe when this returns where a request ``leaves`` after it."""
        self._waiting += content
        if leaves:
            self.flush()

    def flush(self) -> None:
        """Store the lines that wait."""
        if self._runs.store is not None and self._waiting:
            self._asked(self._runs.store.append, self._run, self._waiting)
            self._waiting = b""

    def keep(self, receipt: bytes) -> None:
        """Store the receipt."""
        if self._runs.store is not None:
            self._asked(self._runs.store.keep, self._run, receipt)

    def _asked(self, question: Callable[P, object], *given: P.args, **named: P.kwargs) -> None:
        if self._lost is not None:
            raise self._lost
        try:
            question(*given, **named)
        except StateLost as error:
            self._lost = error
            raise
