"""What carrying out a posting plan sends, each as a step: how it is sent, how its outcome is found out.

| step    | sends                               | looked up in                  | sent again                           |
|---------|-------------------------------------|-------------------------------|--------------------------------------|
| Start   | `started`                           | the job's status              | yes                                  |
| Book    | one record of an item, or of a leg  | the books, by our key         | once, while the key is guarded       |
| Finish  | what an unfinished record lacks     | the books, by our key         | yes: it goes on from what stands     |
| Hand    | a file of many items                | the books, by our keys        | yes: it appears whole or not at all  |
| Attach  | one file to a record                | the record's list of files    | only where the books list them       |
| Report  | up to 100 statuses                  | the job's items               | yes: the same outcome, three times   |
| Close   | the closing event                   | the job's status              | yes                                  |
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pleoctl.errors import PleoctlError
from pleoctl.jobs.standing import difference, live
from pleoctl.machine import this_machine
from pleoctl.remote.errors import ApiError, LostAnswer
from pleoctl.run.settle import LATER, Ambiguous, Done, End, Failed, Moved, Next, Step, Undone
from pleoctl.sinks.base import PeriodClosed, Refusal, unfinished
from pleoctl.words import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pleoctl.pleo.export_jobs import ExportWriter, JobItem, Update
    from pleoctl.sinks.base import Booking, File, Held, Key, Sink

OVER: Final = frozenset({404, 422})
NOT_SHOWN: Final = "not-shown"
"""The end of what was written as it seemed, and does not stand there."""
_TOO_MANY: Final = 413


class JobOver(PleoctlError):
    """Pleo takes nothing more for this job (422): it expired, was cancelled, or somebody else closed it."""

    code = "job-over"


class Start(Step[str]):
    """Say that the job is being worked on (J3); a second `started` meets 422, as one after somebody else's does."""

    guarded = False
    doubt = "Pleo did not say whether the job was started"

    def __init__(self, pleo: ExportWriter, job: str) -> None:
        super().__init__([job])
        self._pleo, self._sent = pleo, 0

    def send(self, ids: Sequence[str]) -> Mapping[str, Done]:
        """See `Step.send`."""
        self._sent += 1
        self._pleo.event(ids[0], "started")
        return dict.fromkeys(ids, Done())

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """See `Step.look`."""
        status = self._pleo.job(ids[0]).status
        if status == "pending":
            return dict.fromkeys(ids, Undone())
        return dict.fromkeys(ids, Done() if status == "in_progress" else Moved(f"the job is {spoken(status)}"))

    def refused(self, ids: Sequence[str], error: ApiError) -> Mapping[str, End | Undone | Next[str]]:
        """See `Step.refused`: a first `started` that meets 422 came after somebody else's."""
        if error.status in OVER and self._sent > 1:
            return self.look(ids)
        return super().refused(ids, error)


class Close(Step[str]):
    """Say how the job ended (K1, K2)."""

    doubt = "Pleo did not say whether the job was closed"

    def __init__(self, pleo: ExportWriter, job: str, event: str, reason: tuple[str, str] | None) -> None:
        """``reason`` is type and text, for ``failed`` alone."""
        super().__init__([job])
        self._pleo, self._event, self._reason = pleo, event, reason or (None, None)

    def send(self, ids: Sequence[str]) -> Mapping[str, Done]:
        """See `Step.send`."""
        self._pleo.event(ids[0], self._event, *self._reason)
        return dict.fromkeys(ids, Done())

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """See `Step.look`."""
        job = self._pleo.job(ids[0])
        if job.is_open:
            return dict.fromkeys(ids, Undone())
        return dict.fromkeys(ids, Done() if job.status == self._event else Moved(f"the job is {spoken(job.status)}"))

    def refused(self, ids: Sequence[str], error: ApiError) -> Mapping[str, End | Undone | Next[str]]:
        """See `Step.refused`: 422 may be the answer to an event that was taken before, others somebody's between."""
        seen = self.look(ids)
        taken = error.status in OVER or isinstance(seen[ids[0]], Done)
        return seen if taken else super().refused(ids, error)


class Report(Step[str]):
    """Report the outcomes of up to 100 items (U1-U4)."""

    doubt = "Pleo did not take its status in three tries"

    def __init__(self, pleo: ExportWriter, job: str, updates: Mapping[str, Update]) -> None:
        super().__init__(list(updates))
        self._pleo, self._job, self._updates = pleo, job, updates

    def send(self, ids: Sequence[str]) -> Mapping[str, Done | Undone]:
        """See `Step.send`; what a 200 lists as an error, or leaves out, is not reported yet."""
        answer = self._pleo.report(self._job, [self._updates[part] for part in ids])
        return {part: Done() if self._is_told(part, answer.items.get(part)) else Undone() for part in ids}

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """See `Step.look`."""
        items = {item.id: item for item in self._pleo.job_items(self._job)}
        return {part: self._seen(part, items.get(part)) for part in ids}

    def _is_told(self, part: str, item: JobItem | None) -> bool:
        return item is not None and item.status == self._updates[part].status

    def _seen(self, part: str, item: JobItem | None) -> Done | Undone | Moved:
        if item is None or item.is_open:
            return Undone()
        return Done() if self._is_told(part, item) else Moved(f"Pleo has it as {spoken(item.status)}")

    def refused(self, ids: Sequence[str], error: ApiError) -> Mapping[str, End | Undone | Next[str]]:
        """See `Step.refused`: a call that is too large is halved, a job that is over takes nothing more."""
        if error.status == _TOO_MANY and len(ids) > 1:
            middle = len(ids) // 2
            return {**self._part(ids[:middle]), **self._part(ids[middle:])}
        if error.status in OVER:
            raise JobOver(f"export job {self._job} takes no more statuses: {error.message}")
        told = {part: end for part, end in self.look(ids).items() if isinstance(end, Done)}
        return {**super().refused(ids, error), **told}

    def _part(self, ids: Sequence[str]) -> dict[str, Next[str]]:
        return dict.fromkeys(ids, Next(Report(self._pleo, self._job, {part: self._updates[part] for part in ids})))


class Book(Step[str]):
    """Make one record in the books (E7, P2)."""

    looks = LATER
    doubt = "the books did not say whether it was booked"

    def __init__(self, sink: Sink, booking: Booking, move: Callable[[Booking, PeriodClosed], Booking]) -> None:
        """``move`` gives the booking with another date, or raises `Refusal` where periods may not be moved."""
        super().__init__([booking.key.stored])
        self._sink, self._booking, self._move = sink, booking, move
        self._first: float | None = None
        self.repeatable = self.guarded = sink.capabilities.key.guarded_for > 0

    def send(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved | Failed | Next[str]]:
        """See `Step.send`; what the books say is believed once they show it."""
        self._guard()
        try:
            (held,) = self._sink.book([self._booking])
        except (Refusal, PeriodClosed) as denied:
            return dict.fromkeys(ids, self._denied(denied))
        seen = self._seen()
        if isinstance(seen, Done):
            return dict.fromkeys(ids, Done(replace(seen.record, url=seen.record.url or held.url)))
        return dict.fromkeys(ids, seen)

    def _seen(self) -> Done | Undone | Moved | Next[str]:
        found = _found(self._sink, self._booking)
        if found and unfinished(found[0], draft=self._booking.draft):
            return Next(Finish(self._sink, self._booking, found[0]))
        return _stands(found, self._booking)

    def _guard(self) -> None:
        """A second request only while the first one's key is honoured, and never a third."""
        now = this_machine().monotonic()
        if self._first is None:
            self._first = now
            return
        self.repeatable = False
        if now - self._first > self._sink.capabilities.key.guarded_for:
            raise LostAnswer("the books no longer honour the key of the first request")

    def _denied(self, denied: Refusal | PeriodClosed) -> Done | Moved | Failed | Next[str]:
        """What an answer denies is looked for; what was only begun is left to the refusal, and never made anew."""
        seen = self._seen() if _was_answered(denied) else Undone()
        if isinstance(denied, Refusal):
            return seen if isinstance(seen, Done) else Failed(denied.reason_type, denied.message)
        return self._moved(denied) if isinstance(seen, Undone) else seen

    def _moved(self, closed: PeriodClosed) -> Failed | Next[str]:
        try:
            return Next(Book(self._sink, self._move(self._booking, closed), self._move), begun=False)
        except Refusal as refusal:
            return Failed(refusal.reason_type, refusal.message)

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved | Next[str]]:
        """See `Step.look`."""
        return dict.fromkeys(ids, self._seen())


class Finish(Step[str]):
    """Bring a record to its end that was begun; it is never made anew."""

    guarded = False
    doubt = "the books did not say whether it was finished"

    def __init__(self, sink: Sink, booking: Booking, begun: Held) -> None:
        """``begun`` is what stands of it."""
        super().__init__([booking.key.stored])
        self._sink, self._booking = sink, replace(booking, begun=begun)

    def send(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved | Failed]:
        """See `Step.send`; what is refused leaves the record as it is, and says which."""
        begun = self._booking.begun
        try:
            self._sink.book([self._booking])
        except (Refusal, PeriodClosed) as refusal:
            seen = self.look(ids) if _was_answered(refusal) else {}
            if any(isinstance(end, Done) for end in seen.values()):
                return seen
            kind = refusal.reason_type if isinstance(refusal, Refusal) else "accounting_system_validation_failure"
            words = f"{refusal.message}; {begun.id if begun else 'it'} stands unfinished in the books"
            return dict.fromkeys(ids, Failed(kind, words))
        return self.look(ids)

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """See `Step.look`."""
        found = _found(self._sink, self._booking)
        if not found:
            return dict.fromkeys(ids, Moved("the record that was begun is no longer in the books"))
        self._booking = replace(self._booking, begun=found[0])
        if unfinished(found[0], draft=self._booking.draft):
            return dict.fromkeys(ids, Undone())
        return dict.fromkeys(ids, _stands(found, self._booking))


class Hand(Step[str]):
    """Hand over a file of many items."""

    doubt = "the books could not be written"

    def __init__(self, sink: Sink, bookings: Sequence[Booking]) -> None:
        self._bookings = {booking.key.stored: booking for booking in bookings}
        super().__init__(list(self._bookings))
        self._sink = sink

    def send(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved | Ambiguous]:
        """See `Step.send`; a file that does not show what was written is not written again."""
        try:
            self._sink.book([self._bookings[part] for part in ids])
        except (PleoctlError, OSError) as error:
            told = error.findings[0] if isinstance(error, PleoctlError) else error
            self.doubt = f"the books could not be written: {told}"
            return dict.fromkeys(ids, Undone())
        hidden = Ambiguous(NOT_SHOWN, "the books do not show what was written to them")
        return {part: hidden if isinstance(seen, Undone) else seen for part, seen in self.look(ids).items()}

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """See `Step.look`."""
        found = find(self._sink, [self._bookings[part].key for part in ids])
        return {part: _stands(live(found.get(part, ())), self._bookings[part]) for part in ids}


class Attach(Step[str]):
    """Link a file to a record that stands (H7)."""

    guarded = False
    doubt = "the books did not say whether the file was taken"

    def __init__(self, sink: Sink, held: Held, key: Key, file: File) -> None:
        super().__init__([file.name])
        self._sink, self._held, self._key, self._file = sink, held, key, file
        self.repeatable = sink.capabilities.lists_attachments

    def send(self, ids: Sequence[str]) -> Mapping[str, Done | Failed]:
        """See `Step.send`."""
        try:
            self._sink.attach(self._held, self._key, self._file)
        except Refusal as refusal:
            return dict.fromkeys(ids, Failed(refusal.reason_type, refusal.message))
        return dict.fromkeys(ids, Done())

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone]:
        """See `Step.look`; books that do not list files leave the doubt."""
        records = live(find(self._sink, [self._key]).get(self._key.stored, ()))
        there = any(self._file.name in (record.attachments or ()) for record in records)
        return dict.fromkeys(ids, Done() if there else Undone())


def _was_answered(denied: Refusal | PeriodClosed) -> bool:
    """Whether an answer of the network denies it: one of somebody between, who passed it on, perhaps."""
    return isinstance(denied.__cause__, ApiError)


def find(sink: Sink, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
    """What the books hold. Raises `LostAnswer` where they cannot be asked, so that a doubt stays one."""
    try:
        return _twice(sink, keys)
    except LostAnswer:
        raise
    except PleoctlError as error:
        raise LostAnswer(f"the books could not be asked: {error.message}") from error


def _twice(sink: Sink, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
    """Asking changes nothing, so that books which failed once are asked again."""
    try:
        return sink.find(keys)
    except PleoctlError:
        return sink.find(keys)


def _found(sink: Sink, booking: Booking) -> list[Held]:
    return live(find(sink, [booking.key]).get(booking.key.stored, ()))


def _stands(found: Sequence[Held], booking: Booking) -> Done | Undone | Moved:
    if not found:
        return Undone()
    why = difference(found[0], booking.legs, booking.date, may_move=False)
    return Done(found[0]) if why is None else Moved(f"the books hold {found[0].id} for it, but {why}")
