"""The time that a sandbox lives in; tests and simulations bring their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """What a sandbox asks of time; a `pleoctl.machine.Machine` is one."""

    def monotonic(self) -> float:
        """Seconds since some moment: for the rate limit, the busiest minute and lags."""

    def now(self) -> datetime:
        """The time of day in UTC: for timestamps and for dates in headers."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass, where no server waits in its own way."""
