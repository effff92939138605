"""Sync, apply and book for one company: what the commands do, without a word of a terminal.

A command and a fleet call the same functions, so that a company comes out alike whoever looks after it.
"""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from pleoctl.apply.run import Hooks, Target, apply_plan, check_plan, refuse_plan
from pleoctl.errors import Refused
from pleoctl.fleet.beside import tell_of_fleet
from pleoctl.fleet.planning import planned_from
from pleoctl.jobs.apply import apply_job, check_posting_plan, refuse_job
from pleoctl.jobs.session import JobSession
from pleoctl.plan.approvals import require_approved
from pleoctl.pleo.connecting import connected
from pleoctl.pleo.export_jobs import ExportWriter
from pleoctl.pleo.writer import PleoWriter
from pleoctl.run.shared import Runs
from pleoctl.sources.write import export_to_workspace
from pleoctl.state.lock import Holder
from pleoctl.state.opening import state_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pleoctl.fleet.caller import Caller
    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.plan.artifact import Plan
    from pleoctl.plan.prepare import Choices
    from pleoctl.run.receipt import Receipt
    from pleoctl.sources.export import Export
    from pleoctl.workspace import Workspace

LOG: Final = logging.getLogger(__name__)


class Synced(NamedTuple):
    """What `sync` did: the export, the plan, and its run; None where the guard refused the plan."""

    exported: Export
    plan: Plan
    receipt: Receipt | None


class Reviewed(NamedTuple):
    """What is known of a saved plan beside its content: the id that it must have, and its signatures."""

    expected: str | None = None
    signatures: Sequence[Path] = ()


@contextmanager
def locked(workspace: Workspace, command: str, patience: float, stop: threading.Event | None = None) -> Iterator[Runs]:
    """Hold the company's lock for the block; its runs, to which one more may be added. Raises as `Lock.hold` does."""
    tell_of_fleet(workspace)
    holder = Holder.me(workspace.url, workspace.company, command)
    lock = state_of(workspace).lock(workspace.url, workspace.company, workspace.limits.answer_seconds)
    with lock.hold(holder, patience, stop) as permit:
        yield Runs.of(workspace).under(permit)


def synced(workspace: Workspace, choices: Choices, caller: Caller) -> Synced:
    """Export, plan and apply under one lock; the approvals lie beside the workspace file."""
    if caller.approvers is not None:
        caller.approvers.check(workspace.root)
    with locked(workspace, "sync", caller.patience, caller.stop) as runs:
        exported = export_to_workspace(workspace)
        fresh = workspace.again()
        made = planned_from(fresh, choices, caller, runs)
        if not made.guard_passed:
            return Synced(exported, made, None)
        if made.changes:
            signatures = sorted(fresh.root.glob("*.sig*"))
            require_approved(caller.approvers, fresh.root, made.id, signatures, runs)
        return Synced(exported, made, _carried_out(fresh, runs, made, caller))


def applied(workspace: Workspace, plan: Plan, caller: Caller, reviewed: Reviewed) -> Receipt:
    """Carry a saved plan out; one that may not be is a run that was refused."""
    runs = Runs.of(workspace)
    target = _target(workspace, runs)
    try:
        check_plan(plan, target, reviewed.expected)
        require_approved(caller.approvers, workspace.root, plan.id, reviewed.signatures, runs)
    except Refused as error:
        refused = refuse_plan(plan, target, error)
        caller.keep(refused)
        return refused
    with locked(workspace, "apply", caller.patience, caller.stop) as held:
        return _carried_out(workspace, held, plan, caller)


def booked(
    workspace: Workspace, plan: PostingPlan, caller: Caller, reviewed: Reviewed, *, take_over: bool
) -> JobReceipt:
    """Carry the saved plan of an export job out, as `applied` does."""
    runs = Runs.of(workspace)
    try:
        check_posting_plan(plan, workspace.company, workspace.url, reviewed.expected)
        require_approved(caller.approvers, workspace.root, plan.id, reviewed.signatures, runs)
    except Refused as error:
        refused = refuse_job(plan, runs, error)
        caller.keep(refused)
        return refused
    with locked(workspace, "apply", caller.patience, caller.stop) as held, caller.writing() as stop:
        with (
            closing(JobSession.of(workspace)) as session,
            caller.events() as listen,
            connected(workspace, ExportWriter, stop) as pleo,
            caller.progress("booking") as advance,
        ):
            run = session.run(plan, pleo, held, stop, take_over=take_over)
            made = apply_job(run, progress=advance, listen=listen)
        caller.keep(made)
        return made


def _carried_out(workspace: Workspace, runs: Runs, plan: Plan, caller: Caller) -> Receipt:
    with caller.writing() as stop:
        with (
            caller.events() as listen,
            connected(workspace, PleoWriter, stop) as pleo,
            caller.progress("applying") as advance,
        ):
            made = apply_plan(plan, _target(workspace, runs), pleo, Hooks(stop, advance, listen))
        made.findings += listen.findings
        caller.keep(made)
    return made


def _target(workspace: Workspace, runs: Runs) -> Target:
    return Target(workspace.url, workspace.company, workspace.guard, runs)
