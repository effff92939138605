"""Tokens in a file of this machine: for one user's eyes alone, and one holder at a time over threads and processes."""

from __future__ import annotations

import glob
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import NOT_PLAIN, fix_of, write_atomically
from pleoctl.errors import PleoctlError, Refused
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD_SECONDS: Final = 120.0
"""For how long another holder is waited for: longer than a server may take to answer a refresh."""
_NAP: Final = 0.02
_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
#: Opening a pipe waits for who writes into it.
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)
_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077


class FileVault:
    """`pleoctl.state.base.Vault` in a file; the lock beside it is the operating system's and ends with its holder."""

    def __init__(self, path: Path) -> None:
        """Nothing is read or made yet."""
        self._path = path

    @property
    def place(self) -> str:
        """See `Vault.place`."""
        return str(self._path)

    def read(self) -> bytes:
        """See `Vault.read`."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | _NOFOLLOW | _NO_WAIT)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._failed("cannot be read", error) from error
        with os.fdopen(descriptor, "rb") as stream:
            self._check(os.fstat(descriptor))
            return stream.read()

    @contextmanager
    def hold(self) -> Iterator[FileNote]:
        """See `Vault.hold`."""
        descriptor = self._opened()
        try:
            self._lock(descriptor)
            yield FileNote(self, self._path)
        finally:
            os.close(descriptor)

    def _check(self, found: os.stat_result) -> None:
        """Raise `Refused` for a pipe or a device, a file that is another user's, or that others may read or write."""
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"the token file {self._path} {NOT_PLAIN}", hint="name a plain file")
        if not hasattr(os, "geteuid"):
            return
        if found.st_uid != os.geteuid():
            raise Refused(f"the token file {self._path} belongs to another user", hint="name a file of your own")
        if stat.S_IMODE(found.st_mode) & _OTHERS:
            words = f"the token file {self._path} can be read by others"
            raise Refused(words, hint=f"chmod 600 {self._path}; sign in again if it is not only yours")

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = self._path.with_name(f"{self._path.name}.lock")
            return os.open(lock, os.O_RDWR | os.O_CREAT | _NOFOLLOW, _PRIVATE)
        except OSError as error:
            raise self._failed("cannot be locked", error) from error

    def _lock(self, descriptor: int) -> None:
        from filelock import lock_descriptor  # only who renews tokens needs it

        machine = this_machine()
        end = machine.monotonic() + HOLD_SECONDS
        while not lock_descriptor(descriptor, blocking=False):
            if machine.monotonic() > end:
                raise PleoctlError(f"another process holds the tokens in {self._path}", hint="try again later")
            machine.sleep(_NAP)

    def _failed(self, what: str, error: OSError) -> PleoctlError:
        reason = (error.strerror or str(error)).lower()
        return PleoctlError(f"the token file {self._path} {what}: {reason}", hint=fix_of(error))


class FileNote:
    """A token file that is held."""

    def __init__(self, vault: FileVault, path: Path) -> None:
        """Read anew each time: its last holder may have just replaced it."""
        self._vault, self._path = vault, path

    def read(self) -> bytes:
        """All of it."""
        return self._vault.read()

    def write(self, content: bytes) -> None:
        """Replace it, whole or not at all, readable by nobody else at any moment; empty removes it."""
        if content:
            write_atomically(self._path, content, mode=_PRIVATE)
        else:
            self._path.unlink(missing_ok=True)
        # Nobody else writes meanwhile: these are of holders that were killed, and tokens that are spent lie in them.
        for left in self._path.parent.glob(f".{glob.escape(self._path.name)}.*.tmp"):
            with suppress(OSError):
                left.unlink()
