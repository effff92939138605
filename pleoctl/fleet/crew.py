"""Companies side by side in this process: so many at a time, each to its own end.

A company that fails stops no other; one that hangs holds its own thread alone, and what the others did is kept at once.
"""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.errors import ExitCode
from pleoctl.fleet.receipt import CompanyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pleoctl.fleet.fleet import Opened
    from pleoctl.fleet.settings import Isolation
    from pleoctl.plan.approvals import Approvers

# How often the one that waits looks up, be it for a signal: while more might go on, and once all do that may.
_TURN_SECONDS: Final = 0.02
_REST_SECONDS: Final = 0.1
# A processor that has so little to do has time for another company; one that has more to do has too many.
_IDLE: Final = 0.75
_CROWDED: Final = 0.95
LONG_SECONDS: Final = 0.25
"""How long the others wait for the end of a company that takes all of the processor."""


@dataclass(frozen=True, slots=True)
class How:
    """How companies are worked on: so many at a time, each in a thread or a process; what their runs hear."""

    concurrency: int
    isolation: Isolation
    stop: threading.Event
    patience: float = 0.0
    approvers: Approvers | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """``work`` for one company, on so many threads; ``stop`` lets those end that began and begins no other.

    Threads that all have something to do take turns at the one interpreter, and each turn costs: where ``work`` is
    done ``here`` and not by other processes, only as many go on side by side as wait for somebody else.
    """

    work: Callable[[Opened], CompanyResult]
    concurrency: int
    stop: threading.Event
    here: bool = False

    def results(self, companies: Sequence[Opened]) -> Iterator[CompanyResult]:
        """One result a company, each as soon as it is there; those that were not begun come last."""
        most = min(self.concurrency, len(companies))
        shift = _Shift(self, companies, most)
        shift.wanted(1 if self.here else most)
        for _ in companies:
            yield shift.result()


class _Shift:
    """The threads of one run; ``most`` at a time."""

    def __init__(self, crew: Crew, companies: Sequence[Opened], most: int) -> None:
        self._crew, self._most = crew, most
        self._waiting: queue.SimpleQueue[Opened] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[CompanyResult] = queue.SimpleQueue()
        for one in companies:
            self._waiting.put(one)
        self._lock = threading.Lock()
        self._number = self._wanted = 0
        self._left, self._over = len(companies), threading.Event()
        self._line = Line()
        self._looked, self._spent = time.monotonic(), time.process_time()
        self._heard = self._looked

    def wanted(self, number: int) -> None:
        """Let so many go on: the others end with their company, or begin."""
        with self._lock:
            begun, self._wanted = self._number, number
            self._number = max(begun, number)
        for at in range(begun, number):
            # Daemons: a company that hangs must not keep the process once somebody has said twice that it should end.
            name = f"pleoctl-company-{at}"
            threading.Thread(target=self._go, name=name, daemon=True).start()

    def result(self) -> CompanyResult:
        """The next one."""
        while True:
            self._look()
            try:
                result = self._done.get_nowait()
            except queue.Empty:
                # Not woken by each: that would be one turn more for every company.
                self._over.wait(_TURN_SECONDS if self._wanted < self._most else _REST_SECONDS)
                continue
            self._heard = time.monotonic()
            return result

    def _look(self) -> None:
        """Whether the interpreter has had a rest since the last look, or had too many at its door.

        Who stands in line for a processor that others keep busy has no rest.
        """
        now = time.monotonic()
        if not self._crew.here or now - self._looked < _TURN_SECONDS:
            return
        spent = time.process_time()
        busy = (spent - self._spent + self._line.waited()) / (now - self._looked)
        self._looked, self._spent = now, spent
        if busy < _IDLE or now - self._heard > LONG_SECONDS:
            self.wanted(min(self._most, self._wanted + 1 + self._wanted // 4))
        elif busy > _CROWDED:
            self.wanted(max(1, self._wanted - 1))

    def _go(self) -> None:
        while True:
            with self._lock:
                if self._number > self._wanted:
                    self._number -= 1
                    return
            try:
                one = self._waiting.get_nowait()
            except queue.Empty:
                return
            self._done.put(not_begun(one) if self._crew.stop.is_set() else self._crew.work(one))
            with self._lock:
                self._left -= 1
                if not self._left:
                    self._over.set()


class Line:
    """How long threads of this process stand in line for a processor, where the system tells that (Linux)."""

    def __init__(self) -> None:
        """As of now."""
        self._known = _in_line()

    def waited(self) -> float:
        """Seconds since the last time that somebody asked, of the threads that still are."""
        before, self._known = self._known, _in_line()
        return sum(waited - before.get(thread, 0) for thread, waited in self._known.items()) / 1e9


def _in_line() -> dict[str, int]:
    """Nanoseconds by thread."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError, ValueError, IndexError):
                found[thread.name] = int((thread / "schedstat").read_bytes().split()[1])
    return found


def not_begun(one: Opened) -> CompanyResult:
    """The result of a company whose turn did not come."""
    return CompanyResult(path=one.company.path, company=one.id).ended(ExitCode.INTERRUPTED)
