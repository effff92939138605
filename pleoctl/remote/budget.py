"""At most N requests in any rolling minute, and waits that are told (S10, law 7)."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Interrupted
from pleoctl.machine import Machine, this_machine
from pleoctl.state.budget import MemoryWindow, Taken
from pleoctl.watch import watched
from pleoctl.words import many

if TYPE_CHECKING:
    from pleoctl.state.budget import Window

LOG: Final = logging.getLogger(__name__)
# A wait that is longer is told.
SILENT_SECONDS: Final = 5.0


class Budget:
    """Hands out permission to send; ``limit`` None means no limit, pauses are obeyed all the same.

    The ``window`` is shared with whoever else spends the same credential's requests.
    """

    def __init__(
        self,
        limit: int | None,
        window: Window | None = None,
        *,
        stop: threading.Event | None = None,
        machine: Machine | None = None,
    ) -> None:
        """``stop`` ends waits that may be ended."""
        self._limit = limit
        self._window = window or MemoryWindow()
        self._machine = machine or this_machine()
        self.stop = stop
        self._lock = threading.Lock()
        self._paused_until = 0.0
        self._paused_why = ""
        self._told_until = 0.0

    def acquire(self, *, stoppable: bool = False) -> int | None:
        """Wait until one more request may be sent; its place, which `answered` is told of.

        Raises `Interrupted` if stopped while waiting.
        """
        while True:
            with self._lock:
                (wait, place), why = self._take()
                if wait <= 0:
                    return place
                self._tell(wait, why)
                reason = "asked" if why is self._paused_why else "limit"
            self.wait(wait, reason, stoppable=stoppable)

    def answered(self, place: int | None) -> None:
        """The request of a place has come to its end: it counts from now on."""
        if place is not None:
            self._window.answered(place, self._machine)

    def pause(self, seconds: float, why: str) -> None:
        """Let no thread send for so long; ``why`` is what people read."""
        with self._lock:
            until = self._machine.monotonic() + seconds
            if until > self._paused_until:
                self._paused_until, self._paused_why = until, why

    def wait(self, seconds: float, reason: str, *, stoppable: bool = False) -> None:
        """Sleep; a stoppable wait ends with `Interrupted` as soon as the run is asked to stop.

        ``reason`` is noted: ``limit`` (ours), ``asked`` (the server's), ``retry`` or ``look``.
        """
        with watched().wait(reason, seconds):
            if not stoppable or self.stop is None:
                self._machine.sleep(seconds)
            elif self._machine.wait(self.stop, seconds):
                raise Interrupted("stopped while waiting to send")

    def close(self) -> None:
        """Let go of the window."""
        self._window.close()

    def _take(self) -> tuple[Taken, str]:
        paused = self._paused_until - self._machine.monotonic()
        if paused > 0:
            return Taken(paused), self._paused_why
        if self._limit is None:
            return Taken(0.0), ""
        why = many(self._limit, "request", "a minute is used up", "a minute are used up")
        return self._window.take(self._limit, self._machine), why

    def _tell(self, seconds: float, why: str) -> None:
        until = self._machine.monotonic() + seconds
        if seconds > SILENT_SECONDS and until > self._told_until + SILENT_SECONDS:
            self._told_until = until
            LOG.warning("waiting %.0f s: %s", seconds, why)
