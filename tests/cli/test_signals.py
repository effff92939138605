"""One handler for INT, TERM and HUP: the first signal, its echo, and one more."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pleoctl.cli import signals
from pleoctl.errors import ExitCode
from pleoctl.machine import Machine, on

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Clock(Machine):
    """A clock that moves when it is told to."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Iterator[_Clock]:
    """The machine's clock."""
    machine = _Clock()
    with on(machine):
        yield machine


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Exit codes with which the process would have ended at once."""
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    return codes


def test_two_signals_at_once_are_one(clock: _Clock, ended: list[int]) -> None:
    """`timeout` signals a process and its group: the writes in flight are finished all the same."""
    with signals.stoppable() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        clock.seconds += 0.5
        signal.raise_signal(signal.SIGTERM)
        assert (stop.event.is_set(), stop.code) == (True, ExitCode.TERMINATED)
    assert ended == []


def test_a_later_signal_ends_the_process(clock: _Clock, ended: list[int]) -> None:
    """At once, with its own code."""
    with signals.stoppable():
        signal.raise_signal(signal.SIGTERM)
        clock.seconds += 2
        signal.raise_signal(signal.SIGINT)
    assert ended == [130]


def test_a_signal_counts_on_after_the_run(clock: _Clock, ended: list[int]) -> None:
    """An echo that comes when the run is over does not cut off the telling of its end; a later one does."""
    with signals.handled(signals.end_here):
        with signals.stoppable():
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        clock.seconds += 2
        signal.raise_signal(signal.SIGTERM)
    assert ended == [143]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_an_ordinary_command_where_it_is(number: signal.Signals, code: int) -> None:
    """As an exception that clean-up sees, and whose code is the signal's."""
    with signals.handled(signals.end_here), pytest.raises(signals.Signalled) as raised:
        signal.raise_signal(number)
    assert raised.value.code == code


def test_handlers_are_given_back_and_ignored_signals_left_alone() -> None:
    """What the process had before is there afterwards."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.stoppable() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.event.is_set()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


_EARLY = """
import signal, sys
class Early:
    def find_spec(self, name, *_):
        if name == "pleoctl.errors":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Early())
from pleoctl.__main__ import main
main(["--version"])
"""


def test_an_interrupt_while_modules_are_loaded_ends_the_process_without_a_word() -> None:
    """Nothing has been done by then, so there is nothing to tell, least of all a traceback."""
    done = subprocess.run([sys.executable, "-c", _EARLY], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
