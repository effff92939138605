"""The rate budget: never too fast, never slower than needed, over threads and over commands."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING

import pytest

from clocks import START, FakeTime, VirtualTime
from pleoctl.errors import Interrupted
from pleoctl.remote.auth import basic, bearer
from pleoctl.remote.budget import Budget
from pleoctl.state.budget import SLOTS, FileWindow

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


def send(budget: Budget, time: VirtualTime, server: Server, calls: int, late: float = 0.0) -> None:
    """Share the calls among threads; every call takes a while to travel, and now and then one is late."""
    left = list(range(calls))
    lock = threading.Lock()

    def work() -> None:
        try:
            while True:
                with lock:
                    if not left:
                        return
                    number = left.pop()
                place = budget.acquire()
                time.sleep(0.01 + number % 7 * 0.06 + late * (number % 40 == 0))
                server.arrive(time.monotonic())
                budget.answered(place)
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
    budget = Budget(500, machine=time)
    send(budget, time, server, 2000)
    assert server.limited == 0
    assert server.busiest <= 500
    full = sorted(server.arrivals)[499:]
    assert 60 * 1500 / (full[-1] - full[0]) >= 0.95 * 500


@pytest.mark.parametrize("shared", [True, False])
def test_calls_that_are_sent_late_count_from_their_answer(tmp_path: Path, *, shared: bool) -> None:
    """A thread that gets no processor for half a minute after it was let pass does not bring the next minute to 429."""
    time, server = VirtualTime(THREADS), Server()
    send(Budget(100, FileWindow(tmp_path / "budget") if shared else None, machine=time), time, server, 600, late=30.0)
    assert server.busiest <= 100


def test_the_next_command_knows_what_the_last_one_used(tmp_path: Path) -> None:
    """Two budgets with one file share the minute, also when the first one ended at once."""
    time, server, store = FakeTime(), Server(), tmp_path / "state" / "budget"
    for _ in range(3):
        budget = Budget(500, FileWindow(store), machine=time)
        for _ in range(300):
            budget.acquire()
            server.arrive(time.monotonic())
    assert server.busiest <= 500
    assert time.monotonic() - START < 2 * 62


def test_commands_that_run_at_the_same_time_share_one_budget(tmp_path: Path) -> None:
    """Budgets that take turns get no more together than one of them would."""
    time, server = FakeTime(), Server()
    budgets = [Budget(50, FileWindow(tmp_path / "budget"), machine=time) for _ in range(3)]
    for number in range(300):
        budgets[number % 3].acquire()
        server.arrive(time.monotonic())
    assert server.busiest == 50


SENDER = """
import sys
from pathlib import Path
from pleoctl.machine import Machine
from pleoctl.state.budget import SLOTS, FileWindow
window, machine = FileWindow(Path(sys.argv[1])), Machine()
print(sum(window.take(400, machine).wait == 0 for _ in range(300)))
"""


def test_processes_that_run_at_the_same_time_share_one_budget(tmp_path: Path) -> None:
    """Four processes that ask 300 times each, as fast as they can, are let pass 400 times in all."""
    command = [sys.executable, "-c", SENDER, str(tmp_path / "budget")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    passed = [int(process.communicate()[0]) for process in started]
    assert sum(passed) == 400


def test_limits_may_differ_and_the_ring_goes_round(tmp_path: Path) -> None:
    """A smaller limit counts what a larger one sent; more requests than the file has places do no harm."""
    time, store = FakeTime(), tmp_path / "budget"
    large, small = (Budget(limit, FileWindow(store), machine=time) for limit in (60_000, 100))
    for _ in range(70_000):
        large.acquire()
    waited = time.monotonic()
    small.acquire()
    assert time.monotonic() - waited > 60
    assert store.stat().st_size <= 16 + 8 * SLOTS


@pytest.mark.parametrize(
    "content", [b"\0" * 100_003, b"pleobud1", b"pleobud1" + b"\xff" * 8, b"pleobud1" + b"\xff" * 400]
)
def test_a_damaged_file_stalls_nobody(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, the first request goes at once and the limit holds from then on."""
    time, store = FakeTime(), tmp_path / "budget"
    store.write_bytes(content)
    budget = Budget(2, FileWindow(store), machine=time)
    for _ in range(2):
        budget.acquire()
    assert time.monotonic() == START
    budget.acquire()
    assert time.monotonic() > START + 60


def test_a_process_that_died_while_it_took_a_place_leaves_no_harm(tmp_path: Path) -> None:
    """A moment without its count was never sent; the next request takes its place."""
    time, store = FakeTime(), tmp_path / "budget"
    budget = Budget(2, FileWindow(store), machine=time)
    budget.acquire()
    with store.open("ab") as torn:
        torn.write(b"12345")
    budget.acquire()
    assert time.monotonic() == START
    assert store.stat().st_size == 16 + 2 * 8


def test_a_started_machine_forgets_what_lies_ahead(tmp_path: Path) -> None:
    """The clock begins anew when the machine starts; moments of before hold nobody back."""
    time, store = FakeTime(), tmp_path / "budget"
    for moment in (START, 10.0):
        time.seconds = moment
        Budget(1, FileWindow(store), machine=time).acquire()
    assert time.monotonic() == 10.0


def test_an_unwritable_store_does_not_stop_a_run(tmp_path: Path) -> None:
    """Without a place for the file the budget still holds within the command."""
    (tmp_path / "file").write_text("")
    time = FakeTime()
    budget = Budget(2, FileWindow(tmp_path / "file" / "budget"), machine=time)
    for _ in range(3):
        budget.acquire()
    assert time.monotonic() > START + 60


def test_a_lock_that_is_never_freed_does_not_stop_a_run(tmp_path: Path) -> None:
    """A stopped process may hold the file's lock; the budget then holds within the command."""
    time, store = FakeTime(), tmp_path / "budget"
    budget = Budget(2, FileWindow(store), machine=time)
    budget.acquire()
    with store.open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        budget.acquire()
        assert time.monotonic() < START + 5
        budget.acquire()
        assert time.monotonic() > START + 60


def test_a_pause_holds_all_threads() -> None:
    """After a 429 nobody sends before the time is over, even without a limit."""
    time, server = VirtualTime(THREADS), Server()
    budget = Budget(None, machine=time)
    budget.pause(30, "asked for")
    budget.pause(10, "asked for")
    arrivals: list[float] = []
    server.arrive = arrivals.append  # type: ignore[method-assign, assignment]
    send(budget, time, server, 20)
    assert min(arrivals) >= START + 30


@pytest.mark.parametrize(("seconds", "told"), [(4.9, False), (5.1, True)])
def test_a_long_wait_is_told_once_with_its_length_and_reason(
    caplog: pytest.LogCaptureFixture, seconds: float, told: bool
) -> None:
    """Of eight threads that wait for the same moment one says so; a wait of five seconds is nobody's business."""
    time = VirtualTime(THREADS)
    budget = Budget(None, machine=time)
    budget.pause(seconds, "the server asks for it")
    send(budget, time, Server(), 20)
    assert [r.getMessage() for r in caplog.records] == (["waiting 5 s: the server asks for it"] if told else [])


def test_a_used_up_budget_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Who waits for the minute to pass reads which limit it is."""
    budget = Budget(2, machine=FakeTime())
    for _ in range(3):
        budget.acquire()
    assert [r.getMessage() for r in caplog.records] == ["waiting 60 s: 2 requests a minute are used up"]


def test_a_stop_ends_the_wait() -> None:
    """Waiting for a place in the budget ends as soon as the run is asked to stop, and nothing is sent."""
    stop = threading.Event()
    budget = Budget(1, stop=stop)
    budget.acquire(stoppable=True)
    stop.set()
    with pytest.raises(Interrupted):
        budget.acquire(stoppable=True)


def test_a_budget_is_a_credentials_not_a_hosts() -> None:
    """The same key counts together from any workspace, two keys apart, and no file name gives a key away."""
    keys = [basic("key-1", "").fingerprint, basic("key-1", "").fingerprint, basic("key-2", "").fingerprint]
    assert keys[0] == keys[1] != keys[2]
    assert bearer("first", owner="c1").fingerprint == bearer("second", owner="c1").fingerprint
    assert "key-1" not in keys[0]
