"""The time that a sandbox lives in; tests and simulations bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a sandbox asks of time."""

    def monotonic(self) -> float:
        """Seconds since some moment: for the rate limit, the busiest minute and lags."""

    def now(self) -> datetime:
        """The time of day in UTC: for timestamps and for dates in headers."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass, where no server waits in its own way."""


class SystemClock:
    """The time of this machine."""

    def monotonic(self) -> float:
        """Seconds since some moment of this process."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)
