"""Books to try a sink on: a workspace with its section, bookings of three items, what is found of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import NAMESPACE_URL, uuid5

import msgspec

from pleoctl.errors import PleoctlError
from pleoctl.jobs.standing import difference, live
from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
from pleoctl.sinks.base import Booking, Capabilities, Held, Key
from pleoctl.sinks.keys import stored_key
from pleoctl.sinks.opening import open_sink
from pleoctl.testing.conformance import Nonconformance, environment, head, require
from pleoctl.workspace import Workspace
from pleoctl.workspace.find import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pleoctl.sinks.base import Sink

E = TypeVar("E", bound=PleoctlError)

JOB: Final = "6b1f2c1e-0000-4000-8000-00000000c0de"
DAY: Final = "2026-03-15"


@dataclass(frozen=True, slots=True)
class SinkCase:
    """One sink with books to try it on.

    ``section`` is what stands under ``sink`` in pleoctl.yaml. ``prepare`` makes the books empty and ready: files below
    the folder that it is given, or a server on this machine. Each of ``faults`` lets the next booking meet it: the
    books are ``unreachable``, it is ``refused``, its period is ``closed``, its answer is ``lost before`` or ``lost
    after`` it was carried out. ``environ`` holds the secrets that the section refers to; ``accounts`` are two that the
    books have, ``tax_code`` and ``tags`` (codes by group) what a line may have there.
    """

    section: Mapping[str, Any]
    prepare: Callable[[Path], object]
    faults: Mapping[str, Callable[[Path], object]]
    environ: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, str] = ("6540", "1940")
    currency: str = "EUR"
    open: Callable[[Workspace], Sink] = open_sink
    tax_code: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Trial:
    """A workspace with the case's section, and what is tried on its books; each look is a new run's."""

    def __init__(self, case: SinkCase, folder: Path) -> None:
        self._case, self._folder = case, folder
        self._workspace = Workspace(folder / FILE_NAME)
        self._open: list[Sink] = []

    @classmethod
    @contextmanager
    def of(cls, case: SinkCase, folder: Path) -> Iterator[Trial]:
        """Where there may be no books."""
        _write_workspace(case, folder)
        with environment(case.environ):
            trial = cls(case, folder)
            yield trial
            trial.close()

    @classmethod
    @contextmanager
    def ready(cls, case: SinkCase, folder: Path) -> Iterator[Trial]:
        """With empty books."""
        with cls.of(case, folder) as trial:
            case.prepare(folder)
            yield trial

    def close(self) -> None:
        """Close every sink."""
        for sink in self._open:
            sink.close()

    def sink(self) -> Sink:
        """Another one, as another run has it."""
        self._open.append(self._case.open(self._workspace))
        return self._open[-1]

    @property
    def capabilities(self) -> Capabilities:
        """What it says that it can hold."""
        return self.sink().capabilities

    def item(self, number: int) -> str:
        """The id of an item, like no other of any run."""
        return str(uuid5(NAMESPACE_URL, f"{self._folder}/{number}"))

    def bookings(self) -> list[Booking]:
        """Three items of a job."""
        can = self.capabilities
        return [self._booking(number, can) for number in (1, 2, 3)]

    def _booking(self, number: int, can: Capabilities) -> Booking:
        item, leg = self.item(number), 1 if can.per_leg else None
        debit, credit = self._case.accounts
        amount = 8830 + number
        postings = [
            Posting("debit", debit, "line", amount, self._case.currency),
            Posting("credit", credit, "wallet", amount, self._case.currency),
        ]
        return Booking(
            Key(stored_key(item, can.key, leg), item, JOB, number),
            entry_of(item, self._case.currency, postings),
            DAY,
            draft=False,
            once=self.item(-number),
            leg=leg,
        )

    def coded(self) -> Booking:
        """An item whose line has a tax code and tags, as far as the books tell of these. Raises `Nonconformance`."""
        can, case = self.capabilities, self._case
        require(case.tax_code is not None or not can.tells_tax_codes, "the case names no tax code that the books have")
        require(bool(case.tags) or not can.tells_tags, "the case names no tags that the books have")
        (booking, *_) = self.bookings()
        line, *others = booking.entry.entries[0].postings
        code, tags = case.tax_code if can.tells_tax_codes else None, dict(case.tags) if can.tells_tags else {}
        coded = msgspec.structs.replace(line, tax_code=code, tags=tags)
        return replace(booking, entry=entry_of(booking.key.item, line.currency, [coded, *others]))

    def book(self, sink: Sink, bookings: list[Booking]) -> list[str]:
        """The ids of what was booked, in the pieces that the books take."""
        pieces = [bookings] if sink.capabilities.whole_jobs else [[booking] for booking in bookings]
        return [held.id for piece in pieces for held in sink.book(piece)]

    def found(self, booking: Booking) -> list[Held]:
        """What stands for it."""
        return live(self.sink().find([booking.key]).get(booking.key.stored, ()))

    def shows(self, sink: Sink, bookings: list[Booking], ids: list[str] | None = None) -> None:
        """Each of them stands once, as it is to be."""
        found = sink.find([booking.key for booking in bookings])
        for number, booking in enumerate(bookings):
            records = live(found.get(booking.key.stored, ()))
            require(len(records) == 1, f"{len(records)} records stand for what was booked once")
            check_equal(records[0], booking)
            silent = sink.capabilities.read_back and records[0].postings is None
            require(not silent, "it shows no postings, and says that its books tell what they hold")
            named = ids is None or not ids[number] or records[0].id == ids[number]
            require(named, f"it shows {records[0].id} where it said {ids and ids[number]}")
        require(set(found) <= {booking.key.stored for booking in bookings}, "it shows what nobody asked for")

    def completes(self, bookings: list[Booking]) -> None:
        """What the next run does: nothing stands in half or twice, the rest is booked."""
        sink = self.sink()
        found = {key: live(held) for key, held in sink.find([booking.key for booking in bookings]).items()}
        for booking in bookings:
            records = found.get(booking.key.stored, [])
            require(len(records) < 2, "an entry stands twice after a death")
            for record in records:
                check_equal(record, booking)
        missing = [booking for booking in bookings if not found.get(booking.key.stored)]
        sink.confirm([(one.key, found[one.key.stored][0]) for one in bookings if one not in missing])
        if missing:
            self.book(sink, missing)
        self.shows(self.sink(), bookings)

    def meets(self, fault: str) -> bool:
        """Let the next booking meet a fault; whether the case knows how."""
        arm = self._case.faults.get(fault)
        if arm is not None:
            arm(self._folder)
        return arm is not None

    def fails(self, kind: type[E]) -> E:
        """The error of booking one item."""
        booking, sink = self.bookings()[0], self.sink()
        try:
            sink.refuse(booking)
            sink.book([booking])
        except kind as error:
            return error
        except PleoctlError as error:
            raise Nonconformance(f"{type(error).__name__} ({error}) where {kind.__name__} is due") from error
        raise Nonconformance(f"it books where {kind.__name__} is due")


def _write_workspace(case: SinkCase, folder: Path) -> None:
    data = {**head(), "mapping": "mapping.yaml", "sink": case.section}
    (folder / FILE_NAME).write_text(json.dumps(data), encoding="utf-8")
    rules = {
        "apiVersion": "pleoctl/v1",
        "kind": "ExportMapping",
        "accounts": {"wallet": case.accounts[1]},
        "vendors": {"unmatched": "fallback", "match": ["code"], "rows": []},
        "tax": {"shape": "code"},
    }
    (folder / "mapping.yaml").write_text(json.dumps(rules), encoding="utf-8")


def entry_of(item: str, currency: str, postings: list[Posting]) -> Entry:
    """A mapped item with one entry of a journal."""
    return Entry(
        accounting_entry_id=item,
        status="mapped",
        type="card_purchase",
        sub_type=None,
        method="journal",
        rule="standard/card_purchase",
        rules_digest="sha256:0",
        posting_date=DAY,
        currency=currency,
        description="Taxi to the fair",
        reconciliation_id=None,
        reconciled_entries=[],
        attendees=[],
        vendor=None,
        invoice=None,
        original=None,
        service_period=None,
        company=None,
        entries=[LedgerEntry("journal", postings)],
        warnings=[],
    )


def check_equal(record: Held, booking: Booking) -> None:
    """Raise `Nonconformance` unless a record is what was booked, as far as the books say."""
    why = difference(record, booking.legs, booking.date, may_move=False)
    require(why is None, f"what it shows is not what was booked: {why}")
