"""What a fleet does for one of its companies: a command's action, and its end as a `CompanyResult`.

Nothing that a company does comes out of here as an exception: the others go on.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.documents.files import write_atomically
from pleoctl.errors import ExitCode, Finding, PleoctlError, Refused, worst
from pleoctl.fleet.receipt import Command, CompanyResult
from pleoctl.model.shape import Strict
from pleoctl.run.places import RECEIPT
from pleoctl.watch import watched, watching
from pleoctl.workspace.expiry import note_endings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pleoctl.fleet.caller import Caller
    from pleoctl.fleet.fleet import Opened
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt
    from pleoctl.workspace import Workspace

LOG: Final = logging.getLogger(__name__)
PLANS: Final = ".plan.json"


class Task(Strict):
    """A command for companies of a fleet; ``folder`` is where plans are saved or lie, ``root`` the fleet's own."""

    command: Command
    root: Path
    folder: Path | None = None
    detailed: bool = False
    plans: dict[str, str] | None = None
    """For `apply`: the plan's id by company path, as ``fleet.json`` says it."""


def work(task: Task, one: Opened, caller: Caller) -> CompanyResult:
    """Do it; whatever is raised is the company's own end."""
    result = CompanyResult(path=one.company.path, company=one.id)
    if one.workspace is None:
        return result.failed(one.error or PleoctlError("the workspace cannot be opened"))
    try:
        with watching() as watch:
            watch.command, watch.company = f"fleet {task.command}", one.id
            note_endings(one.workspace)
            return _with_endings(_ACTIONS[task.command](task, one.workspace, caller, result))
    except PleoctlError as error:
        return result.failed(error)
    except Exception as error:
        LOG.debug("%s ended with a bug", one.company.path, exc_info=error)
        return result.failed(error)


def _with_endings(result: CompanyResult) -> CompanyResult:
    """With the credentials that end soon, where there is anything to tell of the company."""
    if result.summary and (soon := watched().ending):
        result.summary["expiring"] = {" ".join(what): ending.date for what, ending in soon.items()}
    return result


def plan_file(company: str) -> str:
    """The name of a company's plan below the folder of a fleet's plans."""
    return f"{company}{PLANS}"


def _plan(task: Task, workspace: Workspace, caller: Caller, result: CompanyResult) -> CompanyResult:
    from pleoctl.fleet.planning import planned
    from pleoctl.plan.prepare import Choices

    made = planned(workspace, Choices(), caller)
    if task.folder is not None:
        write_atomically(task.folder / plan_file(workspace.company), made.bytes)
    _planned(result, made)
    if not made.guard_passed:
        return result.ended(ExitCode.REFUSED, [one.finding for one in made.head.guard.findings])
    return result.ended(ExitCode.CHANGES if task.detailed and made.changes else ExitCode.OK)


def _drift(_task: Task, workspace: Workspace, caller: Caller, result: CompanyResult) -> CompanyResult:
    from pleoctl.fleet.planning import drifted
    from pleoctl.plan.prepare import Choices

    made = drifted(workspace, Choices(), caller)
    _planned(result, made)
    result.plan_id = None
    return result.ended(ExitCode.CHANGES if made.changes else ExitCode.OK)


def _sync(task: Task, workspace: Workspace, caller: Caller, result: CompanyResult) -> CompanyResult:
    from pleoctl.fleet.company import synced
    from pleoctl.plan.prepare import Choices

    exported, made, receipt = synced(workspace, Choices(), caller)
    _planned(result, made)
    if receipt is None:
        return result.ended(ExitCode.REFUSED, [one.finding for one in made.head.guard.findings])
    _ran(task, workspace, result, receipt)
    return result.ended(_code(receipt), [*_problems(receipt), *exported.findings])


def _apply(task: Task, workspace: Workspace, caller: Caller, result: CompanyResult) -> CompanyResult:
    from pleoctl.documents.versions import Kept
    from pleoctl.fleet.company import Reviewed, applied
    from pleoctl.plan.approvals import signatures_beside
    from pleoctl.plan.artifact import plan_of

    if task.folder is None or task.plans is None or result.path not in task.plans:
        raise Refused("the folder holds no plan for this company", hint="pleoctl fleet plan -o DIR")
    file = task.folder / plan_file(workspace.company)
    kept = Kept.at(str(file))
    plan = plan_of(kept.content, kept.name)
    _planned(result, plan)
    receipt = applied(workspace, plan, caller, Reviewed(task.plans[result.path], signatures_beside(file)))
    _ran(task, workspace, result, receipt)
    return result.ended(_code(receipt), _problems(receipt))


def _jobs(task: Task, workspace: Workspace, caller: Caller, result: CompanyResult) -> CompanyResult:
    from pleoctl.fleet.jobs import JobRounds, reviewed

    if workspace.settings.sink is None and workspace.mapping is None:
        result.summary = {"jobs": []}  # a company whose expenses are not booked by pleoctl
        return result
    rounds = JobRounds(reviewed(workspace), caller)
    receipts = list(rounds.round())
    result.summary = {
        "jobs": [receipt.brief for receipt in receipts],
        "oldestOpen": min(rounds.waiting.values(), default=None),
    }
    if receipts:
        _kept(task, workspace, result, receipts[-1].run_id)
    codes: list[int] = [receipt.exit_code for receipt in receipts]
    findings = [finding for receipt in receipts for finding in (*_unbooked(receipt), *receipt.told)]
    if rounds.trouble is not None:
        codes.append(rounds.trouble.exit_code)
        findings += rounds.trouble.findings
    if caller.stop is not None and caller.stop.is_set() and rounds.waiting:
        codes.append(ExitCode.INTERRUPTED)
    return result.ended(worst(codes), findings)


_ACTIONS: Final[dict[Command, Callable[[Task, Workspace, Caller, CompanyResult], CompanyResult]]] = {
    "plan": _plan,
    "drift": _drift,
    "sync": _sync,
    "apply": _apply,
    "jobs": _jobs,
}


def _planned(result: CompanyResult, plan: Plan) -> None:
    whole: dict[str, Any] = msgspec.to_builtins(plan.head.summary)
    result.plan_id = plan.id
    result.summary = {name: number for name, number in whole.items() if name != "byKind"}


def _ran(task: Task, workspace: Workspace, result: CompanyResult, receipt: Receipt) -> None:
    result.summary = {**result.summary, "statuses": dict(sorted(receipt.counts().items()))}
    _kept(task, workspace, result, receipt.run_id)


def _kept(task: Task, workspace: Workspace, result: CompanyResult, run: str) -> None:
    """Where the receipt lies, relative to fleet.yaml."""
    found = (place / run / RECEIPT for place in workspace.runs)
    path = next((path for path in found if path.is_file()), None)
    result.receipt = None if path is None else os.path.relpath(path, task.root).replace(os.sep, "/")


def _code(receipt: Receipt) -> ExitCode:
    return ExitCode.INTERRUPTED if receipt.outcome == "interrupted" else receipt.exit_code


def _unbooked(receipt: JobReceipt) -> Iterator[Finding]:
    """Why items of a job did not end well."""
    for one in receipt.changes:
        if one.error is not None:
            yield Finding("error", one.error.message, address=one.address)


def _problems(receipt: Receipt) -> Sequence[Finding]:
    """What is wrong with a run, what did not end well among its changes first."""
    changes = [
        Finding("error", str(one.error["message"]), address=str(one.change.address))
        for one in receipt.results
        if one.error
    ]
    return [*changes, *receipt.findings]
