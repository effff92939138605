"""What every sink must do: one suite for ours and for those of third parties, without any test framework.

A sink's own tests give a `SinkCase` and run each of `CHECKS`, or all by `conform`, in a folder of its own::

    case = SinkCase({"type": "mine", "path": "books"}, prepare=empty_books, faults={"unreachable": take_away, …})

    @pytest.mark.parametrize("name", CHECKS)
    def test_conforms(name, tmp_path):
        CHECKS[name](case, tmp_path)
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import NAMESPACE_URL, uuid5

from pleoctl.errors import PleoctlError
from pleoctl.jobs.close import ITEM_REASONS, JOB_REASONS
from pleoctl.jobs.standing import difference, live
from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import Booking, BooksUnusable, Capabilities, File, Held, Key, PeriodClosed, Refusal
from pleoctl.sinks.keys import stored_key
from pleoctl.sinks.opening import open_sink
from pleoctl.testing.death import deaths
from pleoctl.testing.sources import COMPANY
from pleoctl.workspace import Workspace
from pleoctl.workspace.find import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pleoctl.sinks.base import Sink

E = TypeVar("E", bound=PleoctlError)

JOB: Final = "6b1f2c1e-0000-4000-8000-00000000c0de"
DAY: Final = "2026-03-15"
FAULTS: Final = ("unreachable", "refused", "closed", "lost before", "lost after")
_PLEO_KEY: Final = "PLEO_CONFORMANCE_KEY"


class Nonconformance(AssertionError):
    """A sink does not do what every sink must; the message says what."""


@dataclass(frozen=True, slots=True)
class SinkCase:
    """One sink with books to try it on.

    ``section`` is what stands under ``sink`` in pleoctl.yaml. ``prepare`` makes the books empty and ready: files below
    the folder that it is given, or a server on this machine. Each of ``faults`` (see `FAULTS`) lets the next booking
    meet it: the books cannot be reached, refuse it, have its period closed, or its answer is lost before or after it
    was carried out. ``environ`` holds the secrets that the section refers to; ``accounts`` are two that the books have.
    """

    section: Mapping[str, Any]
    prepare: Callable[[Path], object]
    faults: Mapping[str, Callable[[Path], object]]
    environ: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, str] = ("6540", "1940")
    currency: str = "EUR"
    open: Callable[[Workspace], Sink] = open_sink


def conform(case: SinkCase, folder: Path) -> None:
    """Run all checks, each in a folder of its own. Raises `Nonconformance`."""
    for name, check in CHECKS.items():
        below = folder / name
        below.mkdir()
        check(case, below)


def touches_nothing_until_asked(case: SinkCase, folder: Path) -> None:
    """It can be made where there are no books, and leaves the folder as it is."""
    with _Trial.of(case, folder) as trial:
        before = _content(folder)
        trial.sink().close()
        _require(_content(folder) == before, "making it changed the folder")


def says_what_it_can_hold(case: SinkCase, folder: Path) -> None:
    """Capabilities are told, are the same again, and its room keeps the keys of different items and legs apart."""
    with _Trial.ready(case, folder) as trial:
        can = trial.capabilities
        _require(can == trial.capabilities, "two of them say different things of one kind of books")
        _require(can.key.length is None or can.key.length >= 8, "its room for our reference is too short")
        items = [trial.item(number) for number in range(50)]
        stored = {stored_key(item, can.key, leg) for item in items for leg in (None, 1, 2)}
        _require(len(stored) == len(items) * 3, "its room for our reference does not keep items apart")


def finds_nothing_in_empty_books(case: SinkCase, folder: Path) -> None:
    """`check` books nothing; no key, an unknown key and several are looked up without an error."""
    with _Trial.ready(case, folder) as trial:
        sink = trial.sink()
        sink.check()
        _require(not sink.find([]), "it finds something where nothing is asked for")
        _require(not _stands(sink.find([one.key for one in trial.bookings()])), "it finds what nobody booked")


def books_what_it_then_shows(case: SinkCase, folder: Path) -> None:
    """What was booked is found under its own key alone, with the same id, date and sums."""
    with _Trial.ready(case, folder) as trial:
        sink, bookings = trial.sink(), trial.bookings()
        for booking in bookings:
            sink.refuse(booking)
        ids = trial.book(sink, bookings)
        trial.shows(sink, bookings, ids)
        trial.shows(trial.sink(), bookings, ids)  # as the next run sees it
        trial.sink().confirm([(one.key, trial.found(one)[0]) for one in bookings])
        trial.shows(trial.sink(), bookings, ids)


def takes_keys_byte_for_byte(case: SinkCase, folder: Path) -> None:
    """A key that begins alike, ends alike or differs in case is another key."""
    with _Trial.ready(case, folder) as trial:
        booking = trial.bookings()[0]
        trial.book(trial.sink(), [booking])
        stored = booking.key.stored
        others = {stored[:-1], stored[1:], f"{stored}0", stored.swapcase()} - {stored}
        for other in sorted(others):
            found = trial.sink().find([replace(booking.key, stored=other)])
            _require(not _stands(found), f"under {other!r} it finds what was booked under {stored!r}")


def takes_the_same_key_once_while_it_says_so(case: SinkCase, folder: Path) -> None:
    """Books that honour an idempotency key make one record of two requests with it."""
    with _Trial.ready(case, folder) as trial:
        if trial.capabilities.key.guarded_for > 0:
            booking = trial.bookings()[0]
            trial.book(trial.sink(), [booking])
            trial.book(trial.sink(), [booking])
            trial.shows(trial.sink(), [booking])


def takes_attachments(case: SinkCase, folder: Path) -> None:
    """A file goes along or is linked to the record, and is listed where the books say that they list files."""
    with _Trial.ready(case, folder) as trial:
        can = trial.capabilities
        if not can.attachments:
            return
        (folder / "receipt.pdf").write_bytes(b"%PDF-1.4\n")
        file = File(folder / "receipt.pdf", "1.pdf", "application/pdf")
        booking = replace(trial.bookings()[0], files=(file,) if can.files_with_entry else ())
        trial.book(trial.sink(), [booking])
        if not can.files_with_entry:
            trial.sink().attach(trial.found(booking)[0], booking.key, file)
        listed = trial.found(booking)[0].attachments
        _require(not can.lists_attachments or file.name in (listed or ()), "it does not list the file that it took")


def says_that_books_are_out_of_reach(case: SinkCase, folder: Path) -> None:
    """`check` raises `BooksUnusable` with one of Pleo's reasons for a job."""
    with _Trial.ready(case, folder) as trial:
        _require(trial.meets("unreachable"), "the case does not show books that cannot be reached")
        try:
            trial.sink().check()
        except BooksUnusable as error:
            _check_words(error, error.reason_type)
        else:
            raise Nonconformance("books that cannot be reached are not told")


def refuses_in_the_books_own_words(case: SinkCase, folder: Path) -> None:
    """What the books refuse is a `Refusal` with one of Pleo's reasons for an item, and is not booked."""
    with _Trial.ready(case, folder) as trial:
        if trial.meets("refused"):
            error = trial.fails(Refusal)
            _check_words(error, error.reason_type)
            _require(not trial.found(trial.bookings()[0]), "it holds what it refused")


def tells_a_closed_period(case: SinkCase, folder: Path) -> None:
    """`PeriodClosed` names the day that was tried; on the next open day, where it names one, the entry is booked."""
    with _Trial.ready(case, folder) as trial:
        if not trial.meets("closed"):
            return
        error, booking = trial.fails(PeriodClosed), trial.bookings()[0]
        _require(not trial.found(booking), "it holds what it did not book for a closed period")
        if error.next_open is not None:
            _require(error.next_open > DAY, f"the next open day {error.next_open} is not after {DAY}")
            moved = replace(booking, date=error.next_open)
            trial.book(trial.sink(), [moved])
            trial.shows(trial.sink(), [moved])


def leaves_no_doubt_unsaid_before_the_commit(case: SinkCase, folder: Path) -> None:
    """An answer that is lost before anything was booked is a `LostAnswer`; the look-up shows that nothing stands."""
    _loses(case, folder, "lost before", stands=False)


def leaves_no_doubt_unsaid_after_the_commit(case: SinkCase, folder: Path) -> None:
    """An answer that is lost behind the booking is a `LostAnswer`; the look-up shows the one record."""
    _loses(case, folder, "lost after", stands=True)


def survives_a_death_between_any_two_steps(case: SinkCase, folder: Path) -> None:
    """A process that dies at any step of booking leaves all of a record or none; the next run completes the books."""
    with _Trial.ready(case, folder) as trial:  # also so that what is imported late is imported
        trial.book(trial.sink(), trial.bookings())
    attempts = (folder / str(number) for number in range(1, 10_000))

    def attempt(kill: Callable[[Callable[[], object]], bool]) -> bool:
        below = next(attempts)
        below.mkdir()
        with _Trial.ready(case, below) as trial:
            bookings = trial.bookings()
            died = kill(lambda: trial.book(trial.sink(), bookings))
            trial.completes(bookings)
            return died

    deaths(attempt)


CHECKS: Final[dict[str, Callable[[SinkCase, Path], None]]] = {
    check.__name__: check
    for check in (
        touches_nothing_until_asked,
        says_what_it_can_hold,
        finds_nothing_in_empty_books,
        books_what_it_then_shows,
        takes_keys_byte_for_byte,
        takes_the_same_key_once_while_it_says_so,
        takes_attachments,
        says_that_books_are_out_of_reach,
        refuses_in_the_books_own_words,
        tells_a_closed_period,
        leaves_no_doubt_unsaid_before_the_commit,
        leaves_no_doubt_unsaid_after_the_commit,
        survives_a_death_between_any_two_steps,
    )
}
"""Every check by its name; each takes the case and an empty folder, and raises `Nonconformance`."""


class _Trial:
    """A workspace with the case's section, and what is tried on its books; each look is a new run's."""

    def __init__(self, case: SinkCase, folder: Path) -> None:
        self._case, self._folder = case, folder
        self._workspace = Workspace(folder / FILE_NAME)
        self._open: list[Sink] = []

    @classmethod
    @contextmanager
    def of(cls, case: SinkCase, folder: Path) -> Iterator[_Trial]:
        """Where there may be no books."""
        _write_workspace(case, folder)
        before = dict(os.environ)
        os.environ.update({_PLEO_KEY: "key-of-pleo", **case.environ})
        try:
            trial = cls(case, folder)
            yield trial
            for sink in trial._open:
                sink.close()
        finally:
            os.environ.clear()
            os.environ.update(before)

    @classmethod
    @contextmanager
    def ready(cls, case: SinkCase, folder: Path) -> Iterator[_Trial]:
        """With empty books."""
        with cls.of(case, folder) as trial:
            case.prepare(folder)
            yield trial

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
            _entry(item, self._case.currency, postings),
            DAY,
            draft=False,
            once=self.item(-number),
            leg=leg,
        )

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
            _require(len(records) == 1, f"{len(records)} records stand for what was booked once")
            _check_equal(records[0], booking)
            named = ids is None or not ids[number] or records[0].id == ids[number]
            _require(named, f"it shows {records[0].id} where it said {ids and ids[number]}")
        _require(set(found) <= {booking.key.stored for booking in bookings}, "it shows what nobody asked for")

    def completes(self, bookings: list[Booking]) -> None:
        """What the next run does: nothing stands in half or twice, the rest is booked."""
        sink = self.sink()
        found = {key: live(held) for key, held in sink.find([booking.key for booking in bookings]).items()}
        for booking in bookings:
            records = found.get(booking.key.stored, [])
            _require(len(records) < 2, "an entry stands twice after a death")
            for record in records:
                _check_equal(record, booking)
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


def _loses(case: SinkCase, folder: Path, fault: str, *, stands: bool) -> None:
    with _Trial.ready(case, folder) as trial:
        known, whole = fault in case.faults, trial.capabilities.whole_jobs
        _require(known or whole, f"the case does not show an answer that is {fault} the commit")
        if not known:
            return
        booking = trial.bookings()[0]
        trial.meets(fault)
        trial.fails(LostAnswer)
        found = trial.found(booking)
        _require(len(found) == stands, f"{len(found)} records stand where an answer was {fault} the commit")
        if not stands:
            trial.book(trial.sink(), [booking])
        trial.shows(trial.sink(), [booking])


def _write_workspace(case: SinkCase, folder: Path) -> None:
    pleo = {"url": "http://127.0.0.1:9", "auth": {"apiKey": f"env:{_PLEO_KEY}"}}
    head = {"apiVersion": "pleoctl/v1", "kind": "Workspace", "company": COMPANY, "pleo": pleo}
    data = {**head, "mapping": "mapping.yaml", "sink": case.section}
    (folder / FILE_NAME).write_text(json.dumps(data), encoding="utf-8")
    rules = {
        "apiVersion": "pleoctl/v1",
        "kind": "ExportMapping",
        "accounts": {"wallet": case.accounts[1]},
        "vendors": {"unmatched": "fallback", "match": ["code"], "rows": []},
        "tax": {"shape": "code"},
    }
    (folder / "mapping.yaml").write_text(json.dumps(rules), encoding="utf-8")


def _entry(item: str, currency: str, postings: list[Posting]) -> Entry:
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


def _stands(found: Mapping[str, list[Held]]) -> bool:
    return any(live(records) for records in found.values())


def _check_equal(record: Held, booking: Booking) -> None:
    why = difference(record, booking.legs, booking.date, may_move=False)
    _require(why is None, f"what it shows is not what was booked: {why}")


def _check_words(error: PleoctlError, reason: str) -> None:
    _require(reason in ITEM_REASONS | JOB_REASONS, f"{reason} is none of Pleo's reasons")
    _require(bool(error.message) and "\n" not in error.message, "its words are not one line")


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise Nonconformance(words)
