"""Who sent how much in the last minute: shared by all runs on this machine that spend one credential's requests.

A window notes the moment of each request. Whoever would send asks it, under a lock, whether the N-th last request is
more than a minute ago. The clock is the machine's monotonic one, which its processes share and which nobody sets; a
moment that lies ahead was noted before the machine was started again.

That moment is the one at which the request was let pass, and from its answer on that of the answer: a busy machine may
send much later than it was allowed to. Of N + 1 requests at least two have numbers that differ by a multiple of N, and
each of such a row is let pass more than a minute after the one before it was answered, so after that had arrived.
"""

from __future__ import annotations

import os
import struct
import threading
import weakref
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pleoctl.state.brief import briefly_locked

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.machine import Machine

WINDOW_SECONDS: Final = 60.5
"""Half a second more than a minute: not every server's minute is as long."""
# More than the most requests a minute that a workspace may ask for.
SLOTS: Final = 1 << 16
_HEAD: Final = struct.Struct("<8sQ")
_STAMP: Final = struct.Struct("<d")
_MAGIC: Final = b"pleobud1"
# No machine sends so many; a larger count is damage.
_MOST: Final = 1 << 53


class Taken(NamedTuple):
    """What a window says: the request may be sent (``wait`` 0) in a ``place``, or when to ask again, in seconds."""

    wait: float
    place: int | None = None


class Window(Protocol):
    """The requests of the last minute, wherever they are noted."""

    def take(self, limit: int, machine: Machine) -> Taken:
        """Note one more request; where ``limit`` are noted, nothing but the wait."""

    def answered(self, place: int, machine: Machine) -> None:
        """The request of a place was answered, or nothing comes of it any more: it has arrived by now, if ever."""

    def close(self) -> None:
        """Nothing more is asked."""


class MemoryWindow:
    """A `Window` of this process alone."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self._sent: deque[float] = deque(maxlen=SLOTS)
        self._count = 0

    def take(self, limit: int, machine: Machine) -> Taken:
        """See `Window.take`."""
        now = machine.monotonic()
        while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
            self._sent.popleft()
        wait = self._sent[-limit] + WINDOW_SECONDS - now if len(self._sent) >= limit else 0.0
        return Taken(wait) if wait > 0 else Taken(0.0, self.note(now))

    def note(self, moment: float) -> int:
        """A request that was let pass, here or elsewhere; its place."""
        self._sent.append(moment)
        self._count += 1
        return self._count - 1

    def answered(self, place: int, machine: Machine) -> None:
        """See `Window.answered`."""
        behind = place - self._count
        if -len(self._sent) <= behind < 0:
            self._sent[behind] = machine.monotonic()

    def close(self) -> None:
        """See `Window.close`."""


class FileWindow:
    """A `Window` of all processes on this machine: a ring of moments in a file, under an operating-system lock.

    The count in its head is written after the moment, so a process that dies in between has taken nothing, and sent
    nothing. Nothing is forced to disk. Where the file cannot be had, the window is this process's own.
    """

    def __init__(self, path: Path) -> None:
        """The file is opened, and made where there is none, when the first request is sent."""
        self._path = path
        self._close: weakref.finalize[..., FileWindow] | None = None
        self._file = -1
        self._own = MemoryWindow()
        self._alone = False
        self._lock = threading.Lock()

    def take(self, limit: int, machine: Machine) -> Taken:
        """See `Window.take`."""
        with self._lock:
            if not self._alone:
                try:
                    return self._shared(limit, machine)
                except OSError:
                    self._alone = True
            return self._own.take(limit, machine)

    def answered(self, place: int, machine: Machine) -> None:
        """See `Window.answered`."""
        with self._lock:
            if self._alone:
                self._own.answered(place, machine)
            elif self._close is not None:
                # One write of eight bytes in a place that nobody else writes to: it needs no lock.
                with suppress(OSError):
                    _write(self._file, _HEAD.size + place % SLOTS * _STAMP.size, _STAMP.pack(machine.monotonic()))

    def close(self) -> None:
        """See `Window.close`."""
        with self._lock:
            if self._close is not None:
                self._close()
                self._close = None

    def _shared(self, limit: int, machine: Machine) -> Taken:
        file = self._opened()
        with briefly_locked(file, machine):
            now = machine.monotonic()
            count = _count(file)
            oldest = _moment(file, count - limit) if count >= limit else 0.0
            if now - WINDOW_SECONDS < oldest <= now:
                return Taken(oldest + WINDOW_SECONDS - now)
            _write(file, _HEAD.size + count % SLOTS * _STAMP.size, _STAMP.pack(now))
            _write(file, 0, _HEAD.pack(_MAGIC, count + 1))
        self._own.note(now)
        return Taken(0.0, count)

    def _opened(self) -> int:
        """The open file; a run that forgets to close the window loses it with the window."""
        if self._close is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            self._close = weakref.finalize(self, os.close, self._file)
        return self._file


def _count(file: int) -> int:
    head = _read(file, 0, _HEAD.size)
    magic, count = _HEAD.unpack(head) if len(head) == _HEAD.size else (b"", 0)
    if magic != _MAGIC or count > _MOST:
        os.ftruncate(file, 0)
        return 0
    return int(count)


def _moment(file: int, number: int) -> float:
    stamp = _read(file, _HEAD.size + number % SLOTS * _STAMP.size, _STAMP.size)
    return float(_STAMP.unpack(stamp)[0]) if len(stamp) == _STAMP.size else 0.0


def _read(file: int, place: int, size: int) -> bytes:
    os.lseek(file, place, os.SEEK_SET)
    return os.read(file, size)


def _write(file: int, place: int, content: bytes) -> None:
    os.lseek(file, place, os.SEEK_SET)
    if os.write(file, content) != len(content):
        raise OSError("the disk is full")
