"""The rate budget: never too fast, never slower than needed, over threads and over commands."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import pytest

from clocks import VirtualTime
from engine import FakeTime
from pleoctl.remote import Budget, Interrupted

if TYPE_CHECKING:
    from pathlib import Path

THREADS = 8


class Server:
    """Counts arrivals in any rolling minute; more than 600 would get 429."""

    def __init__(self) -> None:
        self._minute: deque[float] = deque()
        self._lock = threading.Lock()
        self.limited = 0
        self.busiest = 0
        self.arrivals: list[float] = []

    def arrive(self, now: float) -> None:
        """One request."""
        with self._lock:
            while self._minute and self._minute[0] <= now - 60:
                self._minute.popleft()
            self.limited += len(self._minute) >= 600
            self._minute.append(now)
            self.busiest = max(self.busiest, len(self._minute))
            self.arrivals.append(now)


def send(budget: Budget, time: VirtualTime, server: Server, calls: int) -> None:
    """Share the calls among threads; every call takes a while to travel."""
    left = list(range(calls))
    lock = threading.Lock()

    def work() -> None:
        try:
            while True:
                with lock:
                    if not left:
                        return
                    number = left.pop()
                budget.acquire()
                time.sleep(0.01 + number % 7 * 0.06)
                server.arrive(time.clock())
        finally:
            time.leave()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_thousand_calls_use_the_budget_and_never_exceed_it() -> None:
    """2,000 calls of eight threads: no 429, at most 500 in any minute, and at least 95 % of the budget used."""
    time, server = VirtualTime(THREADS), Server()
    budget = Budget(500, clock=time.clock, sleep=time.sleep)
    send(budget, time, server, 2000)
    assert server.limited == 0
    assert server.busiest <= 500
    full = sorted(server.arrivals)[499:]
    assert 60 * 1500 / (full[-1] - full[0]) >= 0.95 * 500


def test_the_next_command_knows_what_the_last_one_used(tmp_path: Path) -> None:
    """Two budgets with one file share the minute, also when the first one ended at once."""
    time, server, store = FakeTime(), Server(), tmp_path / "state" / "budget"
    for _ in range(3):
        budget = Budget(500, store, clock=time.clock, sleep=time.sleep)
        for _ in range(300):
            budget.acquire()
            server.arrive(time.clock())
    assert server.busiest <= 500
    assert time.clock() - 1_000_000 < 2 * 62


def test_old_stamps_are_dropped_from_the_file(tmp_path: Path) -> None:
    """The file does not grow for ever, and a torn stamp at its end does no harm."""
    store = tmp_path / "budget"
    store.write_bytes(b"\0" * 100_003)
    budget = Budget(5, store, clock=lambda: 1_000_000.0, sleep=lambda _: None)
    budget.acquire()
    assert store.stat().st_size == 8


def test_an_unwritable_store_does_not_stop_a_run(tmp_path: Path) -> None:
    """Without a place for the file the budget still holds within the command."""
    (tmp_path / "file").write_text("")
    time = FakeTime()
    budget = Budget(2, tmp_path / "file" / "budget", clock=time.clock, sleep=time.sleep)
    for _ in range(3):
        budget.acquire()
    assert time.clock() > 1_000_060


def test_a_clock_set_back_does_not_stall() -> None:
    """Stamps from the future are forgotten."""
    now = [1_000_000.0]
    budget = Budget(1, clock=lambda: now[0], sleep=lambda _: pytest.fail("waits"))
    budget.acquire()
    now[0] -= 3600
    budget.acquire()


def test_a_pause_holds_all_threads() -> None:
    """After a 429 nobody sends before the time is over, even without a limit."""
    time, server = VirtualTime(THREADS), Server()
    budget = Budget(None, clock=time.clock, sleep=time.sleep)
    budget.pause(30)
    budget.pause(10)
    arrivals: list[float] = []
    server.arrive = arrivals.append  # type: ignore[method-assign]
    send(budget, time, server, 20)
    assert min(arrivals) >= 1_000_030


def test_a_stop_ends_the_wait() -> None:
    """Waiting for a place in the budget ends as soon as the run is asked to stop, and nothing is sent."""
    stop = threading.Event()
    budget = Budget(1, clock=lambda: 1_000_000.0, stop=stop)
    budget.acquire(stoppable=True)
    stop.set()
    with pytest.raises(Interrupted):
        budget.acquire(stoppable=True)
