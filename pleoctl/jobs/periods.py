"""Closed periods: the day that the workspace chose moves all legs of an item together, once, and never backwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pleoctl.machine import this_machine
from pleoctl.sinks.base import Refusal
from pleoctl.sinks.keys import once_of

if TYPE_CHECKING:
    from pleoctl.jobs.document import ClosedPeriod
    from pleoctl.jobs.memory import JobMemory
    from pleoctl.sinks.base import Booking, Held, PeriodClosed


@dataclass(slots=True)
class Mover:
    """Where the legs of one item go: ``day`` if they were moved, ``stays`` is a leg that stands on its own day."""

    choice: ClosedPeriod
    memory: JobMemory
    day: str | None = None
    stays: Held | None = None

    def __call__(self, booking: Booking, closed: PeriodClosed) -> Booking:
        """The booking on the day that was chosen. Raises `Refusal` (P2, P3, P7)."""
        own = _own(booking)
        if booking.date != own or self.choice == "fail":
            raise Refusal(f"{closed.message}; posting.closedPeriod decides what to do then")
        if self.stays is not None:
            raise Refusal(f"{closed.message}, and {self.stays.id} of the same item stands on {own}")
        day = closed.next_open if self.choice == "nextOpen" else self.memory.today(_today())
        if day is None or day < own:
            raise Refusal(f"{closed.message}, and the books name no open one")
        self.day = day
        return self.placed(booking)

    def placed(self, booking: Booking) -> Booking:
        """The booking on the day of the item's other legs."""
        if self.day is None:
            return booking
        return replace(booking, date=self.day, once=once_of(booking.key, booking.leg, self.day, booking.once))

    def met(self, booking: Booking, held: Held) -> None:
        """A leg stands: later than its own day it says where the others go, else that none may be moved."""
        if held.date is not None and held.date > _own(booking):
            self.day = held.date
        elif self.day is None:
            self.stays = held


def _own(booking: Booking) -> str:
    return booking.entry.posting_date or booking.date


def _today() -> str:
    return this_machine().now().date().isoformat()
