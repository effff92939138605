"""Files of notes that many processes keep: each is locked for no longer than one look."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.machine import Machine

_SECONDS: Final = 2.0
_NAP: Final = 0.001
_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def briefly_locked(file: int, machine: Machine) -> Iterator[None]:
    """Hold the lock of an open file for the block. Raises `OSError` if it stays taken or there are no locks."""
    from filelock import lock_descriptor, unlock_descriptor  # only runs that write need it

    waited = 0.0
    while not lock_descriptor(file, blocking=False):
        if waited > _SECONDS:
            raise TimeoutError
        machine.sleep(_NAP)
        waited += _NAP
    try:
        yield
    finally:
        with suppress(OSError):
            unlock_descriptor(file)


class Note:
    """A small file that is locked by now; where it cannot be had, it is empty and keeps nothing."""

    def __init__(self, file: int | None) -> None:
        """An open file, or none."""
        self._file = file

    def read(self) -> bytes:
        """All of it."""
        if self._file is None:
            return b""
        with suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            return os.read(self._file, os.fstat(self._file).st_size)
        return b""

    def write(self, content: bytes) -> None:
        """Replace it; a death in between leaves less than all."""
        if self._file is None:
            return
        with suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            os.ftruncate(self._file, 0)
            os.write(self._file, content)


@contextmanager
def locked_note(path: Path, machine: Machine) -> Iterator[Note]:
    """The file of notes for the block, which nobody else reads or writes meanwhile."""
    with ExitStack() as stack:
        yield Note(_taken(path, machine, stack))


def _taken(path: Path, machine: Machine, stack: ExitStack) -> int | None:
    try:
        file = os.open(path, _FLAGS, 0o600)
        stack.callback(os.close, file)
        stack.enter_context(briefly_locked(file, machine))
    except OSError:
        return None
    return file
