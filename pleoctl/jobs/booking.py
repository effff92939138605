"""Book the items of a job: look, fetch the attachments, book, link them; one item's trouble stops no other (E4).

Books that are made of whole pieces get all that is ready at once; any others get one record after the other. Each
outcome is handed on as soon as it is known.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pleoctl.errors import NotWritten, PleoctlError
from pleoctl.jobs.document import address_of
from pleoctl.jobs.periods import Mover
from pleoctl.jobs.plan import keys_of
from pleoctl.jobs.receipt import BETWEEN, ItemError
from pleoctl.jobs.standing import difference, live
from pleoctl.jobs.steps import NOT_SHOWN, Attach, Book, Finish, Hand, find
from pleoctl.jobs.verdict import BOOKED_ELSEWHERE
from pleoctl.machine import this_machine
from pleoctl.remote.errors import LostAnswer
from pleoctl.run.settle import Ambiguous, Done, Failed
from pleoctl.sinks.base import Booking, Refusal, unfinished
from pleoctl.sinks.keys import once_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pleoctl.jobs.age import LastUpdate
    from pleoctl.jobs.document import ItemChange, PostingHead
    from pleoctl.jobs.fetch import Fetcher
    from pleoctl.jobs.items import Listed
    from pleoctl.jobs.memory import JobMemory
    from pleoctl.jobs.past import Past
    from pleoctl.jobs.receipt import ItemResult, ItemStatus
    from pleoctl.jobs.verdict import Judge
    from pleoctl.run.settle import End, Step
    from pleoctl.sinks.base import File, Held, Key, Sink

LOG: Final = logging.getLogger(__name__)
FILE_PATIENCE: Final = timedelta(minutes=20)
ATTACHMENT_FAILED: Final = "attachment-failed"
ATTACHMENT_UNKNOWN: Final = "attachment-unknown"


@dataclass(slots=True)
class Outcome:
    """How an item ended in the books; ``held`` are its records, leg by leg."""

    status: ItemStatus
    held: list[Held] = field(default_factory=list)
    error: ItemError | None = None
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def failed(cls, reason_type: str, reason: str, held: Sequence[Held] = ()) -> Outcome:
        """Refused; where another leg stands already, the reason names it and the item is ``partial``."""
        if not held:
            return cls("failed", error=ItemError(reason_type, reason))
        standing = ", ".join(record.id for record in held)
        return cls("partial", list(held), ItemError(reason_type, f"{reason}; in the books already: {standing}"))

    def enter(self, result: ItemResult) -> None:
        """Write it into the receipt."""
        result.status, result.error = self.status, self.error
        result.warnings = [*result.warnings, *self.warnings]
        if self.held:
            result.external_id = BETWEEN.join(record.id for record in self.held)
            result.external_url = self.held[0].url


@dataclass(frozen=True, slots=True)
class BookingContext:
    """What booking works with; ``report`` tells Pleo what has been handed on so far."""

    judge: Judge
    job: str
    fetcher: Fetcher
    memory: JobMemory
    past: Past
    last: LastUpdate
    report: Callable[[], None]

    @property
    def sink(self) -> Sink:
        """The books."""
        return self.judge.sink

    @property
    def posting(self) -> PostingHead:
        """How entries go into them."""
        return self.judge.posting


class Bookkeeper:
    """Books one job's items."""

    def __init__(self, context: BookingContext, settle: Callable[[Step[str]], dict[str, End]]) -> None:
        """``settle`` brings a step to its end."""
        self._context, self._settle = context, settle
        self.silent = False

    def outcomes(
        self, items: Sequence[Listed], changes: Mapping[str, ItemChange], stop: threading.Event
    ) -> Iterator[tuple[Listed, Outcome]]:
        """Each item with its outcome, as soon as it is known. Raises `LostAnswer` where the books cannot be asked."""
        keys = {item.id: self._keys(item, changes[item.id]) for item in items}
        standing = self._standing([key for some in keys.values() for key in some])
        met = ((key, live(standing.get(key.stored, ()))) for some in keys.values() for key in some)
        known = [(key, records[0]) for key, records in met if records]
        self._context.past.sent(key for key, _ in known)
        self._context.sink.confirm(known)
        ready: list[tuple[Listed, Booking]] = []
        for item in items:
            if stop.is_set():
                return
            change = changes[item.id]
            try:
                made = self._one(item, change, keys[item.id], standing)
            except Refusal as refusal:
                made = Outcome.failed(refusal.reason_type, refusal.message)
            except NotWritten as error:
                # What ails this machine is no word about the item: it is left open for the next run.
                words = f"an attachment {error.message} ({error.findings[0].hint})"
                made = Outcome("notAttempted", error=ItemError(error.code, words))
            if self.silent:
                # Books that cannot even be asked are not sent anything more.
                yield item, made if isinstance(made, Outcome) else Outcome("notAttempted")
                return
            if isinstance(made, Booking):
                ready.append((item, made))
            else:
                yield item, made
            if ready and self._is_due():
                yield from self._hand_over(ready)
                ready = []
                self._context.report()
        if ready:
            yield from self._hand_over(ready)

    def _standing(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """What the books hold; what an earlier run sent and never heard of is given time to show."""
        found = dict(find(self._context.sink, keys)) if keys else {}
        doubts = self._context.memory.doubts()
        doubtful = [key for key in keys if key.stored in doubts and not found.get(key.stored)]
        for pause in Book.looks if doubtful else ():
            this_machine().sleep(pause)
            found |= find(self._context.sink, doubtful)
        return found

    # --- one item ----------------------------------------------------------------------------------------------

    def _one(
        self, item: Listed, change: ItemChange, keys: Sequence[Key], standing: Mapping[str, list[Held]]
    ) -> Outcome | Booking:
        found = [live(standing.get(key.stored, ())) for key in keys]
        if change.action != "book":
            return self._without_booking(item, change, keys, standing)
        if BOOKED_ELSEWHERE not in change.warnings and self._context.judge.other_books(item, keys, standing):
            return _stale("the plan does not know that it may stand in other books")
        bookings = self._bookings(item, change, keys)
        if self._context.sink.capabilities.whole_jobs and not found[0]:
            return bookings[0]
        return self._booked(item, bookings, found)

    def _without_booking(
        self, item: Listed, change: ItemChange, keys: Sequence[Key], standing: Mapping[str, list[Held]]
    ) -> Outcome:
        """A refusal or a report, where rules and books say so now: a plan is not taken at its word."""
        made = self._context.judge.verdict(item, change.entry, keys, standing)
        found = [live(standing.get(key.stored, ())) for key in keys]
        if change.action == "report" and made.action == "report":
            return self._reported(item, keys, found)
        if change.action == "refuse" and made.why is not None and made.why == (change.reason_type, change.reason):
            return Outcome.failed(*made.why)
        if change.action == "report" and not any(found):
            return Outcome("blocked", error=ItemError("gone", "it is no longer in the books; make a new plan"))
        return _stale("the plan says of it what the rules and the books do not say now")

    def _reported(self, item: Listed, keys: Sequence[Key], found: Sequence[list[Held]]) -> Outcome:
        """An item that stands in the books already; missing attachments are added first."""
        held = [records[0] for records in found if records]
        outcome = Outcome("alreadyDone", held)
        self._link(item, keys[0], held[0], outcome, fresh=False)
        return outcome

    def _booked(self, item: Listed, bookings: Sequence[Booking], found: Sequence[list[Held]]) -> Outcome:
        """Leg by leg; a leg that fails leaves those before it standing."""
        held: list[Held] = []
        fresh = False
        mover = Mover(self._context.posting.closed_period, self._context.memory)
        for one, records in zip(bookings, found, strict=True):
            booking = mover.placed(one)
            if records:
                why = self._difference(records[0], one)
                if why is not None:
                    return Outcome.failed(
                        "validation_failure", f"the books hold {records[0].id} for it, but {why}", held
                    )
                mover.met(one, records[0])
            if records and not unfinished(records[0], draft=booking.draft):
                held.append(records[0])
                continue
            try:
                end = self._end(self._step(booking, records, mover), booking)
            except PleoctlError as error:
                if not fresh:
                    raise
                self.silent = True
                return Outcome("ambiguous", held, ItemError(error.code, error.message))
            if isinstance(end, Done):
                mover.met(one, end.record)
                held.append(end.record)
                fresh = True
                continue
            if isinstance(end, Ambiguous):
                return Outcome("ambiguous", held, ItemError(end.code, end.message))
            code = end.code if isinstance(end, Failed) else "validation_failure"
            return Outcome.failed(code, end.message, held)
        outcome = Outcome("done" if fresh else "alreadyDone", held)
        self._link(item, bookings[0].key, held[0], outcome, fresh=fresh)
        return outcome

    def _step(self, booking: Booking, records: Sequence[Held], mover: Mover) -> Step[str]:
        """What makes the record, or goes on with the one that an earlier request began."""
        if not records:
            return Book(self._context.sink, booking, mover)
        return Finish(self._context.sink, replace(booking, date=records[0].date or booking.date), records[0])

    def _end(self, step: Step[str], booking: Booking) -> End:
        """The end of a booking: where a closed period moved it, that of the step that followed.

        Raises `PleoctlError` where it cannot be noted before; nothing was sent then.
        """
        self._context.memory.remember_sent(booking.key.stored)
        self._context.past.sent([booking.key])
        try:
            end = self._settle(step)[booking.key.stored]
        except LostAnswer as error:
            self.silent = True
            return Ambiguous("lost-answer", error.message)
        with _needless():
            if not isinstance(end, Ambiguous):
                self._context.memory.remember_known(booking.key.stored)
            if isinstance(end, Failed):
                self._context.past.refused([booking.key])
        return end

    def _difference(self, record: Held, booking: Booking) -> str | None:
        may_move = self._context.posting.closed_period != "fail"
        return difference(record, booking.legs, booking.entry.posting_date, may_move=may_move)

    # --- whole pieces ------------------------------------------------------------------------------------------

    def _is_due(self) -> bool:
        """Whether what is ready must go before the job grows too old (J6)."""
        return self._context.last.age > FILE_PATIENCE

    def _hand_over(self, ready: Sequence[tuple[Listed, Booking]]) -> Iterator[tuple[Listed, Outcome]]:
        self._context.past.sent(booking.key for _, booking in ready)
        try:
            ends = self._settle(Hand(self._context.sink, [booking for _, booking in ready]))
        except LostAnswer as error:
            ends = {booking.key.stored: Ambiguous("lost-answer", error.message) for _, booking in ready}
        else:
            # What appears whole or not at all was looked for, and is not there.
            ended = ((one.key, ends[one.key.stored]) for _, one in ready)
            unwritten = (key for key, end in ended if isinstance(end, Ambiguous) and end.code != NOT_SHOWN)
            with _needless():
                self._context.past.refused(unwritten)
        done = [(booking.key, end.record) for _, booking in ready if isinstance(end := ends[booking.key.stored], Done)]
        lost = self._unconfirmed(done)
        for item, booking in ready:
            end = ends[booking.key.stored]
            if isinstance(end, Done):
                yield item, Outcome("done" if lost is None else "ambiguous", [end.record], lost)
            elif isinstance(end, Ambiguous):
                yield item, Outcome("ambiguous", error=ItemError(end.code, end.message))
            else:
                yield item, Outcome.failed("validation_failure", end.message)

    def _unconfirmed(self, done: Sequence[tuple[Key, Held]]) -> ItemError | None:
        """Why what stands in the books may not be reported yet: their own ledger of it could not be written."""
        try:
            self._context.sink.confirm(done)
        except PleoctlError as error:
            return ItemError(error.code, f"it stands in the books, whose ledger cannot be written: {error.findings[0]}")
        return None

    # --- bookings ----------------------------------------------------------------------------------------------

    def _keys(self, item: Listed, change: ItemChange) -> list[Key]:
        return keys_of(self._context.sink, self._context.job, item, change.entry)

    def _bookings(self, item: Listed, change: ItemChange, keys: Sequence[Key]) -> list[Booking]:
        """The records to make. Raises `Refusal` where an attachment cannot be fetched and must not be left out."""
        entry = change.entry
        if entry is None or entry.posting_date is None:
            raise Refusal("the plan has no entry for it", "unexpected_failure")
        files = self._files(item, change)
        per_leg = self._context.sink.capabilities.per_leg
        made = []
        for n, key in enumerate(keys, 1):
            leg = n if per_leg else None
            once = once_of(key, leg, entry.posting_date, change.item_digest)
            draft = self._context.posting.draft and self._context.sink.capabilities.drafts
            made.append(Booking(key, entry, entry.posting_date, draft, once, leg, files if n == 1 else ()))
        return made

    def _files(self, item: Listed, change: ItemChange) -> tuple[File, ...]:
        """The attachments on this machine (H6): under ``best`` what cannot be had is told and left out."""
        if self._context.posting.attachments == "skip" or not self._context.sink.capabilities.attachments:
            return ()
        try:
            return self._context.fetcher.files(item)
        except (Refusal, NotWritten) as error:
            if self._context.posting.attachments == "store":
                raise
            LOG.warning("%s: booked without attachments: %s", change.address, error.message)
            change.warnings.append(ATTACHMENT_FAILED)
            return ()

    def _link(self, item: Listed, key: Key, held: Held, outcome: Outcome, *, fresh: bool) -> None:
        """Link what the record lacks; an upload that is refused after the booking never fails the item (H6)."""
        can, posting = self._context.sink.capabilities, self._context.posting
        if not item.files or not can.attachments or posting.attachments == "skip":
            return
        if fresh and can.files_with_entry:
            return
        if held.attachments is None and not fresh:
            outcome.warnings.append(ATTACHMENT_UNKNOWN)
            return
        missing = [name for name in (ref.name for ref in item.attachments) if name not in (held.attachments or ())]
        if not missing:
            return
        try:
            files = {file.name: file for file in self._context.fetcher.files(item)}
        except (Refusal, NotWritten) as error:
            # What was there before this run can wait for the next one, which may keep the attachment.
            if isinstance(error, NotWritten) and not fresh and posting.attachments == "store":
                raise
            LOG.warning("%s: %s", address_of(item.id), error.message)
            outcome.warnings.append(ATTACHMENT_FAILED)
            return
        try:
            outcome.warnings += self._attached(held, key, [files[name] for name in missing])
        except PleoctlError as error:
            if not fresh:
                raise
            # The record stands, whatever became of its files.
            LOG.warning("%s: %s", address_of(item.id), error.message)
            self.silent = isinstance(error, LostAnswer)
            outcome.warnings.append(ATTACHMENT_UNKNOWN if self.silent else ATTACHMENT_FAILED)

    def _attached(self, held: Held, key: Key, files: Sequence[File]) -> Iterator[str]:
        """Link files to a record; a warning for each that is not known to be linked."""
        for file in files:
            end = self._settle(Attach(self._context.sink, held, key, file))[file.name]
            if not isinstance(end, Done):
                yield ATTACHMENT_FAILED if isinstance(end, Failed) else ATTACHMENT_UNKNOWN


@contextmanager
def _needless() -> Iterator[None]:
    """For notes of what is known by now: without them a later run looks for it, and this one ends all the same."""
    try:
        yield
    except PleoctlError as error:
        LOG.warning("%s", error.findings[0])


def _stale(words: str) -> Outcome:
    """What is left open, since a new plan would say something else of it."""
    return Outcome("blocked", error=ItemError("stale", f"{words}; make a new plan"))
