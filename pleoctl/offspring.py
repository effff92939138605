"""What a program has started, however far it went from it: found and ended.

A shell that is killed leaves behind what it waited for. So whatever lives below a program is ended before it. One that
starts a session of its own and loses its parent would outlive even a company's run, and so its deadline: the company's
process adopts such orphans, so whatever it started stays below it for as long as it lives.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from subprocess import Popen

_ADOPT_ORPHANS: Final = 36
# How long programs that start others faster than they are ended may keep the end waiting.
_MOST_SECONDS: Final = 10.0
_PATIENCE: Final = 1.0
_DEAD: Final = frozenset("ZX")


def adopt_orphans() -> None:
    """Let orphans among what this process starts become its own children, where the system knows of that."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)


def end(process: Popen[bytes]) -> None:
    """End a program and whatever lives below it.

    They are asked first, and killed a second later: who reads a password gives the terminal its echo back meanwhile.
    """
    from subprocess import TimeoutExpired

    below = list(_held(_living_below(process.pid)))
    try:
        for one in below:
            _send(one, signal.SIGTERM)
        process.terminate()
        with suppress(TimeoutExpired):
            process.wait(_PATIENCE)
        for one in below:
            _send(one, signal.SIGKILL)
            _wait(one)
        if process.poll() is None:
            end_below(process.pid)
            process.kill()
            process.wait()
    finally:
        for one in below:
            os.close(one)


def _held(processes: Iterable[int]) -> Iterator[int]:
    """A descriptor of each, which means no other process once it has ended."""
    if sys.platform == "linux":
        for one in processes:
            with suppress(OSError):  # it has ended meanwhile, or the kernel is older than 5.3
                yield os.pidfd_open(one)


def _send(held: int, number: signal.Signals) -> None:
    if sys.platform == "linux":
        with suppress(OSError):  # it has ended
            signal.pidfd_send_signal(held, number)


def _wait(held: int) -> None:
    waiting = select.poll()
    waiting.register(held, select.POLLIN)
    waiting.poll(_PATIENCE * 1000)


def end_below(process: int) -> None:
    """Kill everything below a living process, and not the process; nothing where the system does not tell."""
    end = time.monotonic() + _MOST_SECONDS
    while (found := list(_living_below(process))) and time.monotonic() < end:
        for one in found:
            with suppress(OSError):
                os.kill(one, signal.SIGKILL)


def _living_below(process: int) -> Iterator[int]:
    children: defaultdict[int, list[int]] = defaultdict(list)
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
            # "pid (name) state parent …", and a name may hold anything
            state, parent = place.read_bytes().rpartition(b")")[2].split()[:2]
            if state.decode() not in _DEAD:
                children[int(parent)].append(int(place.parent.name))
    waiting = [process]
    while waiting:
        found = children.pop(waiting.pop(), [])
        waiting += found
        yield from found
