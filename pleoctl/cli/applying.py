"""Carrying a plan out from the command line: signals, progress, events, receipt."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import seconds, write_output
from pleoctl.cli.events import events_to
from pleoctl.cli.planning import progress
from pleoctl.cli.signals import Stop, handled
from pleoctl.fleet.caller import Caller

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from pleoctl.cli.events import Events
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.plan.approvals import Approvers
    from pleoctl.run.receipt import Receipt


LOCK_TIMEOUT: Final = "PLEOCTL_LOCK_TIMEOUT"


def patience(timeout: str | None) -> float:
    """Seconds for which a lock is waited for. Raises `UsageError`."""
    if timeout is not None:
        return seconds(timeout, "--lock-timeout")
    return seconds(os.environ.get(LOCK_TIMEOUT) or "0s", LOCK_TIMEOUT)


class Terminal(Caller):
    """The caller at the command line.

    ``asked`` is what a signal said; ``events_file`` and ``receipt_file`` say where they go, None: nowhere.
    """

    def __init__(self, options: Options, timeout: str | None, approvers: Approvers | None = None) -> None:
        """Outside of `writing` a signal ends the command where it is."""
        super().__init__(None, patience(timeout), approvers)
        self._options = options
        self.asked = Stop()
        self.events_file: str | None = None
        self.receipt_file: str | None = None

    @contextmanager
    def writing(self) -> Iterator[threading.Event]:
        """See `Caller.writing`."""
        with handled(self.asked.ask):
            yield self.asked.event

    def progress(self, label: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """See `Caller.progress`."""
        return progress(self._options, label)

    def events(self) -> AbstractContextManager[Events]:
        """See `Caller.events`."""
        return events_to(self.events_file)

    def keep(self, receipt: Receipt | JobReceipt) -> None:
        """Write the receipt where it was asked for; what fails is a finding, since the run is done."""
        if self.receipt_file is not None:
            write_output(self._options, self.receipt_file, receipt.bytes)


def output_of(options: Options, applied: Receipt, stop: Stop) -> Output:
    """The outcome of a run as a command's output."""
    code = applied.exit_code
    if stop.code is not None and applied.outcome == "interrupted":
        code = stop.code
    if options.format == "json":
        # What stderr may not be able to show stands in the receipt, also what came after it was kept.
        whole = replace(applied, findings=[*applied.findings, *options.unwritten])
        return Output(raw=whole.bytes, exit_code=code, findings=applied.findings)
    from pleoctl.report.text import receipt_text

    return Output(receipt_text(applied), findings=applied.findings, exit_code=code)
