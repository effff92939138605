"""One run at a time per Pleo company (S6), also from two clones on this machine.

The lock is the operating system's, so it frees itself when its holder dies. The holder's note beside it only tells
people who it is. Locks that machines share are in `pleoctl.state.postgres` and `pleoctl.state.objects`.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Protocol

from pleoctl.documents.files import write_atomically
from pleoctl.errors import Interrupted, LockHeld, PleoctlError
from pleoctl.machine import connection_name, this_machine

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

LOG: Final = logging.getLogger(__name__)
POLL_SECONDS: Final = 0.1
TOLD_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: ``since`` is an ISO time in UTC, ``run`` the CI job's url where there is one."""

    url: str
    company: str
    command: str
    pid: int
    host: str
    run: str | None
    since: str

    @classmethod
    def me(cls, url: str, company: str, command: str) -> Holder:
        """A holder's note about the running process."""
        since = this_machine().now().isoformat(timespec="seconds")
        return cls(url, company, command, os.getpid(), socket.gethostname(), ci_run_url(), since)

    def __str__(self) -> str:
        where = f", {self.run}" if self.run else ""
        return f"{self.command} (pid {self.pid} on {self.host}{where}) since {self.since}"


class Permit(Protocol):
    """A lock that is held."""

    def check(self) -> None:
        """Raise `StateLost` unless a write may start now."""


class Always:
    """The `Permit` of a lock that cannot be lost while its holder lives."""

    def check(self) -> None:
        """See `Permit.check`."""


class Lock(Protocol):
    """A lock of one url host and company."""

    def hold(
        self, holder: Holder, timeout: float, stop: threading.Event | None = None
    ) -> AbstractContextManager[Permit]:
        """Hold it for the block; wait up to ``timeout`` seconds. Raises `LockHeld`, `Interrupted` once ``stop`` is set.

        What the last holder may have left under way is waited for as well, however long that takes.
        """


class FileLock:
    """`Lock` by an operating-system file lock in the user's state folder."""

    def __init__(self, url: str, company: str) -> None:
        """Keyed by the server, however its url is spelt, and the company."""
        self._path = lock_path(url, company)

    @contextmanager
    def hold(self, holder: Holder, timeout: float, stop: threading.Event | None = None) -> Iterator[Permit]:
        """See `Lock.hold`."""
        descriptor = self._opened()
        try:
            self._acquire(descriptor, timeout, stop)
            with self._note(holder):
                yield Always()
        finally:
            os.close(descriptor)

    @contextmanager
    def _note(self, holder: Holder) -> Iterator[None]:
        # The note only tells people who it is: no run ends because it cannot be written.
        note = note_path(self._path)
        with suppress(PleoctlError):
            write_atomically(note, json.dumps(asdict(holder)).encode(), mode=0o600)
        try:
            yield
        finally:
            with suppress(OSError):
                note.unlink(missing_ok=True)

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return _open(self._path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            words = f"the lock cannot be made in {self._path.parent}: {error.strerror}"
            raise PleoctlError(words, hint="set PLEOCTL_STATE_DIR to a folder that can be written") from error

    def _acquire(self, descriptor: int, timeout: float, stop: threading.Event | None) -> None:
        machine = this_machine()
        end = machine.monotonic() + timeout
        if not _locked(descriptor, self._path) and timeout > TOLD_SECONDS:
            other = read_holder(self._path) or "another run"
            LOG.warning("waiting for the lock, at most %g s: %s", timeout, other)
        while not _locked(descriptor, self._path):
            if machine.monotonic() >= end:
                raise lock_held(read_holder(self._path))
            nap(POLL_SECONDS, stop)


class BothLocks:
    """A machine's own lock below a shared one: a workspace without ``state`` beside this one is excluded as well."""

    def __init__(self, local: Lock, shared: Lock) -> None:
        """Taken in this order."""
        self._local, self._shared = local, shared

    @contextmanager
    def hold(self, holder: Holder, timeout: float, stop: threading.Event | None = None) -> Iterator[Permit]:
        """See `Lock.hold`."""
        with self._local.hold(holder, timeout, stop), self._shared.hold(holder, timeout, stop) as permit:
            yield permit


def nap(seconds: float, stop: threading.Event | None) -> None:
    """Let time pass while a lock is waited for. Raises `Interrupted` as soon as ``stop`` is set."""
    if stop is None:
        this_machine().sleep(seconds)
    elif this_machine().wait(stop, seconds):
        raise Interrupted("stopped while waiting for the lock of this company")


def lock_held(holder: object) -> LockHeld:
    """Told to who would have the lock of a company; ``holder`` None where it is not known."""
    words = "another run holds the lock" + (f" of this company: {holder}" if holder else "")
    return LockHeld(words, hint="wait with --lock-timeout 5m; see `pleoctl lock list`")


def holder_lives(holder: object) -> LockHeld:
    """Told to who would give the lock of a living holder free."""
    words = f"the lock is held: {holder or 'by another run'}"
    return LockHeld(words, hint="end that process; the lock then frees itself")


def _open(path: Path, flags: int) -> int:
    """A descriptor of a lock file, not through a link; another user's may be locked without a right to write it."""
    nofollow = getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags | nofollow, 0o644)
    except PermissionError:
        return os.open(path, os.O_RDONLY | nofollow)


def _locked(descriptor: int, path: Path) -> bool:
    """Take the lock if it is free; taking it again changes nothing. Raises `PleoctlError` where there are no locks."""
    from filelock import lock_descriptor  # only runs that write need it

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as error:
        words = f"the file system of {path.parent} has no locks: {error.strerror}"
        raise PleoctlError(words, hint="set PLEOCTL_STATE_DIR to a folder on a disk of this machine") from error


def lock_path(url: str, company: str) -> Path:
    """The lock file of a server and a company."""
    return locks_folder() / f"{connection_name(url, company)}.lock"


def locks_folder() -> Path:
    """Where this user's locks lie."""
    return this_machine().state_folder() / "locks"


def note_path(lock: Path) -> Path:
    """The holder's note beside a lock file."""
    return lock.with_suffix(".json")


def read_holder(lock: Path) -> Holder | None:
    """The note of a lock's holder; None where there is none or it cannot be read."""
    try:
        return Holder(**json.loads(note_path(lock).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_held(lock: Path) -> bool | None:
    """Whether some process holds the lock now; None where it is another user's and cannot be asked.

    Raises `PleoctlError` where the file system has no locks.
    """
    try:
        descriptor = _open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        return not _locked(descriptor, lock)
    finally:
        os.close(descriptor)


def ci_run_url() -> str | None:
    """The url of the CI job this process runs in, as far as its environment tells."""
    environ = os.environ
    if environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return environ.get("CI_JOB_URL") or environ.get("BUILD_URL")
