"""Apply a plan: refuse what must be refused, lock, re-read, write, verify, leave a receipt."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.apply.cascade import restore_tags
from pleoctl.apply.executor import Executor
from pleoctl.apply.fresh import Fresh, FreshCheck
from pleoctl.apply.kinds import AccountApi, GroupApi, KindApi, TagApi
from pleoctl.apply.resolve import Resolver
from pleoctl.documents.files import write_atomically
from pleoctl.errors import Finding, PleoctlError, Refused
from pleoctl.machine import this_machine
from pleoctl.plan.guard import check_guard
from pleoctl.run.journal import Journal
from pleoctl.run.receipt import PROBLEMS, Outcome, Receipt, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from pleoctl.plan.artifact import Plan
    from pleoctl.pleo.writer import PleoWriter
    from pleoctl.workspace import Workspace

RUN_FILES: Final = ("plan.json", "journal.jsonl", "receipt.json")


@dataclass(slots=True)
class Applied:
    """A finished run: its receipt and what made it stop, where something did."""

    receipt: Receipt
    findings: list[Finding] = field(default_factory=list)
    folder: Path | None = None


def check_plan(plan: Plan, workspace: Workspace, expected: str | None = None) -> None:
    """Raise `Refused` unless this workspace may apply this plan."""
    if expected is not None and plan.id != expected:
        raise Refused(f"the plan's id is {plan.id}, not {expected}", hint="it is not the plan that was reviewed")
    for name, mine in (("company", workspace.company), ("url", workspace.url)):
        theirs = str(plan.body[name])
        if theirs.lower().rstrip("/") != mine.lower():
            raise Refused(f"the plan is for {name} {theirs}, this workspace is for {mine}")
    if not plan.guard_passed:
        raise Refused("the plan's guard did not pass", hint="make a new plan; `pleoctl show` names the findings")
    guard = check_guard(
        plan.changes, plan.body.get("context", {}).get("active", {}), workspace.guard, plan.acknowledged
    )
    if not guard.passed:
        raise Refused("this workspace's guard refuses the plan", findings=guard.findings)


def apply_plan(
    plan: Plan,
    workspace: Workspace,
    pleo: PleoWriter,
    *,
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    listen: Callable[[dict[str, Any]], None] = lambda _event: None,
) -> Applied:
    """Carry out a plan that `check_plan` let pass, under a lock that the caller holds.

    ``progress`` is told finished and all changes, ``listen`` the run's start, each line of its journal and its end.
    Raises `PleoctlError` only while nothing has been written.
    """
    run = _Run(plan, workspace, pleo, stop or threading.Event(), progress, listen)
    return run.go()


def refuse_plan(plan: Plan, workspace: Workspace, error: Refused) -> Applied:
    """The run of a plan that `check_plan` did not let pass: a folder and a receipt that say so, and nothing sent."""
    started = _now()
    results = [Result(change) for change in plan.changes]
    receipt = Receipt(
        plan.id,
        _run_id(plan, started),
        workspace.company,
        workspace.url,
        "refused",
        _iso(started),
        _iso(started),
        results,
    )
    folder = workspace.runs / receipt.run_id
    with suppress(PleoctlError):
        _open_folder(folder, plan)
        write_atomically(folder / RUN_FILES[2], receipt.bytes, mode=0o600)
    return Applied(receipt, error.findings, folder)


class _Run:
    def __init__(
        self, plan: Plan, workspace: Workspace, pleo: PleoWriter, stop: threading.Event,
        progress: Callable[[int, int], None], listen: Callable[[dict[str, Any]], None],
    ) -> None:  # fmt: skip
        self._plan, self._pleo, self._stop = plan, pleo, stop
        self._progress, self._listen = progress, listen
        self._finished = 0
        self._findings: list[Finding] = []
        self._lock = threading.Lock()
        self._accounts = AccountApi(pleo)
        self._apis: dict[str, KindApi] = {
            "account": self._accounts, "tagGroup": GroupApi(pleo), "tag": TagApi(pleo),
        }  # fmt: skip
        started = _now()
        self._receipt = Receipt(
            plan.id, _run_id(plan, started), workspace.company, workspace.url, "done", _iso(started)
        )
        self._folder = workspace.runs / self._receipt.run_id

    def go(self) -> Applied:
        _open_folder(self._folder, self._plan)
        journal = Journal(self._folder / RUN_FILES[1], self._listen)
        receipt = self._receipt
        self._listen({"at": receipt.started, "event": "started", "runId": receipt.run_id, "planId": receipt.plan_id,
                      "changes": len(self._plan.changes)})  # fmt: skip
        try:
            fresh = FreshCheck(self._apis, self._plan.changes).run()
            if fresh.stale:
                return self._finish("stale", list(fresh.results.values()), fresh.stale)
            self._write(fresh, journal)
            return self._finish(self._outcome(fresh), list(fresh.results.values()))
        except Refused as error:
            return self._finish("refused", [Result(change) for change in self._plan.changes], error.findings)
        finally:
            journal.close()

    def _write(self, fresh: Fresh, journal: Journal) -> None:
        resolver = Resolver(self._pleo.wait)
        self._finished = sum(r.status != "notAttempted" for r in fresh.results.values())
        executor = Executor(self._pleo, self._apis, self._accounts, fresh, journal, resolver, self._stop, self._advance)
        executor.run(self._plan.changes)
        self._findings += executor.findings
        if executor.halted or self._stop.is_set():
            return
        try:
            restore_tags(self._pleo, self._apis["tag"], fresh, journal)
            resolver.verify(self._apis, fresh.results.values())
        except PleoctlError as error:
            # Everything was confirmed by Pleo's own answers; only the second look failed.
            words = f"what was written could not be read again: {error.message}"
            self._findings.append(Finding("not-verified", words, "warning"))

    def _advance(self) -> None:
        with self._lock:
            self._finished += 1
            self._progress(self._finished, len(self._plan.changes))

    def _outcome(self, fresh: Fresh) -> Outcome:
        statuses = {result.status for result in fresh.results.values()}
        if "notAttempted" in statuses and self._stop.is_set():
            return "interrupted"
        return "partial" if statuses & {*PROBLEMS, "notAttempted"} else "done"

    def _finish(self, outcome: Outcome, results: list[Result], findings: list[Finding] | None = None) -> Applied:
        receipt, counts = self._receipt, self._pleo.counts
        receipt.outcome, receipt.results, receipt.finished = outcome, results, _iso(_now())
        receipt.requests = {"read": counts.read, "write": counts.write, "retries": counts.retries}
        with suppress(PleoctlError):
            # The outcome itself must reach the caller even if the disk is full by now.
            write_atomically(self._folder / RUN_FILES[2], receipt.bytes, mode=0o600)
        self._listen({"at": receipt.finished, "event": "finished", "runId": receipt.run_id, "outcome": outcome,
                      "counts": dict(receipt.counts())})  # fmt: skip
        return Applied(receipt, [*(findings or []), *self._findings], self._folder)


def _run_id(plan: Plan, started: datetime) -> str:
    return f"{started.strftime('%Y%m%dT%H%M%S%f')}-{plan.id[7:15]}-{this_machine().token(2)}"


def _open_folder(folder: Path, plan: Plan) -> None:
    try:
        folder.mkdir(parents=True, mode=0o700)
        ignore = folder.parent.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        words = f"the run's folder cannot be made ({error.strerror}); nothing was sent to Pleo"
        raise PleoctlError(words) from error
    write_atomically(folder / RUN_FILES[0], plan.bytes, mode=0o600)


def _now() -> datetime:
    return this_machine().now()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
