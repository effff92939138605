"""Simulated books: a sink in memory, in the weather that Pleo is in; its records outlive every process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pleoctl.remote.again import still_undone
from pleoctl.remote.errors import ApiError, LostAnswer
from pleoctl.sinks.base import Capabilities, File, Held, Key, KeyRoom, Refusal
from pleoctl.testing.pleo import DENIED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.sinks.base import Booking
    from pleoctl.testing.machine import SimulatedMachine
    from pleoctl.testing.pleo import Weather

#: An account that the books do not have.
UNKNOWN_ACCOUNT: Final = "6666"
_UNDONE: Final = ("dropped", "503", "429", "unreachable")
_TOO_MANY: Final = 429
_UNHEARD: Final = ("lost", "503 after", "garbled")


@dataclass(frozen=True, slots=True)
class Record:
    """What stands under a key, since when, made with which idempotency key."""

    key: str
    held: Held
    since: float
    once: str


class SimulatedBooks:
    """A sink that books one record at a time; lists show a record ``lag`` seconds after it was made."""

    def __init__(
        self, machine: SimulatedMachine, weather: Weather, *, guarded_for: float, per_leg: bool, lag: float
    ) -> None:
        """Empty books. ``guarded_for`` is how long one idempotency key makes one record."""
        self._machine, self._weather, self._lag = machine, weather, lag
        self.records: list[Record] = []
        room = KeyRoom("reference", guarded_for=guarded_for)
        self._capabilities = Capabilities(room, read_back=True, per_leg=per_leg)

    @property
    def capabilities(self) -> Capabilities:
        """See `Sink`."""
        return self._capabilities

    def check(self) -> None:
        """See `Sink`."""

    def refuse(self, booking: Booking) -> list[str]:
        """See `Sink`: what it refuses, it refuses when it is booked."""
        _ = booking
        return []

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`: there is no ledger."""

    def attach(self, held: Held, key: Key, file: File) -> None:
        """See `Sink`: nothing is attached here."""

    def close(self) -> None:
        """See `Sink`."""

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`."""
        self._machine.step()
        self._befall(self._weather.strike(writes=False))
        wanted, now = {key.stored for key in keys}, self._machine.monotonic()
        found: dict[str, list[Held]] = {}
        for record in self.records:
            if record.key in wanted and record.since + self._lag <= now:
                found.setdefault(record.key, []).append(record.held)
        return found

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        self._machine.step()
        (booking,) = bookings
        struck = self._weather.strike(writes=True)
        self._befall(struck if struck not in _UNHEARD else "")
        if any(posting.account == UNKNOWN_ACCOUNT for posting in booking.postings):
            raise Refusal(f"there is no account {UNKNOWN_ACCOUNT}")
        held = self._made(booking)
        self._machine.step()
        if struck == "die after":
            self._machine.die()
        if struck in _UNHEARD:
            raise LostAnswer("the books did not answer")
        if struck in DENIED and not self._lag:
            return self._denied(booking, DENIED[struck])
        return [held]

    def _denied(self, booking: Booking, status: int) -> list[Held]:
        """Somebody between calls it not carried out; after a 429 it is sent again, unless it is seen to stand."""
        if status != _TOO_MANY:
            raise Refusal("no") from ApiError("no", status)
        if not still_undone():
            raise LostAnswer("too many requests", status)
        return self.book([booking])

    def _befall(self, struck: str) -> None:
        """What keeps a call from being carried out."""
        if struck == "edit":
            self._weather.edit()
        elif struck == "die before":
            self._machine.die()
        elif struck in (*_UNDONE, *_UNHEARD):
            raise LostAnswer("the books did not answer")

    def _made(self, booking: Booking) -> Held:
        now, guarded = self._machine.monotonic(), self._capabilities.key.guarded_for
        for record in self.records:
            if record.once == booking.once and now - record.since <= guarded and guarded:
                return record.held
        held = Held(f"r{len(self.records) + 1}", date=booking.date, postings=booking.postings)
        self.records.append(Record(booking.key.stored, held, now, booking.once))
        return held
