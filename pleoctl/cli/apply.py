"""``pleoctl apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pleoctl.cli.approve import Asked, approval_options
from pleoctl.cli.common import PATH, as_command, check_output, lock_timeout_option, open_workspace, write_output
from pleoctl.cli.reports import reporting
from pleoctl.errors import Refused

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options, Output
    from pleoctl.cli.reports import Reported
    from pleoctl.documents.versions import Kept
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.run.receipt import Receipt
    from pleoctl.workspace import Workspace


@as_command("apply", formats=("text", "json"))
@click.argument("plan", type=PATH)
@click.option("--expect-id", metavar="ID", help="Refuse (exit 3) unless the plan has this id; shows tampering.")
@click.option("--receipt", type=PATH, metavar="FILE", help="Write the receipt here as well.")
@click.option("--events", type=PATH, metavar="FILE", help="Write what happens as JSON lines while it happens.")
@click.option("--take-over", is_flag=True, help="Go on with an export job that was not started from this workspace.")
@approval_options
@lock_timeout_option
def command(
    options: Options,
    *,
    plan: str,
    expect_id: str | None,
    receipt: str | None,
    events: str | None,
    take_over: bool,
    lock_timeout: str | None,
    **approvals: Any,
) -> Output:
    """Carry out exactly a saved plan.

    It is one of `plan` or of `jobs plan`; `-` reads standard input.
    Reads the records it touches again first: if Pleo has moved on since the plan was made, nothing is written (exit 4).
    After any failure the same plan can be applied again; what is already done is not done twice.

    Examples:
    pleoctl apply plan.json
    pleoctl apply plan.json --expect-id sha256:… --receipt receipt.json --lock-timeout 5m
    pleoctl apply plan.json --events events.jsonl
    pleoctl apply plan.json --approvers /etc/pleoctl/allowed_signers --approvals 2

    """
    from pleoctl.apply.run import check_plan, refuse_plan
    from pleoctl.cli.applying import carry_out, keep_receipt, locked, output_of, target_of
    from pleoctl.cli.signals import Stop, stoppable
    from pleoctl.documents.versions import Kept
    from pleoctl.jobs.document import KIND
    from pleoctl.plan.approvals import signatures_beside
    from pleoctl.plan.artifact import plan_of
    from pleoctl.run.shared import Runs

    with reporting(options) as reported:
        workspace = open_workspace(options)
        for file in filter(None, (receipt, events)):
            check_output(options, file, [Path(plan), *workspace.inputs])
        kept = Kept.at(plan)
        if kept.kind(KIND) is not None:
            ears = Ears(expect_id, receipt, events, lock_timeout, Asked(**approvals))
            return _apply_posting(options, reported, workspace, kept, ears, take_over=take_over)
        read, target = plan_of(kept.content, kept.name), target_of(workspace, Runs.of(workspace))
        try:
            check_plan(read, target, expect_id)
            Asked(**approvals).require(workspace, read.id, signatures_beside(Path(plan)), target.runs)
        except Refused as error:
            refused = refuse_plan(read, target, error)
            keep_receipt(options, refused, receipt)
            return output_of(options, refused, Stop())
        with locked(workspace, "apply", lock_timeout) as runs, stoppable() as stop:
            applied = carry_out(options, workspace, runs, read, stop=stop, events=events)
            keep_receipt(options, applied, receipt)
            _report(reported, applied)
            return output_of(options, applied, stop)


class Ears(NamedTuple):
    """What the command line says of a run beside its plan."""

    expect_id: str | None
    receipt: str | None
    events: str | None
    lock_timeout: str | None
    asked: Asked


def _apply_posting(
    options: Options, reported: Reported, workspace: Workspace, kept: Kept, ears: Ears, *, take_over: bool
) -> Output:
    """A plan of an export job."""
    from pleoctl.cli.applying import locked
    from pleoctl.cli.events import events_to
    from pleoctl.cli.planning import connected, progress
    from pleoctl.cli.posting import opened, receipt_output
    from pleoctl.cli.signals import Stop, stoppable
    from pleoctl.jobs.apply import apply_job, check_posting_plan, refuse_job
    from pleoctl.jobs.document import posting_plan_of
    from pleoctl.plan.approvals import signatures_beside
    from pleoctl.pleo.export_jobs import ExportWriter
    from pleoctl.run.shared import Runs

    read = posting_plan_of(kept.content, kept.name)
    try:
        check_posting_plan(read, workspace.company, workspace.url, ears.expect_id)
        ears.asked.require(workspace, read.id, signatures_beside(Path(kept.name)), Runs.of(workspace))
    except Refused as error:
        refused = refuse_job(read, Runs.of(workspace), error)
        _keep(options, refused, ears, reported)
        return receipt_output(options, refused, Stop())
    with (
        locked(workspace, "apply", ears.lock_timeout) as runs,
        stoppable() as stop,
        opened(workspace) as desk,
        events_to(ears.events) as listen,
        connected(workspace, ExportWriter, stop.event) as pleo,
        progress(options, "booking") as advance,
    ):
        made = apply_job(desk.run(read, pleo, runs, stop.event, take_over=take_over), progress=advance, listen=listen)
    _keep(options, made, ears, reported)
    return receipt_output(options, made, stop)


def _keep(options: Options, made: JobReceipt, ears: Ears, reported: Reported) -> None:
    if ears.receipt is not None:
        write_output(options, ears.receipt, made.bytes)
    reported.findings += made.told


def _report(reported: Reported, applied: Receipt) -> None:
    from pleoctl.report.receipts import receipt_findings, receipt_markdown

    reported.findings += [*applied.findings, *receipt_findings(applied)]
    reported.summary = lambda room: receipt_markdown(applied, max_bytes=room)
