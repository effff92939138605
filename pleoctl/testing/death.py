"""Processes that die between any two steps: a copy of this one, which ends without a word where it would do the next.

A step is what touches the outside: a file that is opened for writing, written, forced to the disk or renamed, a request
that is sent, an answer that has come, a statement that a database within the process is given, such as SQLite.
"""

from __future__ import annotations

import io
import os
import socket
import sys
import warnings
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 1000
_BEFORE: Final = frozenset(
    {"connect", "flush", "fork_exec", "fsync", "mkdir", "open", "rename", "replace", "send", "sendall", "write"}
)
#: Of whatever is not written in Python: what a driver of a database is asked for.
_STATEMENTS: Final = frozenset({"commit", "execute", "executemany", "executescript"})
_BEHIND: Final = frozenset({"recv", "recv_into"})
_DEAD: Final = 77
_IN_MEMORY: Final = (io.BytesIO, io.StringIO)


def deaths(attempt: Callable[[Callable[[Callable[[], object]], bool]], bool]) -> int:
    """Try something again and again, each time with a death one step later, until it comes to its end.

    ``attempt`` gets a function that runs a deed in a process of its own and says whether it died there, and says the
    same. Gives the number of deaths; 0 where this machine cannot copy a process. Raises `AssertionError` where the deed
    fails by itself.
    """
    if not hasattr(os, "fork"):
        return 0
    for steps in range(MOST):
        if not attempt(partial(_killed, steps)):
            return steps
    raise AssertionError(f"it has not come to its end after {MOST} steps")


def _killed(steps: int, deed: Callable[[], object]) -> bool:
    """Whether the deed had more steps than these."""
    with warnings.catch_warnings():
        # A process with threads is copied without them; the copy runs the deed and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _die_in(deed, steps)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in {0, _DEAD}:
        raise AssertionError(f"the deed failed in a process of its own (exit code {code})")
    return code == _DEAD


def _die_in(deed: Callable[[], object], steps: int) -> None:
    left = steps

    def seen(_frame: Any, event: str, called: Any) -> None:
        nonlocal left
        if not _is_step(event, called):
            return
        if left == 0:
            os._exit(_DEAD)  # nothing may be tidied up
        left -= 1

    code = 1
    try:
        sys.setprofile(seen)
        deed()
        sys.setprofile(None)
        code = 0
    finally:
        os._exit(code)


def _is_step(event: str, called: Any) -> bool:
    if event not in {"c_call", "c_return"}:
        return False
    name, owner = called.__name__, getattr(called, "__self__", None)
    if name in _STATEMENTS:
        return event == "c_call"
    if isinstance(owner, _IN_MEMORY) or not isinstance(owner, ModuleType | io.IOBase | socket.socket):
        return False
    return name in (_BEFORE if event == "c_call" else _BEHIND)
