"""Carry a posting plan out: check, start, book, report, close (E2), under a lock that the caller holds.

    pending ──started──▶ in_progress ──▶ each item: look ─▶ fetch ─▶ book ─▶ read back ─▶ status ──▶ all final ──▶ close
                              │ books cannot be reached, and nothing is booked: failed, with the reason (V5)

A status leaves as soon as its outcome is known and a hundred of them are, or a minute has passed since the first
(E7, J6). The job is closed only after Pleo has listed every item as final (K1); what stays unknown leaves it open.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

from pleoctl.errors import Finding, Interrupted, LockHeld, PleoctlError, Refused, Stale
from pleoctl.jobs.age import LastUpdate
from pleoctl.jobs.booking import BookingContext, Bookkeeper
from pleoctl.jobs.close import ending
from pleoctl.jobs.genuine import compare, require_own_words
from pleoctl.jobs.items import open_items, read_items
from pleoctl.jobs.receipt import ItemError, ItemResult, JobEnd, JobOutcome, JobReceipt
from pleoctl.jobs.report import AGAIN, Statuses
from pleoctl.jobs.steps import Close, JobOver, Start
from pleoctl.jobs.used import Used
from pleoctl.jobs.verdict import Judge
from pleoctl.machine import this_machine, timestamp
from pleoctl.remote.errors import LostAnswer
from pleoctl.remote.transport import Counts
from pleoctl.run.folder import open_run
from pleoctl.run.journal import JournalError
from pleoctl.run.meant import Aim, require_meant
from pleoctl.run.places import plan_part, run_name
from pleoctl.run.settle import Ambiguous, Done, Moved, settle
from pleoctl.sinks.base import BooksUnusable
from pleoctl.watch import watched
from pleoctl.words import spoken

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.fetch import Fetcher
    from pleoctl.jobs.items import Listed
    from pleoctl.jobs.memory import JobMemory
    from pleoctl.jobs.plan import Books, Mapper
    from pleoctl.pleo.export_jobs import ExportJob, ExportWriter, JobItem
    from pleoctl.run.journal import Event, Journal
    from pleoctl.run.settle import End, Step
    from pleoctl.run.shared import Runs

LOG: Final = logging.getLogger(__name__)
BOOKED: Final = frozenset({"done", "alreadyDone"})
EXPORT_AGAIN: Final = (
    "export again in Pleo what is not booked; what stands in the books is found then, not booked twice"
)
PATIENCE: Final = 300.0
"""Seconds for which books that cannot be reached are tried again."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """What one run works with: ``runs`` are the company's, ``publish`` puts the books where others are.

    Of Pleo's requests those ``before`` were made for other jobs.
    """

    plan: PostingPlan
    pleo: ExportWriter
    books: Books
    mapper: Mapper
    fetcher: Fetcher
    memory: JobMemory
    runs: Runs
    stop: threading.Event
    publish: Callable[[], None]
    take_over: bool = False
    before: Counts = field(default_factory=Counts)


def apply_job(
    run: JobRun,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    listen: Callable[[dict[str, Any]], None] = lambda _event: None,
) -> JobReceipt:
    """Carry out a plan that `check_posting_plan` let pass; the receipt says how, and is kept in the run's folder.

    Raises `LockHeld` where another runner works on the job, and `PleoctlError` while nothing has been sent.
    """
    receipt = _receipt(run.plan)
    folder = open_run(run.runs, receipt.run_id, run.plan.bytes)
    receipt.tell(*folder.findings)
    journal = folder.journal(listen)
    try:
        _Execution(run, receipt, journal, progress).go()
    finally:
        _booked(run.plan, receipt).remember(run.memory.folder)
        journal.close()
        run.fetcher.close(over=receipt.job.outcome != "open")
        counts = run.pleo.counts.after(run.before)
        receipt.requests = {"read": counts.read, "write": counts.write, "retries": counts.retries}
        receipt.finished_at = timestamp()
        folder.keep(receipt)
        _note(receipt)
    return receipt


def _note(receipt: JobReceipt) -> None:
    watched().finished(receipt.outcome, (("item", change.action, change.status) for change in receipt.changes))


def _booked(plan: PostingPlan, receipt: JobReceipt) -> Used:
    """What the entries use that stand in the books now."""
    pairs = zip(plan.changes, receipt.changes, strict=True)
    return Used.by(change.entry for change, result in pairs if change.entry and result.status in BOOKED)


def refuse_job(plan: PostingPlan, runs: Runs, error: Refused) -> JobReceipt:
    """The run of a plan that `check_posting_plan` did not let pass: its receipt says so, and nothing is sent."""
    receipt = _receipt(plan)
    receipt.outcome, receipt.finished_at = "refused", receipt.started_at
    receipt.requests = {"read": 0, "write": 0, "retries": 0}
    receipt.tell(*error.findings)
    with suppress(PleoctlError):
        open_run(runs, receipt.run_id, plan.bytes).keep(receipt, alone=False)
    _note(receipt)
    return receipt


def _receipt(plan: PostingPlan) -> JobReceipt:
    """The receipt of a run that begins now."""
    results = [ItemResult(change.address, change.action) for change in plan.changes]
    name = run_name(plan_part(plan.id))
    watched().plan, watched().run = plan.id, name
    return JobReceipt(plan.id, name, plan.company, plan.url, JobOutcome(plan.job.id), results, timestamp())


class _StepReporter:
    """Hears of one step: writes the journal, keeps how each part ended."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.ends: dict[str, End] = {}

    def sending(self, step: Step[str], ids: Sequence[str]) -> None:
        """Journal it first."""
        self._journal.write("sent", ids, step=type(step).__name__)

    def ended(self, part: str, end: End) -> None:
        """Keep how a part ended."""
        self.ends[part] = end
        event: Event = "confirmed" if isinstance(end, Done) else "failed"
        event = "ambiguous" if isinstance(end, Ambiguous) else event
        # The end stands in the receipt; where the journal stays full, nothing more is sent.
        with suppress(JournalError):
            self._journal.write(event, [part])

    def goes_on(self, step: Step[str]) -> bool:
        """Whatever follows from a booking is carried out."""
        _ = step
        return True


class _Execution:
    """One run."""

    def __init__(
        self, run: JobRun, receipt: JobReceipt, journal: Journal, progress: Callable[[int, int], None]
    ) -> None:
        self._run, self._receipt, self._journal, self._progress = run, receipt, journal, progress
        self._results = {result.item: result for result in receipt.changes}
        self._job = run.plan.job.id
        self._closed = False
        self._trouble: PleoctlError | None = None
        self._last = LastUpdate()
        self._statuses = Statuses(run.pleo, self._job, self._settle, run.publish, self._last)
        judge = Judge(run.books.sink, run.plan.posting, run.plan.company, run.books.past.elsewhere)
        past, flush = run.books.past, self._statuses.flush
        context = BookingContext(judge, self._job, run.fetcher, run.memory, past, self._last, flush)
        self._keeper = Bookkeeper(context, self._settle)

    def _settle(self, step: Step[str]) -> dict[str, End]:
        """The ends of a step's parts. What came up when all had one ends the run before the next step."""
        if self._trouble is not None:
            raise self._trouble
        reporter = _StepReporter(self._journal)
        with watched().span(type(step).__name__.lower(), item=step.ids[0], count=len(step.ids)):
            try:
                settle(step, reporter, self._run.pleo.wait)
            except PleoctlError as error:
                if isinstance(error, LostAnswer) or not all(part in reporter.ends for part in step.ids):
                    raise
                self._trouble = error
        return reporter.ends

    # --- the run -----------------------------------------------------------------------------------------------

    def go(self) -> None:
        """Carry the plan out; whatever stops it is told in the receipt. Raises `LockHeld` before anything is sent."""
        try:
            self._check_heads()
            job, items = self._fresh()
            self._start(job)
        except Stale as error:
            self._end("stale", error)
        except Interrupted as error:
            self._end("interrupted", error)
        except LockHeld as error:
            self._end("refused", error)
            raise
        except PleoctlError as error:
            self._end("partial", error)
        else:
            self._work(job, items)

    def _end(self, outcome: Any, error: PleoctlError) -> None:
        self._receipt.outcome = outcome
        self._receipt.tell(*error.findings)

    def _work(self, job: ExportJob, items: list[Listed]) -> None:
        try:
            self._ready(job)
            self._items(items)
            self._statuses.flush()
            self._close()
        except JobOver as error:
            self._receipt.tell(*error.findings)
            self._look_how_it_ended()
        except PleoctlError as error:
            self._receipt.tell(*error.findings)
        except Exception as error:
            # Even a bug must not cost the receipt of what was booked.
            LOG.debug("the run ended with a bug", exc_info=error)
            self._receipt.tell(Finding.of_bug(error))
        finally:
            self._statuses.close()
        self._receipt.tell(*self._statuses.findings)
        if not self._closed or self._receipt.job.outcome != "completed":
            stopped = self._run.stop.is_set() and self._receipt.job.outcome == "open"
            self._receipt.outcome = "interrupted" if stopped else "partial"

    def _look_how_it_ended(self) -> None:
        """A job that was over before we closed it: expired, cancelled, or closed by somebody else."""
        with suppress(PleoctlError):
            self._receipt.job.outcome = _end_of(self._run.pleo.job(self._job))

    def _over(self, job: ExportJob) -> Stale:
        """What there is to say of a job that was over before this run: its items are told as Pleo has them."""
        self._receipt.job.outcome = _end_of(job)
        with suppress(PleoctlError):
            for item in self._run.pleo.job_items(job.id):
                if item.id in self._results:
                    _already(self._results[item.id], item)
        all_done = all(result.status == "alreadyDone" for result in self._results.values())
        hint = "the plan is carried out: all is booked and reported" if all_done else EXPORT_AGAIN
        return Stale(f"export job {job.id} is {spoken(job.status)}", hint=hint)

    def _check_heads(self) -> None:
        """Raise `Stale` where rules, sink or settings are no longer what the plan was made with."""
        plan = self._run.plan
        for what, theirs, mine in (
            ("the mapping rules are", plan.rules.digest, self._run.mapper.head.digest),
            ("the sink is", plan.sink, self._run.books.head),
            ("posting is", plan.posting, self._run.books.posting),
        ):
            if theirs != mine:
                raise Stale(f"{what} no longer what the plan was made with", hint="make a new plan")

    def _fresh(self) -> tuple[ExportJob, list[Listed]]:
        """The job and its items, as the plan saw them. Raises `Stale`, `LockHeld`."""
        job = self._run.pleo.job(self._job)
        if not job.is_open:
            raise self._over(job)
        if job.status == "in_progress" and not (self._run.memory.started or self._run.take_over):
            raise LockHeld(
                f"export job {job.id} is being worked on, and not from this workspace",
                hint="if nobody else works on it: --take-over, or jobs: {takeOver: true} in the workspace",
            )
        items = read_items(self._run.pleo, job)
        compare(items, self._run.plan)
        require_own_words(items, self._run.plan, self._run.mapper.engine.entry)
        return job, items

    def _start(self, job: ExportJob) -> None:
        if job.status != "pending":
            self._last.of(job)
            return
        self._run.memory.remember_start()
        end = self._settle(Start(self._run.pleo, self._job))[self._job]
        if not isinstance(end, Done):
            raise Stale(f"export job {self._job} could not be started: {end.message}")
        self._last.again()

    def _ready(self, job: ExportJob) -> None:
        """Readiness with back-off (V1-V6); a job that this run started is failed where nothing of it is booked."""
        pause, deadline = 1.0, this_machine().monotonic() + PATIENCE
        while True:
            try:
                self._run.books.sink.check()
            except BooksUnusable as error:
                if this_machine().monotonic() + pause < deadline and not self._run.stop.is_set():
                    LOG.warning("the books cannot be used yet, trying again in %.0f s: %s", pause, error.message)
                    this_machine().wait(self._run.stop, pause)
                    pause = min(pause * 2, 60.0)
                    continue
                if job.status == "pending" and self._run.plan.summary.report == 0 and not self._run.stop.is_set():
                    self._settle(Close(self._run.pleo, self._job, "failed", (error.reason_type, error.message)))
                    self._receipt.job.outcome = "failed"
                raise
            return

    def _items(self, items: Sequence[Listed]) -> None:
        for item in items:
            if not item.tracking.is_open and item.id in self._results:
                _already(self._results[item.id], item.tracking)
        waiting = list(open_items(items))
        for number, (item, outcome) in enumerate(
            self._keeper.outcomes(waiting, self._run.plan.by_item, self._run.stop), 1
        ):
            outcome.enter(self._results[item.id])
            self._statuses.add(item.id, self._results[item.id])
            self._statuses.before_the_next()
            self._progress(number, len(waiting))

    def _close(self) -> None:
        """One closing event, after the items have been listed once more and all are final (K1)."""
        if self._run.stop.is_set() or any(result.reported is None for result in self._results.values()):
            return
        listed = self._run.pleo.job_items(self._job)
        if any(item.is_open for item in listed):
            return
        event, reason = ending(listed)
        end = self._settle(Close(self._run.pleo, self._job, event, reason))[self._job]
        if isinstance(end, Done):
            self._closed, self._receipt.job.outcome = True, event
        else:
            if isinstance(end, Moved):
                self._look_how_it_ended()
            words = f"the job could not be closed: {end.message}"
            self._receipt.tell(Finding("job-open", words, "warning", hint=AGAIN))


def _end_of(job: ExportJob) -> JobEnd:
    return next((end for end in get_args(JobEnd) if end == job.status), "open")


def _already(result: ItemResult, tracking: JobItem) -> None:
    """An item that Pleo has as final since the plan was made, or that it gave up with its job."""
    good = tracking.status == "successful"
    if not good and tracking.status != "failed":
        result.error = ItemError("job-over", f"Pleo has it as {spoken(tracking.status)}, no outcome was reported")
        return
    result.status, result.reported = ("alreadyDone", "successful") if good else ("failed", "failed")
    result.external_id, result.external_url = tracking.external_id, tracking.external_url
    if not good:
        result.error = ItemError(tracking.reason_type or "unknown", tracking.reason or "reported before this run")


def check_posting_plan(plan: PostingPlan, company: str, url: str, expected: str | None = None) -> None:
    """Raise `Refused` unless this workspace may apply this plan."""
    require_meant(plan.id, Aim(plan.company, plan.url), Aim(company, url), expected)
