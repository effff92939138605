"""Machines whose time passes only when somebody sleeps."""

from __future__ import annotations

import heapq
import itertools
import threading
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from pleoctl.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_000_000.0


class FakeTime(Machine):
    """A machine whose clocks only sleeping moves."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = START
        self._alarms: list[tuple[float, Callable[[], object]]] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        """Seconds."""
        return self.seconds

    def monotonic(self) -> float:
        """Seconds."""
        return self.seconds

    def lasting(self) -> float:
        """Seconds."""
        return self.seconds

    _tokens = itertools.count()

    def token(self, size: int = 4) -> str:
        """A number that no other machine of this process gives."""
        return next(self._tokens).to_bytes(size + 2).hex()

    def sleep(self, seconds: float) -> None:
        """Let the clock move on; what was to be called by then is called at its moment."""
        with self._lock:
            until = self.seconds + max(seconds, 0.0)
            due = sorted((alarm for alarm in self._alarms if alarm[0] <= until), key=lambda alarm: alarm[0])
            self._alarms = [alarm for alarm in self._alarms if alarm not in due]
        for moment, act in due:
            self.seconds = max(self.seconds, moment)
            act()
        self.seconds = max(self.seconds, until)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let the clock move on, unless the event is set."""
        if not event.is_set():
            self.sleep(seconds)
        return event.is_set()

    def later(self, seconds: float, act: Callable[[], object]) -> Callable[[], object]:
        """While somebody sleeps beyond that moment."""
        alarm = (self.seconds + seconds, partial(copy_context().run, act))
        self._alarms.append(alarm)

        def cancel() -> None:
            self._alarms = [other for other in self._alarms if other is not alarm]

        return cancel


class VirtualTime(Machine):
    """A machine shared by a fixed number of threads; it moves to the next waking time once all of them sleep."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._now = START
        self._running = threads
        self._wakes: list[float] = []
        self._changed = threading.Condition()

    def monotonic(self) -> float:
        """Seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Sleep in this time."""
        with self._changed:
            wake = self._now + max(seconds, 0.0)
            heapq.heappush(self._wakes, wake)
            self._running -= 1
            self._move_on()
            while self._now < wake:
                self._changed.wait()

    def leave(self) -> None:
        """The calling thread is done and is not waited for any more."""
        with self._changed:
            self._running -= 1
            self._move_on()

    def _move_on(self) -> None:
        if self._running or not self._wakes:
            return
        self._now = self._wakes[0]
        while self._wakes and self._wakes[0] <= self._now:
            heapq.heappop(self._wakes)
            self._running += 1
        self._changed.notify_all()


class Later(Machine):
    """The real machine some time from now: lists have long shown what an earlier run did."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._ahead = seconds

    def time(self) -> float:
        """Seconds."""
        return super().time() + self._ahead
