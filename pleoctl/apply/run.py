"""Apply a plan: refuse what must be refused, lock, re-read, write, verify, leave a receipt."""

from __future__ import annotations

import logging
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.apply.cascade import Staying, restore_tags
from pleoctl.apply.executor import Executor
from pleoctl.apply.freed import take_back
from pleoctl.apply.fresh import Fresh, FreshCheck
from pleoctl.apply.ledger import Ledger
from pleoctl.apply.steps import StepContext
from pleoctl.apply.verify import hear_again, verify
from pleoctl.errors import Finding, Interrupted, PleoctlError, Refused, RemoteError
from pleoctl.machine import this_machine, timestamp
from pleoctl.plan.guard import check_guard
from pleoctl.pleo.kinds import KindApis
from pleoctl.run.doubts import wait_out
from pleoctl.run.folder import open_run
from pleoctl.run.kept import carried_out_by
from pleoctl.run.meant import Aim, require_meant
from pleoctl.run.places import plan_part, run_name
from pleoctl.run.receipt import PROBLEMS, Outcome, Receipt, Result
from pleoctl.run.shared import RECENT
from pleoctl.watch import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from pleoctl.plan.artifact import Plan
    from pleoctl.pleo.writer import PleoWriter
    from pleoctl.run.folder import RunFolder
    from pleoctl.run.journal import Journal
    from pleoctl.run.shared import Runs
    from pleoctl.workspace.settings import GuardLimits

LOG: Final = logging.getLogger(__name__)
UNDO: Final = "if it was to stay undone: `pleoctl undo` with the receipt of this run"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a plan is carried out: url and company, the guard that must let it pass, the company's runs."""

    url: str
    company: str
    guard: GuardLimits
    runs: Runs


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the caller says and hears while a run goes on.

    ``stop`` asks it to end; ``progress`` is told finished and all changes, ``listen`` the run's start, each line of its
    journal and its end.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[int, int], None] = lambda _done, _total: None
    listen: Callable[[dict[str, Any]], None] = lambda _event: None


def check_plan(plan: Plan, target: Target, expected: str | None = None) -> None:
    """Raise `Refused` unless this plan may be applied there."""
    require_meant(plan.id, Aim(plan.head.company, plan.head.url), Aim(target.company, target.url), expected)
    if not plan.guard_passed:
        raise Refused("the plan's guard did not pass", hint="make a new plan; `pleoctl show` names the findings")
    guard = check_guard(plan.changes, plan.active, target.guard, plan.acknowledged)
    if not guard.passed:
        raise Refused("this workspace's guard refuses the plan", findings=[told.finding for told in guard.findings])


def apply_plan(plan: Plan, target: Target, pleo: PleoWriter, hooks: Hooks) -> Receipt:
    """Carry out a plan that `check_plan` let pass, under a lock that the caller holds.

    Raises `PleoctlError` only while nothing has been written.
    """
    return _Run(plan, target, pleo, hooks).go()


def refuse_plan(plan: Plan, target: Target, error: Refused) -> Receipt:
    """The run of a plan that `check_plan` did not let pass: a folder and a receipt that say so, and nothing sent."""
    started = this_machine().now()
    results = [Result(change) for change in plan.changes]
    receipt = Receipt(
        plan.id,
        _run_id(plan, started),
        target.company,
        target.url,
        "refused",
        timestamp(started),
        timestamp(started),
        results,
        findings=error.findings,
    )
    with suppress(PleoctlError):
        open_run(target.runs, receipt.run_id, plan.bytes).keep(receipt, alone=False)
    _note(receipt)
    return receipt


class _Run:
    def __init__(self, plan: Plan, target: Target, pleo: PleoWriter, hooks: Hooks) -> None:
        self._plan, self._pleo, self._hooks = plan, pleo, hooks
        self._apis = KindApis(pleo)
        self._runs = target.runs
        self._staying = Staying(plan.staying, target.guard)
        started = this_machine().now()
        self._receipt = Receipt(plan.id, _run_id(plan, started), target.company, target.url, "done", timestamp(started))

    def go(self) -> Receipt:
        wait_out(self._runs.exchange(RECENT), self._hooks.stop)
        receipt = self._receipt
        folder = open_run(self._runs, receipt.run_id, self._plan.bytes)
        receipt.findings += folder.findings
        journal = folder.journal(self._hooks.listen)
        self._hooks.listen(
            {
                "at": receipt.started,
                "event": "started",
                "runId": receipt.run_id,
                "planId": receipt.plan_id,
                "changes": len(self._plan.changes),
            }
        )
        # The receipt vouches for the journal, which is whole once it is closed.
        with closing(journal):
            outcome, results = self._carried_out(journal)
        return self._finish(folder, outcome, results)

    def _carried_out(self, journal: Journal) -> tuple[Outcome, Iterable[Result]]:
        receipt = self._receipt
        try:
            fresh = FreshCheck(self._apis, self._plan.changes).run()
        except Interrupted:
            # Only before the first write: once one is out, reads are finished and writes end by themselves.
            return "interrupted", map(Result, self._plan.changes)
        except Refused as error:
            receipt.findings += error.findings
            return "refused", map(Result, self._plan.changes)
        if fresh.stale:
            receipt.findings += fresh.stale
            return "stale", fresh.results.values()
        self._tell_of_earlier(fresh)
        self._write(fresh, Ledger(fresh, journal, self._hooks.progress))
        return self._outcome(fresh), fresh.results.values()

    def _tell_of_earlier(self, fresh: Fresh) -> None:
        """That all of the plan was done before: somebody has taken it back, and may not expect that it comes again."""
        if all(result.status == "alreadyDone" for result in fresh.results.values()):
            return
        run = carried_out_by(self._plan.id, self._runs.places)
        if run is not None:
            words = f"run {run} ended with all of this plan done; Pleo is again as it was before, so it is done anew"
            self._receipt.findings.append(Finding("carried-out-anew", words, "warning", hint=UNDO))

    def _write(self, fresh: Fresh, ledger: Ledger) -> None:
        context = StepContext(self._apis, fresh, self._pleo.wait)
        executor = Executor(context, ledger, self._hooks.stop)
        try:
            executor.run(self._plan.changes)
            if self._hooks.stop.is_set():
                self._stopped(ledger)
            elif not executor.halted:
                self._verify(context, ledger, executor)
            elif not ledger.findings:
                # Whatever ended the run may keep this from being read as well.
                with suppress(RemoteError):
                    hear_again(self._apis, ledger, fresh)
        except PleoctlError as error:
            self._receipt.findings += error.findings
        except Exception as error:
            # Even a bug must not cost the receipt of what was written.
            LOG.debug("the run ended with a bug", exc_info=error)
            self._receipt.findings.append(Finding.of_bug(error))
        self._receipt.findings += ledger.findings

    def _stopped(self, ledger: Ledger) -> None:
        """Told where nothing else tells: all was sent, and nobody looked whether it shows, or what came along."""
        if all(result.status in {"done", "alreadyDone", "failed"} for result in ledger.results):
            words, hint = "the run was told to stop before it read again what it wrote", "apply the plan once more"
            self._receipt.findings.append(Finding("not-verified", words, "warning", hint=hint))

    def _verify(self, context: StepContext, ledger: Ledger, executor: Executor) -> None:
        try:
            # What waited for it may be denied in its turn; each round settles one change more at least.
            while hear_again(self._apis, ledger, context.fresh) and ledger.reopen():
                executor.run(self._plan.changes)
                if self._hooks.stop.is_set():
                    return self._stopped(ledger)
                if executor.halted:
                    hear_again(self._apis, ledger, context.fresh)
                    return self._stopped(ledger)
            self._receipt.findings += restore_tags(context, ledger, self._staying)
            self._receipt.findings += take_back(context, ledger, self._runs.places)
            # Nothing is written after this: room for the same records as they are now.
            context.fresh.forget()
            verify(self._apis, ledger, context.wait)
            ledger.verified()
        except PleoctlError as error:
            # Everything was confirmed by Pleo's own answers; only the second look failed.
            words = f"what was written could not be read again: {error.message}"
            hint = "apply the plan once more: what stands is seen and not done again"
            self._receipt.findings.append(Finding("not-verified", words, "warning", hint=hint))

    def _outcome(self, fresh: Fresh) -> Outcome:
        statuses = {result.status for result in fresh.results.values()}
        if "notAttempted" in statuses and self._hooks.stop.is_set():
            return "interrupted"
        return "partial" if statuses & {*PROBLEMS, "notAttempted"} else "done"

    def _finish(self, folder: RunFolder, outcome: Outcome, results: Iterable[Result]) -> Receipt:
        receipt, counts = self._receipt, self._pleo.counts
        receipt.outcome, receipt.results, receipt.finished = outcome, list(results), timestamp()
        receipt.requests = {"read": counts.read, "write": counts.write, "retries": counts.retries}
        # The outcome itself must reach the caller even if the disk is full by now.
        folder.keep(receipt)
        _note(receipt)
        self._hooks.listen(
            {
                "at": receipt.finished,
                "event": "finished",
                "runId": receipt.run_id,
                "outcome": outcome,
                "counts": dict(receipt.counts()),
            }
        )
        return receipt


def _run_id(plan: Plan, started: datetime) -> str:
    made = run_name(plan_part(plan.id), started)
    watched().plan, watched().run = plan.id, made
    return made


def _note(receipt: Receipt) -> None:
    ended = ((result.change.kind, result.change.action, result.status) for result in receipt.results)
    watched().finished(receipt.outcome, ended)
