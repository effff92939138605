"""What runs share: who may write, how much was sent, what was done. In files of this machine, or in one place for many.

A `State` is chosen by the workspace's ``state``; everything above asks it and does not know where it lies.
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeVar

from pleoctl.errors import PleoctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pleoctl.state.budget import Window
    from pleoctl.state.lock import Holder, Lock


T = TypeVar("T")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,19})://", re.IGNORECASE)


def scheme_of(url: str) -> str | None:
    """What an url begins with, in lower case; None for what is no url, and may be a secret that strayed here."""
    found = _SCHEME.match(url)
    return None if found is None else found[1].lower()


def once_each(make: Callable[[str], T]) -> Callable[[str], T]:
    """What is made of a url once in the whole process, however many threads ask for it at a time."""
    kept, opening = cache(make), threading.Lock()

    @wraps(make)
    def made(url: str) -> T:
        with opening:
            return kept(url)

    return made


class StateLost(PleoctlError):
    """The shared state cannot be reached, or the lock that it kept is lost: nothing may be sent."""

    code = "state-lost"


class Note(Protocol):
    """A small text that many runs keep, locked by now."""

    def read(self) -> bytes:
        """All of it."""

    def write(self, content: bytes) -> None:
        """Replace it."""


class StoredRun(NamedTuple):
    """A run as it is stored; ``receipt`` None: it goes on, or was cut off."""

    run: str
    plan: bytes
    journal: bytes
    receipt: bytes | None


class RunStore(Protocol):
    """A company's runs where every machine finds them; each method raises `StateLost`."""

    def begin(self, run: str, plan: bytes) -> None:
        """Before anything is sent."""

    def append(self, run: str, lines: bytes) -> None:
        """Lines of the journal, safe when this returns."""

    def keep(self, run: str, receipt: bytes) -> None:
        """The run is over."""

    def note(self, name: str) -> AbstractContextManager[Note]:
        """A note for the block, which nobody else reads or writes meanwhile."""

    def names(self) -> dict[str, bool]:
        """Every stored run, newest first, and whether it has its receipt."""

    def stored(self, runs: Collection[str]) -> Iterator[StoredRun]:
        """Those of the runs that are stored, whole."""

    def store(self, run: StoredRun) -> None:
        """A run that was kept elsewhere."""

    def remember(self, subject: str, line: bytes) -> None:
        """A line about a subject, safe when this returns."""

    def remembered(self, subject: str) -> bytes:
        """The lines about a subject, in order."""


class Vault(Protocol):
    """Where the tokens of one sign-in lie; nothing of them is ever shown."""

    @property
    def place(self) -> str:
        """What people call the place."""

    def read(self) -> bytes:
        """What is kept now; empty where nothing is. Raises `Refused` where others can read it, `StateLost`."""

    def hold(self) -> AbstractContextManager[Note]:
        """The tokens for the block, which no thread, process or machine beside reads or writes under a hold meanwhile.

        What is written is safe when `Note.write` returns. Raises as `read` does, `PleoctlError` where it stays held.
        """


class Standing(NamedTuple):
    """A lock that was taken and not given back; ages in seconds."""

    name: str
    holder: Holder | None
    """None where it cannot be read."""
    status: Literal["held", "cutOff", "unknown"]
    """Whether its holder lives, as far as one look can tell."""
    age: float | None = None
    """Since its lease was renewed; None where it needs none, or only watching tells."""
    lasts: float | None = None
    """The age from which another run takes it."""

    def as_json(self) -> dict[str, Any]:
        """As commands tell it."""
        known = {} if self.holder is None else asdict(self.holder)
        lease = {} if self.lasts is None else {"renewedSecondsAgo": self.age, "leaseSeconds": self.lasts}
        return {"name": self.name, **known, "status": self.status, **lease}


class State(Protocol):
    """Where runs share what they must; ``name`` is a company's or a credential's (`connection_name`)."""

    def lock(self, url: str, company: str, patience: float) -> Lock:
        """The lock of a company; ``patience`` is the deadline of one request in seconds."""

    def examine(self) -> str:
        """What the state is, in words, once each thing that a run needs of it was tried.

        Raises `StateLost`, `InvalidFile`, `PleoctlError` with the cure for what is missing.
        """

    def standings(self) -> Sequence[Standing]:
        """The locks that were taken and not given back. Raises `StateLost`, `PleoctlError`."""

    def release(self, url: str, company: str) -> Holder | None:
        """Give a company's lock free whose holder has ended without doing so; that holder, None where it is free.

        Waits until that holder begins no write any more; what it sent before may still be carried out. Raises
        `LockHeld` where it lives, `StateLost`, `PleoctlError`.
        """

    def window(self, name: str) -> Window:
        """The requests that a credential sent in the last minute."""

    def runs(self, name: str) -> RunStore | None:
        """A company's runs; None where only this machine's folders hold them."""

    def vault(self, name: str) -> Vault:
        """The tokens of a sign-in, by its name."""
