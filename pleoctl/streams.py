"""Outputs that can never end a run: whatever becomes of their reader or their disk, a write to them does not raise.

What a command says goes through two of them (`cli.ends`), and so does a pipe or device named with ``-o``. Beside them
the input that ends only where it ends.
"""

from __future__ import annotations

import errno
import io
import os
import select
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# What a pipe takes without blocking once it is said to be ready.
_CHUNK: Final = select.PIPE_BUF if hasattr(select, "PIPE_BUF") else 512
_MOST_KEPT: Final = 16 * 1024 * 1024


class Whole(io.RawIOBase):
    """An open descriptor to be read: what is not there yet is waited for, although somebody made it non-blocking.

    To readers above it, a read that gives nothing would be the end of the data.
    """

    def __init__(self, descriptor: int) -> None:
        """Nothing is read yet."""
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a person is at the other end."""
        return os.isatty(self._descriptor)

    def readable(self) -> bool:
        """Yes, always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """See `io.RawIOBase.readinto`; 0 is the end. Raises `OSError`."""
        room = memoryview(buffer).cast("B")
        while True:
            try:
                data = os.read(self._descriptor, len(room))
            except BlockingIOError:
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLIN)
                waiting.poll()
            else:
                room[: len(data)] = data
                return len(data)


class Steady(io.RawIOBase):
    """A stream onto an open descriptor that takes everything it is given.

    ``lost`` is the first reason why something could not be written, ``failure`` the same unless its reader has gone
    away, which is nobody's fault; whoever owns the stream decides what they mean.

    A patient stream waits for a slow reader, as every program in a pipe does. An impatient one never waits: what its
    reader does not take is kept (up to 16 MiB) and goes out with later writes, or at the end with `hand_over`.
    """

    def __init__(self, descriptor: int, *, patient: bool = True, close: bool = False) -> None:
        """``close``: closing the stream closes the descriptor, too."""
        self._descriptor, self._patient, self._close = descriptor, patient, close
        self._lock = threading.RLock()
        self._kept = bytearray()
        self._busy = self._gone = False
        self.lost: OSError | None = None

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a person is at the other end."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Yes, always."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Take all of ``data``."""
        view = memoryview(data).cast("B")
        with self._lock:
            if not self._gone and len(self._kept) < _MOST_KEPT:
                self._kept += view
            if not self._busy:  # else a signal handler writes in the middle of a write, which will take this along
                self._drain(None if self._patient else 0)
        return len(view)

    def hurry(self) -> None:
        """Be patient no longer, even in the middle of a write: the process is asked to end."""
        self._patient = False

    @property
    def failure(self) -> OSError | None:
        """Why something could not be written, unless it was only that nobody reads any more."""
        return None if self._gone else self.lost

    def hand_over(self, seconds: float | None) -> None:
        """Write what is still kept; give up when the reader takes nothing for so many seconds (None: never)."""
        with self._lock:
            self._drain(seconds)

    def close(self) -> None:
        """Close, and the descriptor as well where it is ours."""
        if self._close and not self.closed:
            try:
                os.close(self._descriptor)
            except OSError as error:
                self._fail(error)
        super().close()

    def _drain(self, seconds: float | None) -> None:
        self._busy = True
        try:
            while self._kept and (self._patient or self._ready(seconds)):
                self._send(seconds)
        finally:
            self._busy = False

    def _send(self, seconds: float | None) -> None:
        try:
            del self._kept[: os.write(self._descriptor, self._kept[: _MOST_KEPT if self._patient else _CHUNK])]
        except BlockingIOError:  # another process made the pipe non-blocking
            self._ready(seconds)
        except OSError as error:
            self._fail(error)

    def _ready(self, seconds: float | None) -> bool:
        if not hasattr(select, "poll"):
            return True
        try:
            waiting = select.poll()
            waiting.register(self._descriptor, select.POLLOUT)
            return bool(waiting.poll(None if seconds is None else seconds * 1000))
        except OSError:
            return True  # the write itself tells what is wrong

    def _fail(self, error: OSError) -> None:
        self._kept.clear()
        self._gone = error.errno in {errno.EPIPE, errno.ECONNRESET}
        self.lost = self.lost or error
