"""What the caller of a company's action says and hears: a terminal, a fleet, a worker."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pleoctl.errors import Finding
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.plan.approvals import Approvers
    from pleoctl.run.receipt import Receipt


class Listener(Protocol):
    """Who hears each event of a run; ``findings`` say what it could not keep."""

    @property
    def findings(self) -> list[Finding]:
        """Warnings, once the run is over."""

    def __call__(self, event: dict[str, Any]) -> None:
        """One event."""


class Nobody:
    """Hears nothing."""

    @property
    def findings(self) -> list[Finding]:
        """None."""
        return []

    def __call__(self, event: dict[str, Any]) -> None:
        """Pass over it."""


class Caller:
    """Says when to stop, and hears nothing; the command line's hears more.

    ``patience`` is how many seconds the company's lock is waited for; ``approvers`` must have approved what is carried
    out.
    """

    def __init__(
        self, stop: threading.Event | None = None, patience: float = 0.0, approvers: Approvers | None = None
    ) -> None:
        """``stop`` ends reads and waits as well as runs."""
        self.stop = stop
        self.patience, self.approvers = patience, approvers

    def writing(self) -> AbstractContextManager[threading.Event]:
        """The block in which a run may write; the event asks it to end after the writes in flight."""
        return nullcontext(self.stop or threading.Event())

    def progress(self, label: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Who is told finished and all steps of what ``label`` names."""
        del label
        return nullcontext(_unheard)

    def events(self) -> AbstractContextManager[Listener]:
        """Who hears the run's events. Raises `PleoctlError` before anything is sent."""
        return nullcontext(Nobody())

    def keep(self, receipt: Receipt | JobReceipt) -> None:
        """The run is over; the lock is still held."""


def _unheard(_done: int, _total: int) -> None:
    """Pass over it."""
