"""A company's export jobs, in rounds: what `jobs run` and a fleet do with each job that waits."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pleoctl.errors import PleoctlError, Refused
from pleoctl.fleet.company import locked
from pleoctl.jobs.apply import apply_job
from pleoctl.jobs.queue import eligible, fail_job
from pleoctl.jobs.session import JobSession
from pleoctl.pleo.connecting import connected
from pleoctl.pleo.export_jobs import ExportReader, ExportWriter, MissingContraAccounts

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from pleoctl.fleet.caller import Caller
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.pleo.export_jobs import ExportJob
    from pleoctl.remote.transport import Counts
    from pleoctl.run.shared import Runs
    from pleoctl.workspace import Workspace


def reviewed(workspace: Workspace) -> Workspace:
    """The workspace, if its plans need no review. Raises `Refused`."""
    if workspace.settings.posting.require_review:
        raise Refused("posting.requireReview is set: a person looks at each plan", hint="pleoctl jobs plan -o FILE")
    return workspace


@dataclass(slots=True)
class JobRounds:
    """Works on the jobs that wait, as ``take_over`` and ``again`` say. ``trouble`` is what ended the last round early.

    ``waiting`` are the jobs that it found, by id with the time at which they were made, without those that it closed.
    """

    workspace: Workspace
    caller: Caller
    take_over: bool = False
    again: bool = False
    trouble: PleoctlError | None = None
    waiting: dict[str, str] = field(default_factory=dict)

    def round(self, wanted: tuple[str, ...] = (), *, peek: bool = False) -> Iterator[JobReceipt]:
        """Each job that waits, planned and applied under one lock; ``peek``: the lock only where there is one."""
        self.trouble = None
        try:
            if peek and not self._any(wanted):
                return
            yield from self._jobs(wanted)
        except PleoctlError as error:
            self.trouble = error

    def try_open(self) -> None:
        """Raise `InvalidFile` or `Refused` where the books or the rules cannot be opened; nobody is asked."""
        JobSession.of(self.workspace).close()

    def _any(self, wanted: tuple[str, ...]) -> bool:
        with connected(self.workspace, ExportReader, self.caller.stop) as pleo:
            return bool(eligible(pleo, wanted))

    def _jobs(self, wanted: tuple[str, ...]) -> Iterator[JobReceipt]:
        with (
            locked(self.workspace, "jobs run", self.caller.patience, self.caller.stop) as runs,
            closing(JobSession.of(self.workspace)) as session,
            self.caller.writing() as stop,
            connected(self.workspace, ExportWriter, stop) as pleo,
        ):
            jobs = eligible(pleo, wanted)
            looked = pleo.counts.read - max(len(wanted) - 1, 0)
            self.waiting = {job.id: job.created for job in jobs}
            for job in jobs:
                if stop.is_set():
                    return
                receipt = self._job(RoundContext(session, pleo, runs, stop, pleo.counts.before(looked)), job)
                if receipt.job.outcome != "open":
                    del self.waiting[job.id]
                yield receipt

    def _job(self, context: RoundContext, job: ExportJob) -> JobReceipt:
        session, pleo = context.session, context.pleo
        try:
            made = session.plan(pleo, job, before=context.before, again=self.again)
        except MissingContraAccounts as error:
            fail_job(pleo, job, session.memory(job.id), ("invalid_configuration", error.message))
            raise
        run = session.run(made, pleo, context.runs, context.stop, take_over=self.take_over)
        return apply_job(dataclasses.replace(run, before=context.before))


@dataclass(frozen=True, slots=True)
class RoundContext:
    """What a round works with; the requests ``before`` are those of other jobs."""

    session: JobSession
    pleo: ExportWriter
    runs: Runs
    stop: threading.Event
    before: Counts
