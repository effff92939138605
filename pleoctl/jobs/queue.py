"""Which jobs are worked on, in which order (J2, J4, E6), and how one is closed without booking it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.errors import PleoctlError, Refused, Stale
from pleoctl.jobs.document import address_of
from pleoctl.jobs.items import open_items, read_items
from pleoctl.jobs.plan import Books, keys_of
from pleoctl.jobs.standing import live
from pleoctl.jobs.steps import Close, Start
from pleoctl.jobs.verdict import beside
from pleoctl.pleo.export_jobs import OPEN_JOBS
from pleoctl.run.settle import Done, Moved, settle
from pleoctl.words import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.jobs.memory import JobMemory
    from pleoctl.pleo.export_jobs import ExportJob, ExportReader, ExportWriter
    from pleoctl.run.settle import End, Step


def eligible(reader: ExportReader, wanted: Sequence[str] = ()) -> list[ExportJob]:
    """Jobs to work on, one after the other: those in progress first, then the pending ones, each oldest first.

    ``wanted`` are ids as of `named_jobs`; a job that is over is `Stale`.
    """
    if not wanted:
        return sorted(reader.jobs(OPEN_JOBS), key=lambda job: job.status != "in_progress")
    found = named_jobs(reader, wanted)
    for job in found:
        if not job.is_open:
            raise Stale(f"export job {job.id} is {spoken(job.status)}")
    return found


def named_jobs(reader: ExportReader, wanted: Sequence[str]) -> list[ExportJob]:
    """The jobs of these ids, in their order; one that is named twice counts once."""
    named = dict.fromkeys(identity.lower() for identity in wanted)
    return [reader.job(identity) for identity in named]


def fail_job(pleo: ExportWriter, job: ExportJob, memory: JobMemory, reason: tuple[str, str]) -> None:
    """Close a job as failed; a pending one is started first (J3). Raises `Stale`, `PleoctlError`."""
    if not job.is_open:
        raise Stale(f"export job {job.id} is {spoken(job.status)}")
    if job.status == "pending":
        memory.remember_start()
        _done(Start(pleo, job.id), pleo, job)
    _done(Close(pleo, job.id, "failed", reason), pleo, job)


def require_unbooked(reader: ExportReader, job: ExportJob, books: Books, memory: JobMemory) -> None:
    """Raise `Refused` while one of the job's open items stands in the books or in others, or may stand there."""
    items = list(open_items(read_items(reader, job)))
    keys = [key for item in items for key in keys_of(books.sink, job.id, item, None)]
    found, doubts, elsewhere = books.sink.find(keys) if keys else {}, memory.doubts(), books.past.elsewhere
    for key in keys:
        if live(found.get(key.stored, ())):
            raise Refused(f"{address_of(key.item)} is booked and not reported", hint="report it: `pleoctl jobs run`")
        if key.stored in doubts:
            raise Refused(
                f"{address_of(key.item)} may be booked: its last answer was lost", hint="settle it: `pleoctl jobs run`"
            )
        if other := elsewhere.get(key.item) or beside(books.sink, [key]):
            words = f"{address_of(key.item)} may be booked in the books of another `sink` ({other})"
            raise Refused(words, hint="name those, or refuse it by name: `pleoctl jobs run`")


class _EndReporter:
    """The reporter of a step that stands by itself."""

    def __init__(self) -> None:
        self.end: End | None = None

    def sending(self, step: Step[str], ids: Sequence[str]) -> None:
        """Nothing is kept of it."""

    def ended(self, part: str, end: End) -> None:
        """Keep the end."""
        _ = part
        self.end = end

    def goes_on(self, step: Step[str]) -> bool:
        """Nothing follows."""
        _ = step
        return False


def _done(step: Step[str], pleo: ExportWriter, job: ExportJob) -> None:
    reporter = _EndReporter()
    settle(step, reporter, pleo.wait)
    if isinstance(reporter.end, Moved):
        raise Stale(f"export job {job.id}: {reporter.end.message}")
    if not isinstance(reporter.end, Done):
        words = reporter.end.message if reporter.end is not None else step.doubt
        raise PleoctlError(f"export job {job.id} could not be closed: {words}")
