"""Time that passes only when everybody sleeps."""

from __future__ import annotations

import heapq
import threading


class VirtualTime:
    """A clock shared by a fixed number of threads; it moves to the next waking time once all of them sleep."""

    def __init__(self, threads: int) -> None:
        self._now = 1_000_000.0
        self._running = threads
        self._wakes: list[float] = []
        self._changed = threading.Condition()

    def clock(self) -> float:
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
