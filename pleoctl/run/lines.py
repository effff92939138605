"""A file that threads append lines to, and some of whose lines are forced to the disk before anything else happens.

    thread 1   a line ──▶ write, force ─────────────────▶ on
    thread 2        a line ─ ─ ─ ─ ─ ─ ─ ─ ▶ write, force both ──▶ on
    thread 3            a line ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ▶ on

One thread at a time is on its way to the disk. What others bring meanwhile is the load of the next one, who is the
first that waits. So a thread waits once, and the disk is asked once for all that wait.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pathlib import Path

When = Literal["later", "now", "forced"]
"""With the next line that does not wait; without delay; the same, and its thread waits until the disk has it."""


@dataclass(slots=True)
class _Load:
    """Lines that go to the disk together; ``waiting`` are locks that their threads hang on."""

    lines: list[bytes] = field(default_factory=list)
    waits: bool = True
    forced: bool = False
    waiting: list[threading.Lock] = field(default_factory=list)
    over: bool = False
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """A line that `Lines.carry` is to be called for; without ``turn`` it goes at once."""

    load: _Load
    turn: threading.Lock | None = None


class Lines:
    """The file; thread-safe."""

    def __init__(self, path: Path) -> None:
        """Create it (0600). Raises `OSError`."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._next = _Load()
        self._going = self._torn = self._closed = False
        self._refused: OSError | None = None

    def bring(self, line: bytes, when: When) -> Brought | None:
        """Short, and in the order of the file. What comes back, if anything, must be carried."""
        with self._lock:
            load = self._next
            load.lines.append(line)
            if when == "later":
                return None
            load.waits = False
            load.forced = load.forced or when == "forced"
            if not self._going:
                self._going = True
                return Brought(load)
            if when == "now":
                return None  # whoever is under way carries it
            turn = threading.Lock()
            turn.acquire()
            load.waiting.append(turn)
            return Brought(load, turn)

    def carry(self, brought: Brought | None) -> None:
        """Return once the line is where it was to be. Raises `OSError`; it may be on the disk all the same."""
        if brought is None:
            return
        if brought.turn is not None:
            brought.turn.acquire()
        error = brought.load.error if brought.load.over else self._go(brought.load)
        if error is not None:
            raise error

    def close(self) -> None:
        """Write what still waits for another line, and close the file; nobody may be under way. Raises `OSError`."""
        if self._closed:
            return
        self._closed = True
        try:
            self._write(b"".join(self._next.lines))
        finally:
            os.close(self._descriptor)

    # --- the way to the disk -----------------------------------------------------------------------------------

    def _go(self, load: _Load) -> BaseException | None:
        """Carry a load, and then what came meanwhile unless somebody waits for it; the first error."""
        following: _Load | None = load
        error = None
        while following is not None:
            self._deliver(following)
            error = error or following.error
            following = self._left_over()
        return error

    def _deliver(self, load: _Load) -> None:
        with self._lock:
            self._next = _Load()
        try:
            self._write(b"".join(load.lines))
            if load.forced:
                self._force()
        except BaseException as error:  # noqa: BLE001 - each thread that waits for it raises it
            load.error = error
        load.over = True
        for turn in load.waiting:
            turn.release()

    def _left_over(self) -> _Load | None:
        """What nobody waits for; otherwise the first who does goes next, if there is one."""
        with self._lock:
            following = self._next
            if following.waiting:
                following.waiting.pop(0).release()
                return None
            self._going = not following.waits
            return following if self._going else None

    def _write(self, content: bytes) -> None:
        # After half a line, which a full disk left, a new one begins.
        left = b"\n" + content if self._torn else content
        self._torn = True
        while left:
            left = left[os.write(self._descriptor, left) :]
        self._torn = False

    def _force(self) -> None:
        # What a disk has refused once it may take for written when it is asked again.
        if self._refused is not None:
            raise self._refused
        try:
            this_machine().sync(self._descriptor)
        except OSError as error:
            self._refused = error
            raise
