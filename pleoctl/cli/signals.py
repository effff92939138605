"""INT, TERM and HUP: what each of them does to the command that is running, in one handler for the whole process.

    outside `stoppable`     the command ends where it is, its files cleaned up, with the signal's exit code
    inside `stoppable`      the run finishes the writes in flight and leaves its receipt
    once more, later        the process ends at once

A signal that was ignored when the process started (`nohup`) stays ignored.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

from pleoctl.cli.ends import hurry, tell_at_once
from pleoctl.errors import ExitCode
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

CODES: Final = {
    number: code
    for name, code in (
        ("SIGINT", ExitCode.INTERRUPTED),
        ("SIGTERM", ExitCode.TERMINATED),
        ("SIGHUP", ExitCode.HANGUP),
    )
    if (number := getattr(signal, name, None)) is not None
}
# `timeout` and shells signal a process and then its group: what comes this soon is the same signal.
_ECHO_SECONDS: Final = 1.0


class Signalled(KeyboardInterrupt):
    """The process was asked to end; ``code`` is the exit code of the signal."""

    def __init__(self, code: ExitCode) -> None:
        """See the class."""
        super().__init__(code.name.lower())
        self.code = code


class Stop:
    """How a run that must not be cut off learns that it is asked to end.

    ``event`` says so; ``bell`` ends a wait for the next round, and others may ring it as well.
    """

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.event, self.bell = threading.Event(), threading.Event()
        self.code: ExitCode | None = None

    def ask(self, code: ExitCode) -> None:
        """From the signal handler."""
        self.code = code
        self.event.set()
        self.bell.set()
        tell_at_once("stopping after the writes in flight (once more: stop at once)\n")


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Signals go to a `Stop` inside the block."""
    stop = Stop()
    with handled(stop.ask):
        yield stop


@contextmanager
def handled(act: Callable[[ExitCode], object]) -> Iterator[None]:
    """Let the first signal inside the block call ``act`` with its exit code, and a later one end the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Handler(act)
    wanted = [number for number in CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
            if isinstance(old, _Handler):
                old.first = old.first or handler.first


def ignore() -> None:
    """Let every further signal pass."""
    for number in CODES:
        signal.signal(number, signal.SIG_IGN)


def end_here(code: ExitCode) -> NoReturn:
    """End the command where it is: `Signalled` goes up through its clean-up."""
    raise Signalled(code)


def end_at_once(code: ExitCode) -> NoReturn:
    """End the process without any further word; only half-written files are removed."""
    this_machine().remove_unfinished()
    os._exit(code)


class _Handler:
    def __init__(self, act: Callable[[ExitCode], object]) -> None:
        self._act = act
        self.first: float | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        code, now = CODES[signal.Signals(number)], this_machine().monotonic()
        if self.first is None:
            self.first = now
            hurry()
            self._act(code)
        elif now - self.first > _ECHO_SECONDS:
            end_at_once(code)
