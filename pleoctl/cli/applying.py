"""Carrying a plan out from the command line: lock, progress, receipt."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pleoctl.apply.run import Ears, Target, apply_plan
from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import seconds, write_output
from pleoctl.cli.events import events_to
from pleoctl.cli.planning import connected, progress
from pleoctl.pleo.writer import PleoWriter
from pleoctl.run.shared import Runs
from pleoctl.state.lock import Holder
from pleoctl.state.opening import state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.cli.signals import Stop
    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt
    from pleoctl.workspace import Workspace


@contextmanager
def locked(workspace: Workspace, command: str, timeout: str | None) -> Iterator[Runs]:
    """Hold the company's lock for the block; its runs, to which one more may be added. Raises `LockHeld`."""
    given = timeout if timeout is not None else os.environ.get("PLEOCTL_LOCK_TIMEOUT") or "0s"
    holder = Holder.me(workspace.url, workspace.company, command)
    lock = state_of(workspace).lock(workspace.url, workspace.company, workspace.limits.answer_seconds)
    with lock.hold(holder, seconds(given)) as permit:
        yield Runs.of(workspace).under(permit)


def target_of(workspace: Workspace, runs: Runs) -> Target:
    """What applying needs of a workspace."""
    return Target(workspace.url, workspace.company, workspace.guard, runs)


def carry_out(
    options: Options, workspace: Workspace, runs: Runs, plan: Plan, *, stop: Stop, events: str | None = None
) -> Receipt:
    """Apply a checked plan under the lock that `locked` holds; writes events where they are asked for."""
    with (
        events_to(events) as listen,
        connected(workspace, PleoWriter, stop.event) as pleo,
        progress(options, "applying") as advance,
    ):
        applied = apply_plan(plan, target_of(workspace, runs), pleo, Ears(stop.event, advance, listen))
    applied.findings += listen.findings
    return applied


def keep_receipt(options: Options, applied: Receipt, file: str | None) -> None:
    """Write the receipt where it was asked for; what fails is a finding, since the run is done."""
    if file is not None:
        write_output(options, file, applied.bytes)


def output_of(options: Options, applied: Receipt, stop: Stop) -> Output:
    """The outcome of a run as a command's output."""
    code = applied.exit_code
    if stop.code is not None and applied.outcome == "interrupted":
        code = stop.code
    if options.format == "json":
        # What stderr may not be able to show stands in the receipt, also what came after it was kept.
        whole = replace(applied, findings=[*applied.findings, *options.unwritten])
        return Output(raw=whole.bytes, exit_code=code, findings=applied.findings)
    from pleoctl.report.text import receipt_text

    return Output(receipt_text(applied), applied.as_json(), applied.findings, code)
