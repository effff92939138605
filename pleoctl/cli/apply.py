"""``pleoctl apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pleoctl.cli.approve import approval_options, approvers_of
from pleoctl.cli.common import PATH, as_command, check_output, is_stdout, lock_timeout_option, open_workspace
from pleoctl.cli.reports import reporting
from pleoctl.cli.shared import OUTPUT

if TYPE_CHECKING:
    from pleoctl.cli.applying import Terminal
    from pleoctl.cli.boundary import Options, Output
    from pleoctl.cli.reports import Reported
    from pleoctl.documents.versions import Kept
    from pleoctl.fleet.company import Reviewed
    from pleoctl.run.receipt import Receipt
    from pleoctl.workspace import Workspace


@as_command("apply", formats=("text", "json"))
@click.argument("plan", type=PATH)
@click.option("--expect-id", metavar="ID", help="Refuse (exit 3) unless the plan has this id; shows tampering.")
@click.option("--receipt", type=OUTPUT, metavar="FILE", help="Write the receipt here as well.")
@click.option("--events", type=OUTPUT, metavar="FILE", help="Write what happens as JSON lines while it happens.")
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

    It is one of `plan` or of `jobs plan`; `-` reads standard input. Where `jobs plan --format json` found no job, there
    is nothing to do (exit 0).
    Reads the records it touches again first: if Pleo has moved on since the plan was made, nothing is written (exit 4).
    After any failure the same plan can be applied again; what is already done is not done twice.

    Examples:
    pleoctl apply plan.json
    pleoctl apply plan.json --expect-id sha256:… --receipt receipt.json --lock-timeout 5m
    pleoctl apply plan.json --events events.jsonl
    pleoctl apply plan.json --approvers /etc/pleoctl/allowed_signers --approvals 2

    """
    from pleoctl.cli.applying import Terminal, output_of
    from pleoctl.cli.posting import JOBS_PLAN, no_job
    from pleoctl.documents.versions import Kept
    from pleoctl.fleet.company import Reviewed, applied
    from pleoctl.jobs.document import KIND
    from pleoctl.plan.approvals import signatures_beside
    from pleoctl.plan.artifact import plan_of

    with reporting(options) as reported:
        caller = Terminal(options, lock_timeout, approvers_of(**approvals))
        workspace = open_workspace(options)
        for file in filter(None, (receipt, events)):
            check_output(options, file, [Path(plan), *workspace.inputs])
        kept, reviewed = Kept.at(plan), Reviewed(expect_id, signatures_beside(Path(plan)))
        caller.receipt_file, caller.events_file = receipt, events
        if events is not None and is_stdout(events):
            options.taken = b""
        if expect_id is None and kept.had_nothing(JOBS_PLAN):
            return no_job()
        if kept.kind(KIND) is not None:
            return _posting(reported, Work(workspace, caller, reviewed), kept, options, take_over=take_over)
        made = applied(workspace, plan_of(kept.content, kept.name), caller, reviewed)
        _report(reported, made)
        return output_of(options, made, caller.asked)


class Work(NamedTuple):
    """Where and for whom a plan is carried out."""

    workspace: Workspace
    caller: Terminal
    reviewed: Reviewed


def _posting(reported: Reported, work: Work, kept: Kept, options: Options, *, take_over: bool) -> Output:
    """A plan of an export job."""
    from pleoctl.cli.posting import receipt_output
    from pleoctl.fleet.company import booked
    from pleoctl.jobs.document import posting_plan_of

    plan = posting_plan_of(kept.content, kept.name)
    made = booked(work.workspace, plan, work.caller, work.reviewed, take_over=take_over)
    reported.findings += made.told
    return receipt_output(options, made, work.caller.asked)


def _report(reported: Reported, applied: Receipt) -> None:
    from pleoctl.report.receipts import receipt_findings, receipt_markdown

    reported.findings += [*applied.findings, *receipt_findings(applied)]
    reported.summary = lambda room: receipt_markdown(applied, max_bytes=room)
