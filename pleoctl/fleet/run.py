"""A command for many companies on this machine, and its receipt beside fleet.yaml."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import write_atomically
from pleoctl.errors import Finding, PleoctlError
from pleoctl.fleet.book import Last
from pleoctl.fleet.books import book_of
from pleoctl.fleet.caller import Caller
from pleoctl.fleet.confine import unconfined
from pleoctl.fleet.crew import Crew, How
from pleoctl.fleet.receipt import CompanyResult, FleetReceipt
from pleoctl.fleet.work import work
from pleoctl.machine import this_machine, timestamp
from pleoctl.run.places import ignore, run_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pleoctl.fleet.fleet import Fleet, Opened
    from pleoctl.fleet.work import Task

# A fleet's receipt is written anew at most this often while its run goes on.
_WRITE_SECONDS: Final = 5.0
KEPT: Final = 200
"""Receipts of fleets that are kept; each company's own are kept all."""


def worker(fleet: Fleet, task: Task, how: How) -> Callable[[Opened], CompanyResult]:
    """What does a task for a company."""
    if how.isolation == "process":
        from pleoctl.fleet.child import in_child

        return partial(in_child, fleet, task, how)
    return partial(work, task, caller=Caller(how.stop, how.patience, how.approvers))


def told_before(how: How) -> list[Finding]:
    """What people must know before companies are worked on: that nothing keeps their processes apart."""
    found = unconfined() if how.isolation == "process" else None
    return [] if found is None else [found]


@dataclass(slots=True)
class FleetRun:
    """One command for some companies of a fleet; ``findings`` tell what could not be kept of it."""

    fleet: Fleet
    task: Task
    how: How
    findings: list[Finding] = field(default_factory=list)

    def go(self, companies: Sequence[Opened], progress: Callable[[int, int], None]) -> FleetReceipt:
        """The receipt, whose companies are in the order of their paths."""
        receipt = FleetReceipt(
            run_id=run_name(self.task.command), command=self.task.command, companies=[], started_at=timestamp()
        )
        going = {
            one.company.path: CompanyResult(path=one.company.path, company=one.id, outcome="waiting")
            for one in companies
        }
        written = this_machine().monotonic()
        self.findings += told_before(self.how)
        work = worker(self.fleet, self.task, self.how)

        def begun(one: Opened) -> CompanyResult:
            going[one.company.path].outcome = "running"
            return work(one)

        crew = Crew(begun, self.how.concurrency, self.how.stop)
        progress(0, len(companies))
        for number, result in enumerate(crew.results(companies), 1):
            going[result.path] = result
            progress(number, len(companies))
            if this_machine().monotonic() - written > _WRITE_SECONDS:
                receipt.companies = list(going.values())
                self._write(receipt)
                written = this_machine().monotonic()
        receipt.companies, receipt.finished_at = list(going.values()), timestamp()
        return receipt

    def keep(self, receipt: FleetReceipt) -> None:
        """Keep the receipt, and each company's last run."""
        self._write(receipt)
        runs = [
            Last(command=receipt.command, run_id=receipt.run_id, finished_at=receipt.finished_at, result=result)
            for result in receipt.companies
        ]
        try:
            book_of(self.fleet).note(runs)
        except PleoctlError as error:
            self._lost("`fleet status` does not know of this run", error)
        with suppress(OSError):
            for old in fleet_receipts(self.fleet)[KEPT:]:
                old.unlink(missing_ok=True)

    def _write(self, receipt: FleetReceipt) -> None:
        try:
            self.fleet.folder.parent.mkdir(mode=0o700, exist_ok=True)
            ignore(self.fleet.folder.parent)
            write_atomically(self.fleet.folder / f"{receipt.run_id}.json", receipt.bytes, mode=0o600)
        except (PleoctlError, OSError) as error:
            self._lost("the fleet's receipt is not kept", error)

    def _lost(self, what: str, error: Exception) -> None:
        told = Finding("not-written", f"{what}: {error}")
        if told not in self.findings:
            self.findings.append(told)


def fleet_receipts(fleet: Fleet) -> list[Path]:
    """The receipts of the fleet's runs, newest first."""
    return sorted(fleet.folder.glob("[0-9]*.json"), reverse=True)
