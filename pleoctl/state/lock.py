"""One run at a time per Pleo company (S6), also from two clones on this machine.

The lock is the operating system's, so it frees itself when its holder dies. The holder's note beside it only tells
people who it is. `Lock` is what a bucket or a database would implement.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from pleoctl.documents.files import write_atomically
from pleoctl.errors import LockHeld, PleoctlError
from pleoctl.machine import connection_name, this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


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


class Lock(Protocol):
    """A lock of one url host and company."""

    def hold(self, holder: Holder, timeout: float) -> AbstractContextManager[None]:
        """Hold it for the block; wait up to ``timeout`` seconds. Raises `LockHeld`."""


class FileLock:
    """`Lock` by an operating-system file lock in the user's state folder."""

    def __init__(self, url: str, company: str) -> None:
        """Keyed by url host and company."""
        self._path = locks_folder() / f"{connection_name(url, company)}.lock"

    @contextmanager
    def hold(self, holder: Holder, timeout: float) -> Iterator[None]:
        """See `Lock.hold`."""
        from filelock import FileLock as OsLock  # noqa: PLC0415 - only runs that write need it
        from filelock import Timeout  # noqa: PLC0415

        lock = OsLock(self._path, timeout=timeout)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(poll_interval=0.1)
        except OSError as error:
            if isinstance(error, Timeout):
                raise self._held() from error
            words = f"the lock cannot be made in {self._path.parent}: {error.strerror}"
            raise PleoctlError(words, hint="set PLEOCTL_STATE_DIR to a folder that can be written") from error
        try:
            write_atomically(note_path(self._path), json.dumps(asdict(holder)).encode(), mode=0o600)
            yield
        finally:
            with suppress(OSError):
                note_path(self._path).unlink(missing_ok=True)
            lock.release()

    def _held(self) -> LockHeld:
        other = read_holder(self._path)
        words = f"another run holds the lock of this company: {other}" if other else "another run holds the lock"
        return LockHeld(words, hint="wait with --lock-timeout 5m; see `pleoctl lock list`")


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


def is_held(lock: Path) -> bool:
    """Whether some process holds the lock now."""
    from filelock import FileLock as OsLock  # noqa: PLC0415
    from filelock import Timeout  # noqa: PLC0415

    probe = OsLock(lock, timeout=0)
    try:
        with probe.acquire():
            return False
    except Timeout:
        return True


def ci_run_url() -> str | None:
    """The url of the CI job this process runs in, as far as its environment tells."""
    environ = os.environ
    if environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return environ.get("CI_JOB_URL") or environ.get("BUILD_URL")
