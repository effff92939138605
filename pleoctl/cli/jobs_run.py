"""``pleoctl jobs run``: each export job that waits, once or for as long as nobody says stop."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import after_round, as_command, lock_timeout_option, open_workspace, seconds
from pleoctl.cli.door import tell, tell_findings
from pleoctl.cli.job_id import JOB_ID
from pleoctl.errors import ExitCode, UsageError, worst
from pleoctl.text import Shown
from pleoctl.words import spoken, tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.cli.signals import Stop
    from pleoctl.errors import Finding
    from pleoctl.fleet.jobs import JobRounds
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.workspace import Workspace

    F = TypeVar("F", bound=Callable[..., Any])

LATEST: Final = 1000
"""How many jobs a service that ends tells of as JSON."""


def run_options(function: F) -> F:
    """``--take-over`` and ``--lock-timeout``."""
    take_over = click.option(
        "--take-over", is_flag=True, help="Go on with a job that was not started from this workspace."
    )
    return take_over(lock_timeout_option(function))


book_again_option = click.option(
    "--book-again", is_flag=True, help="Book what an earlier run sent into the books of another `sink`."
)


@as_command("run", parent="jobs")
@click.argument("jobs", type=JOB_ID, nargs=-1, metavar="[JOB]...")
@click.option("--watch", metavar="DURATION", help="Go on, and look for jobs this often, e.g. 5m.")
@book_again_option
@run_options
def run(
    options: Options,
    *,
    jobs: tuple[str, ...],
    watch: str | None,
    book_again: bool,
    take_over: bool,
    lock_timeout: str | None,
) -> Output:
    """Plan and apply each export job that is waiting.

    Oldest first, one at a time.
    Nobody reviews the plans; `posting: {requireReview: true}` in the workspace refuses this (exit 3).

    With --watch it goes on until a signal ends it, or until all JOBs are closed. It tells one line a job on standard
    error, and is quiet while there is none. After a trouble it looks again in 1, 2, 4 … minutes, at most 10.

    Examples:
    pleoctl jobs run
    pleoctl jobs run --watch 5m

    """
    from pleoctl.cli.applying import patience
    from pleoctl.cli.signals import stoppable

    every, wait = None if watch is None else interval(watch, "--watch"), patience(lock_timeout)
    if book_again and every is not None:
        raise UsageError("--book-again is no standing order", hint="run once with it, without --watch")
    with stoppable() as stop:
        runner = Runner.of(open_workspace(options), stop, wait, take_over=take_over, again=book_again)
        if every is None:
            return once(runner, jobs)
        runner.rounds.try_open()
        return Watch(runner, every, jobs, after=partial(after_round, options)).go()


def interval(text: str, option: str) -> float:
    """How often to look, in seconds. Raises `UsageError` for what would never rest."""
    given = seconds(text, option)
    if given < 1:
        raise UsageError(f"{option} {text} leaves no pause", hint="one second at least; minutes are usual")
    return given


class Runner(NamedTuple):
    """Works on a workspace's jobs in rounds, until somebody says stop."""

    rounds: JobRounds
    stop: Stop

    @classmethod
    def of(cls, workspace: Workspace, stop: Stop, wait: float, *, take_over: bool, again: bool = False) -> Runner:
        """One that waits so many seconds for the lock. Raises `Refused` where a person must review the plans."""
        from pleoctl.fleet.caller import Caller
        from pleoctl.fleet.jobs import JobRounds, reviewed

        return cls(JobRounds(reviewed(workspace), Caller(stop.event, wait), take_over, again), stop)


def once(runner: Runner, jobs: tuple[str, ...]) -> Output:
    """One round; what ended it early is told beside the jobs that were carried out by then, and raised without any."""
    from pleoctl.report.posting_text import job_receipt_text

    receipts = list(runner.rounds.round(jobs))
    trouble, stop = runner.rounds.trouble, runner.stop
    if trouble is not None and not receipts and stop.code is None:
        raise trouble
    output = Output(Shown("", *map(job_receipt_text, receipts)), [receipt.brief for receipt in receipts])
    if not receipts and trouble is None:
        output.text = Shown.lines(["There is no export job."])
    output.findings = [finding for receipt in receipts for finding in receipt.told]
    codes = [receipt.exit_code for receipt in receipts]
    if trouble is not None:
        output.findings += trouble.findings
        codes.append(trouble.exit_code)
    output.exit_code = stop.code or worst(codes)
    return output


@dataclass(slots=True)
class Watch:
    """Rounds until somebody says stop, or until the jobs that were named are closed.

    A workspace that cannot be worked with ends the first round with its own error (before it, books and rules were
    tried), so that a service that is set up wrongly does not start; later the same is waited out like any other
    trouble, since somebody may be at it. ``after`` is told of each round.
    """

    runner: Runner
    every: float
    jobs: tuple[str, ...] = ()
    codes: dict[str, ExitCode] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    done: deque[dict[str, Any]] = field(default_factory=partial(deque, maxlen=LATEST))
    after: Callable[[Output], object] = field(default=lambda _round: None)

    def go(self) -> Output:
        """Watch. Raises what makes the first round impossible."""
        from pleoctl.jobs.pace import Pace
        from pleoctl.machine import this_machine

        pace, stop, first = Pace(self.every), self.runner.stop, True
        while not stop.event.is_set():
            well = self._round(first=first)
            first = False
            findings = self.runner.rounds.trouble.findings if self.runner.rounds.trouble else []
            self.after(Output(findings=findings, exit_code=ExitCode.OK if well else ExitCode.PARTIAL))
            if self.jobs and not self._left():
                return self._output(worst(self.codes.values()))
            this_machine().wait(stop.bell, pace.after(well=well))
            if not stop.event.is_set():
                stop.bell.clear()
        return self._output(ExitCode.OK)

    def _output(self, code: ExitCode) -> Output:
        """What the latest jobs came to; text told it line by line."""
        return Output(data=list(self.done), exit_code=self.runner.stop.code or code)

    def _left(self) -> tuple[str, ...]:
        """The jobs that were named and are not known to be closed."""
        return tuple(job for job in self.jobs if job not in self.codes)

    def _round(self, *, first: bool) -> bool:
        """Whether all went well."""
        well = True
        for receipt in self.runner.rounds.round(self._left(), peek=True):
            is_open = receipt.job.outcome == "open"
            well = well and not is_open
            if not is_open:
                self.codes = {**self.codes, receipt.job.id: receipt.exit_code} if self.jobs else {}
            self.done.append(receipt.brief)
            tell(Shown.lines([_line(receipt)]))
        trouble = self.runner.rounds.trouble
        if trouble is None:
            self._recovered()
            return well
        if first and trouble.exit_code in {ExitCode.REFUSED, ExitCode.INVALID, ExitCode.STALE}:
            raise trouble
        if not self.runner.stop.event.is_set():
            self._tell(trouble.findings)
        return False

    def _tell(self, findings: list[Finding]) -> None:
        """Say what is wrong, once for as long as it stays the same."""
        if (words := list(map(str, findings))) != self.told:
            tell_findings(findings)
            self.told = words

    def _recovered(self) -> None:
        if self.told:
            tell(Shown.lines(["Pleo and the books can be worked with again"]))
            self.told = []


def _line(receipt: JobReceipt) -> str:
    """A job in one line, with where to read more if it did not go well."""
    line = f"job {receipt.job.id}: {spoken(receipt.job.outcome)} ({tally(receipt.counts()) or 'no items'})"
    if receipt.job.outcome == "completed":
        return line
    if receipt.job.outcome != "open":
        return f"{line}; see run {receipt.run_id}"
    why = [finding.message for finding in receipt.told]
    why += [change.error.message for change in receipt.changes if change.error and change.reported is None]
    words = f": {why[0]}" if why else ""
    return f"error: {line}{words}; see run {receipt.run_id}"
