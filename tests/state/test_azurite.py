"""The lock against a real Azure Blob server: races, kills and lost answers, in real time and over processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

import azurite
from object_server import forward, open_door
from pleoctl.errors import LockHeld
from pleoctl.state.base import StateLost
from pleoctl.state.lock import Holder
from pleoctl.state.objects import lock as locks
from pleoctl.state.objects.lock import ObjectLock
from pleoctl.state.objects.store import Objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.azurite
ME = Holder("https://pleo.example", "c", "apply", 1, "here", None, "2026-01-01T00:00:00+00:00")
THREADS, ROUNDS = 8, 25

# Holds the lock again and again, alone by the word of a file that must not be there; `kill` ends it while it holds.
PROGRAM = """
import os, sys
from pleoctl.state import lease
from pleoctl.state.objects import lock
from pleoctl.state.lock import Holder
from pleoctl.state.objects.store import Objects
lease.RENEW_SECONDS, lock.LEASE_SECONDS, lock._POLL_SECONDS = 0.2, 1.0, 0.02
url, inside, rounds, end = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
me = Holder("https://pleo.example", "c", "apply", os.getpid(), "here", None, "2026-01-01T00:00:00+00:00")
for number in range(rounds):
    with lock.ObjectLock(Objects(url), "company", 0.5).hold(me, 120) as lease:
        lease.check()
        os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
        os.unlink(inside)
        lease.check()
        if end == "kill" and number == rounds - 1:
            os.kill(os.getpid(), 9)
print("done")
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Azurite."""
    script = azurite.program()
    if script is None:
        pytest.skip(azurite.MISSING)
    with azurite.running(script) as listening:
        yield listening


@pytest.fixture
def url(port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A prefix of its own, and the way there."""
    for name, value in azurite.environment(f"http://127.0.0.1:{port}").items():
        monkeypatch.setenv(name, value)
    return f"az://{azurite.CONTAINER}/{tmp_path.name.replace('[', '_').replace(']', '_')}"


def test_threads_never_hold_it_together(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight of them, 25 times each, each with a client of its own."""
    monkeypatch.setattr(locks, "_POLL_SECONDS", 0.01)
    inside, most, held = set[int](), [0], [0]

    def go() -> None:
        lock = ObjectLock(Objects(url), "company", 1.0)
        for _ in range(ROUNDS):
            with lock.hold(ME, 120) as lease:
                lease.check()
                inside.add(threading.get_ident())
                most[0] = max(most[0], len(inside))
                held[0] += 1
                inside.discard(threading.get_ident())

    threads = [threading.Thread(target=go) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, held) == ([1], [THREADS * ROUNDS])


def test_processes_never_hold_it_together(url: str, tmp_path: Path) -> None:
    """Four of them, two of which are killed while they hold it; the others wait for them and go on."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, str(tmp_path / "inside"), rounds, end],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for rounds, end in (("2", "kill"), ("3", "kill"), ("6", ""), ("6", ""))
    ]
    said = [program.communicate(timeout=100) for program in programs]
    assert [program.returncode for program in programs] == [-9, -9, 0, 0], said
    assert [out for out, _ in said[2:]] == ["done\n"] * 2


@pytest.mark.parametrize("fault", ["before", "after"])
def test_lost_answers_make_no_second_holder(port: int, url: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads whose writes go unanswered, carried out or not, still hold it one after another."""
    monkeypatch.setattr(locks, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(locks, "LEASE_SECONDS", 3.0)
    inside, most, held = set[int](), [0], [0]
    with open_door(forward(port)) as door:
        for name, value in azurite.environment(door.url).items():
            monkeypatch.setenv(name, value)

        def go() -> None:
            lock = ObjectLock(Objects(url), "company", 0.5)
            for _ in range(3):
                door.faults.extend(["", fault, "", fault, fault])
                with suppress(StateLost, LockHeld), lock.hold(ME, 60) as lease:
                    lease.renew()
                    lease.check()
                    inside.add(threading.get_ident())
                    most[0] = max(most[0], len(inside))
                    time.sleep(0)
                    held[0] += 1
                    inside.discard(threading.get_ident())

        threads = [threading.Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1]
    assert held[0] > 6
