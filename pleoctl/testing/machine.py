"""A machine whose time passes only when everybody sleeps, and whose threads run one at a time, in an order drawn.

Threads change places where a run touches the outside: before and after each request, and in each sleep. At any of
these steps the machine may die.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pleoctl.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pleoctl.testing.chance import Chance

START: Final = 1_700_000_000.0


class Death(BaseException):
    """The machine died: nothing that was going on there goes on."""


class SimulatedMachine(Machine):
    """One simulated machine; it outlives the processes that die on it."""

    def __init__(self, chance: Chance, folder: Path) -> None:
        """``folder`` is the user's state folder."""
        super().__init__()
        self.rng = random.Random(0)  # jitter is not worth a choice
        self.alive = True
        self._chance, self._folder = chance, folder
        self._seconds = START
        self._tokens = itertools.count()
        self._running: _Strand | None = None

    # --- what `Machine` is -------------------------------------------------------------------------------------

    def time(self) -> float:
        """Simulated seconds."""
        return self._seconds

    def monotonic(self) -> float:
        """Simulated seconds."""
        return self._seconds

    def lasting(self) -> float:
        """Simulated seconds."""
        return self._seconds

    def sleep(self, seconds: float) -> None:
        """Let other threads run until so many seconds have passed."""
        if self._running is None:
            self._seconds += max(seconds, 0.0)
            self.check()
        else:
            self._running.rest(self._seconds + max(seconds, 0.0))

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """The same; nobody sets events here while others sleep."""
        if not event.is_set():
            self.sleep(seconds)
        return event.is_set()

    def later(self, _seconds: float, _act: Callable[[], object]) -> Callable[[], object]:
        """Never: nothing takes time here but sleep, so that nobody is late."""
        return lambda: None

    def token(self, size: int = 4) -> str:
        """Names in their order."""
        return next(self._tokens).to_bytes(size).hex()

    def sync(self, _descriptor: int) -> None:
        """There is no disk below."""

    def state_folder(self) -> Path:
        """A folder of its own."""
        return self._folder

    @contextmanager
    def pool(self, workers: int) -> Iterator[_Strands]:
        """Threads that run one at a time."""
        yield _Strands(self, workers)

    # --- steps -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """A moment at which another thread may go on instead. Raises `Death`."""
        if self._running is None:
            self.check()
        else:
            self._running.rest(self._seconds)

    def die(self) -> None:
        """Stop everything. Raises `Death`."""
        self.alive = False
        self.check()

    def check(self) -> None:
        """Raise `Death` if the machine is dead."""
        if not self.alive:
            raise Death

    def run(self, strands: Iterable[_Strand], workers: int) -> None:
        """Run strands to their ends, ``workers`` at a time."""
        waiting, going = deque(strands), list[_Strand]()
        while waiting or going:
            while waiting and len(going) < workers:
                going.append(waiting.popleft())
            strand = self._next(going)
            self._running = strand
            strand.resume()
            self._running = None
            if strand.over:
                going.remove(strand)

    def _next(self, going: list[_Strand]) -> _Strand:
        ready = [strand for strand in going if strand.wakes <= self._seconds]
        if not ready:
            self._seconds = min(strand.wakes for strand in going)
            ready = [strand for strand in going if strand.wakes <= self._seconds]
        return self._chance.pick(ready)

    def pass_by(self, seconds: float) -> None:
        """Let so much time go by at once, whoever is in the middle of something."""
        self._seconds += seconds


class _Strands:
    """What `Machine.pool` gives: ``map`` as executors have it."""

    def __init__(self, machine: SimulatedMachine, workers: int) -> None:
        self._machine, self._workers = machine, workers

    def map(self, function: Callable[[Any], Any], parts: Iterable[Any]) -> list[Any]:
        """The results in order; raises the first error, once all are over."""
        listed = list(parts)
        if len(listed) == 1:
            return [function(listed[0])]
        strands = [_Strand(self._machine, function, part) for part in listed]
        self._machine.run(strands, self._workers)
        for strand in strands:
            if strand.error is not None:
                raise strand.error
        return [strand.result for strand in strands]


class _Strand:
    """One task on a thread of its own, which runs only between `resume` and `rest`."""

    def __init__(self, machine: SimulatedMachine, function: Callable[[Any], Any], part: Any) -> None:
        self._machine, self._function, self._part = machine, function, part
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._begun = False
        self.wakes, self.over = 0.0, False
        self.result: Any = None
        self.error: BaseException | None = None

    def resume(self) -> None:
        """Let it run until it rests or ends."""
        if self._begun:
            self._go.release()
        else:
            self._begun = True
            (_IDLE.pop() if _IDLE else _Thread()).take(self._live)
        self._back.acquire()

    def rest(self, until: float) -> None:
        """Called on its thread: give way to others until then. Raises `Death`."""
        self.wakes = until
        self._back.release()
        self._go.acquire()
        self._machine.check()

    def _live(self) -> None:
        try:
            self._machine.check()
            self.result = self._function(self._part)
        except BaseException as error:
            self.error = error
        self.over = True
        self._back.release()


class _Thread:
    """A thread that takes up one task after another: to start one costs as much as a request."""

    def __init__(self) -> None:
        self._ready = threading.Lock()
        self._ready.acquire()
        self._task: Callable[[], None] = lambda: None
        threading.Thread(target=self._live, daemon=True).start()

    def take(self, task: Callable[[], None]) -> None:
        """Let it carry out the task; it has nothing else to do."""
        self._task = task
        self._ready.release()

    def _live(self) -> None:
        while True:
            self._ready.acquire()
            self._task()
            _IDLE.append(self)


_IDLE: Final[list[_Thread]] = []
# A process that was forked off has none of its parent's threads.
os.register_at_fork(after_in_child=_IDLE.clear)
