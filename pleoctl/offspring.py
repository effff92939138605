"""What a program has started, however far it went from it: found and ended.

A shell that is killed leaves behind what it waited for. So whatever lives below a program is ended before it. One that
starts a session of its own and loses its parent would outlive even a company's run, and so its deadline: the company's
process adopts such orphans, so whatever it started stays below it for as long as it lives.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADOPT_ORPHANS: Final = 36
# How long programs that start others faster than they are ended may keep the end waiting.
_MOST_SECONDS: Final = 10.0
_DEAD: Final = frozenset("ZX")


def adopt_orphans() -> None:
    """Let orphans among what this process starts become its own children, where the system knows of that."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)


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
