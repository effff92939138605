"""Carrying a plan out from the command line: lock, signals, progress, receipt."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pleoctl.apply.run import Applied, Target, apply_plan
from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import seconds, write_output
from pleoctl.cli.events import events_to
from pleoctl.cli.planning import connected, progress
from pleoctl.errors import ExitCode, PleoctlError
from pleoctl.pleo.writer import PleoWriter
from pleoctl.state.lock import FileLock, Holder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from pleoctl.plan.artifact import Plan
    from pleoctl.workspace import Workspace

SIGNALS: Final = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class Stop:
    """The first signal asks the run to finish what is in flight; the second ends the process at once."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.event = threading.Event()
        self.code: ExitCode | None = None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        if self.event.is_set():
            os._exit(int(SIGNALS[signal.Signals(number)]))
        self.code = SIGNALS[signal.Signals(number)]
        self.event.set()
        # A lock of the stream may be held by what was interrupted, so this writes past it.
        with suppress(OSError):
            os.write(2, b"stopping after the writes in flight (once more: stop at once)\n")


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Signals go to a `Stop` inside the block."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def locked(workspace: Workspace, command: str, timeout: str | None) -> Iterator[None]:
    """Hold the company's lock for the block. Raises `LockHeld`."""
    given = timeout if timeout is not None else os.environ.get("PLEOCTL_LOCK_TIMEOUT") or "0s"
    holder = Holder.me(workspace.url, workspace.company, command)
    with FileLock(workspace.url, workspace.company).hold(holder, seconds(given)):
        yield


lock_timeout_option = click.option(
    "--lock-timeout", metavar="DURATION",
    help="How long to wait for another run, e.g. 90s or 5m (default 0s; PLEOCTL_LOCK_TIMEOUT).",
)  # fmt: skip


def target_of(workspace: Workspace) -> Target:
    """What applying needs of a workspace."""
    return Target(workspace.url, workspace.company, workspace.guard, workspace.runs)


def carry_out(
    options: Options, workspace: Workspace, plan: Plan, *, stop: Stop, events: str | None = None
) -> Applied:  # fmt: skip
    """Apply a checked plan under the lock that the caller holds; writes events where they are asked for."""
    with (
        events_to(events) as listen,
        connected(workspace, PleoWriter, stop.event) as pleo,
        progress(options, "applying") as advance,
    ):
        applied = apply_plan(plan, target_of(workspace), pleo, stop=stop.event, progress=advance, listen=listen)
    applied.findings += listen.findings
    return applied


def keep_receipt(applied: Applied, file: str | None, plan: str) -> None:
    """Write the receipt where it was asked for, never over the plan; what fails is a finding, since the run is done."""
    if file is None:
        return
    try:
        write_output(file, applied.receipt.bytes, inputs=[Path(plan)])
    except PleoctlError as error:
        applied.findings += error.findings


def output_of(options: Options, applied: Applied, stop: Stop) -> Output:
    """The outcome of a run as a command's output."""
    code = applied.receipt.exit_code
    if stop.code is not None and applied.receipt.outcome == "interrupted":
        code = stop.code
    if options.format == "json":
        return Output(raw=applied.receipt.bytes, exit_code=code, findings=applied.findings)
    from pleoctl.report.text import receipt_text

    return Output(receipt_text(applied.receipt.as_json()), applied.receipt.as_json(), applied.findings, code)
