"""A lock that its holder has to renew: when it may still write, and when another may take what it left.

A holder renews its lease every 10 s and starts no write later than 20 s after the last renewal. Who finds a lease that
was not released waits until it is older than 30 s and one request's deadline. No two machines' clocks are compared: the
holder's age is told by its own clock, the taker's by the store's or by its own.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pleoctl.machine import this_machine
from pleoctl.state.base import StateLost

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG: Final = logging.getLogger(__name__)
RENEW_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 20.0
LEASE_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 1.0


class Lease(ABC):
    """The `pleoctl.state.lock.Permit` of a lease that is renewed for as long as it is `kept`."""

    def __init__(self) -> None:
        """Nothing is held yet."""
        self.token = this_machine().token(16)
        """Whose lease it is; nobody else has it."""
        self.renewed = 0.0
        """When the newest renewal that is known to count was sent."""
        self._lost: str | None = None

    @abstractmethod
    def renew(self) -> bool:
        """Renew it, and note when; False where it is another's by now. Raises `StateLost`."""

    def failed(self, error: StateLost) -> str | None:
        """Why the lease is lost after a renewal that failed; None where the next one may count again."""
        return error.message

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it for the block."""
        over = threading.Event()
        renewing = threading.Thread(target=self._go_on, args=[over], name="pleoctl-lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            renewing.join()

    def check(self) -> None:
        """Raise `StateLost` unless a write may start now."""
        age = this_machine().lasting() - self.renewed
        if self._lost is None and age <= WRITE_SECONDS:
            return
        why = self._lost or f"it could not be renewed for {age:.0f} s"
        raise StateLost(
            f"the lock of this company is lost: {why}; nothing more is sent", hint="run the same plan again"
        )

    def _go_on(self, over: threading.Event) -> None:
        pause = RENEW_SECONDS
        while self._lost is None and not over.wait(pause):
            pause = RENEW_SECONDS
            try:
                if not self.renew():
                    self._lost = "another run has taken it"
            except StateLost as error:
                self._lost = self.failed(error)
                pause = _AGAIN_SECONDS


def told_wait(seconds: float, holder: object) -> None:
    """Say why a run waits for another that has ended without a word."""
    LOG.warning(
        "waiting %.0f s: the last run on this company was cut off, and what it sent may still be carried out: %s",
        seconds,
        holder,
    )
