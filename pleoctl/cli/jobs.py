"""``pleoctl jobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, lock_timeout_option, open_workspace, seconds, write_output
from pleoctl.cli.door import tell
from pleoctl.cli.planning import connected
from pleoctl.cli.shared import as_group
from pleoctl.errors import ExitCode, PleoctlError, Refused
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.cli.signals import Stop
    from pleoctl.errors import Finding
    from pleoctl.jobs.desk import JobDesk
    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.pleo.export_jobs import ExportJob, ExportWriter
    from pleoctl.workspace import Workspace

STATUSES: Final = ("pending", "in_progress", "completed", "completed_with_errors", "failed")
LONGEST_PAUSE: Final = 600.0


@as_group("jobs")
def command() -> None:
    """Pleo's export jobs: from its queue into the books."""


@as_command("list", parent="jobs")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only jobs in this status.")
def list_(options: Options, *, statuses: tuple[str, ...]) -> Output:
    """List the company's export jobs, oldest first.

    Examples:
    pleoctl jobs list
    pleoctl jobs list --status pending --format json

    """
    from pleoctl.pleo.export_jobs import ExportReader
    from pleoctl.report.table import table

    with connected(open_workspace(options), ExportReader) as reader:
        jobs = reader.jobs(statuses)
    rows = [[job.id, job.status, str(job.items), job.created, job.expires or ""] for job in jobs]
    text = table(["job", "status", "items", "created", "expires"], rows) if rows else Shown.lines(["No export jobs."])
    return Output(text, [_as_json(job) for job in jobs])


def _as_json(job: ExportJob) -> dict[str, Any]:
    return {"id": job.id, "status": job.status, "items": job.items, "createdAt": job.created, "expiresAt": job.expires}


@as_command("fetch", parent="jobs", formats=("json",), default="json")
@click.argument("job")
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Write here, whole or not at all.")
def fetch(options: Options, *, job: str, output: str | None) -> Output:
    """Fetch a job's items as JSON lines, as `map` reads them.

    All of them or none.

    Examples:
    pleoctl jobs fetch JOB -o items.jsonl

    """
    import json

    from pleoctl.jobs.items import read_items
    from pleoctl.pleo.export_jobs import ExportReader

    workspace = open_workspace(options)
    with connected(workspace, ExportReader) as reader:
        items = read_items(reader, reader.job(job))
    lines = (json.dumps(item.raw, ensure_ascii=False) + "\n" for item in items if item.raw is not None)
    content = "".join(lines).encode("utf-8", "backslashreplace")
    if output is None:
        return Output(raw=content)
    write_output(options, output, content, inputs=workspace.inputs)
    return Output(raw=b"")


@as_command("plan", parent="jobs", formats=("text", "json", "markdown", "html"))
@click.argument("job", required=False)
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Save the plan here.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there is anything to do.")
def plan(options: Options, *, job: str | None, output: str | None, detailed_exitcode: bool) -> Output:
    """Show what becomes of a job's items.

    Writes neither to Pleo nor to the books. Without JOB: the job in progress, else the oldest pending one.

    Examples:
    pleoctl jobs plan
    pleoctl jobs plan JOB -o posting.json

    """
    from pleoctl.jobs.queue import eligible
    from pleoctl.pleo.export_jobs import ExportReader

    workspace = open_workspace(options)
    with opened(workspace) as desk, connected(workspace, ExportReader) as reader:
        found = eligible(reader, [job] if job else [])
        if not found:
            return Output(Shown.lines(["There is no export job."]))
        made = desk.plan(reader, found[0])
    if output is not None:
        write_output(options, output, made.bytes, inputs=workspace.inputs)
    shown = render(options, made)
    shown.exit_code = ExitCode.CHANGES if detailed_exitcode else ExitCode.OK
    return shown


def opened(workspace: Workspace) -> Any:
    """The workspace's books and rules for a block. Raises `InvalidFile`, `Refused`."""
    from contextlib import closing

    from pleoctl.jobs.desk import JobDesk

    return closing(JobDesk.of(workspace))


def render(options: Options, plan: PostingPlan) -> Output:
    """A posting plan in the asked format."""
    if options.format == "json":
        return Output(raw=plan.bytes)
    if options.format == "html":
        from pleoctl.report.html import posting_html

        return Output(page=posting_html(plan))
    from pleoctl.report.posting import posting_markdown, posting_text

    return Output(page=posting_markdown(plan)) if options.format == "markdown" else Output(posting_text(plan))


def receipt_output(options: Options, receipt: JobReceipt, stop: Stop) -> Output:
    """The outcome of a run as a command's output."""
    from pleoctl.report.posting import job_receipt_text

    code = receipt.exit_code
    if stop.code is not None and receipt.outcome == "interrupted":
        code = stop.code
    if options.format == "json":
        return Output(raw=receipt.bytes, exit_code=code, findings=receipt.told)
    return Output(job_receipt_text(receipt), findings=receipt.told, exit_code=code)


@as_command("run", parent="jobs")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--watch", metavar="DURATION", help="Go on, and look for jobs this often, e.g. 5m.")
@click.option("--take-over", is_flag=True, help="Go on with a job that was not started from this workspace.")
@lock_timeout_option
def run(
    options: Options, *, jobs: tuple[str, ...], watch: str | None, take_over: bool, lock_timeout: str | None
) -> Output:
    """Plan and apply each export job that is waiting.

    Oldest first, one at a time.
    Nobody reviews the plans; `posting: {requireReview: true}` in the workspace refuses this (exit 3).

    Examples:
    pleoctl jobs run
    pleoctl jobs run --watch 5m

    """
    from pleoctl.cli.signals import stoppable

    workspace = open_workspace(options)
    if workspace.settings.posting.require_review:
        raise Refused("posting.requireReview is set: a person looks at each plan", hint="pleoctl jobs plan -o FILE")
    pause = None if watch is None else seconds(watch)
    with stoppable() as stop:
        if pause is None:
            return _once(options, workspace, stop, jobs, lock_timeout, take_over=take_over)
        return _watch(workspace, stop, jobs, pause, take_over=take_over)


def _once(
    options: Options, workspace: Workspace, stop: Stop, jobs: tuple[str, ...], timeout: str | None, *, take_over: bool
) -> Output:
    from pleoctl.remote.errors import Interrupted
    from pleoctl.report.posting import job_receipt_text

    receipts: list[JobReceipt] = []
    stopped: list[Finding] = []
    try:
        receipts.extend(_round(workspace, stop, jobs, timeout, take_over=take_over))
    except Interrupted as error:
        stopped = error.findings
    output = Output(Shown("", *map(job_receipt_text, receipts)), [_summary(receipt) for receipt in receipts])
    if not receipts and not stopped:
        output.text = Shown.lines(["There is no export job."])
    output.findings = [*stopped, *(finding for receipt in receipts for finding in receipt.told)]
    codes = [receipt.exit_code for receipt in receipts]
    order = (ExitCode.PARTIAL, ExitCode.STALE, ExitCode.REFUSED, ExitCode.ERROR)
    output.exit_code = stop.code or next((code for code in order if code in codes), ExitCode.OK)
    return output


def _summary(receipt: JobReceipt) -> dict[str, Any]:
    return {
        "job": receipt.job.id,
        "outcome": receipt.job.outcome,
        "runId": receipt.run_id,
        "counts": dict(sorted(receipt.counts().items())),
    }


def _round(
    workspace: Workspace, stop: Stop, jobs: tuple[str, ...], timeout: str | None, *, take_over: bool
) -> Iterator[JobReceipt]:
    """Each job that waits, planned and applied under one lock."""
    from pleoctl.cli.applying import locked
    from pleoctl.jobs.queue import eligible
    from pleoctl.pleo.export_jobs import ExportWriter

    with (
        locked(workspace, "jobs run", timeout),
        opened(workspace) as desk,
        connected(workspace, ExportWriter, stop.event) as pleo,
    ):
        for job in eligible(pleo, jobs):
            if stop.event.is_set():
                return
            yield _job(desk, pleo, job, stop, take_over=take_over)


def _job(desk: JobDesk, pleo: ExportWriter, job: ExportJob, stop: Stop, *, take_over: bool) -> JobReceipt:
    from pleoctl.jobs.apply import apply_job
    from pleoctl.jobs.queue import fail_job
    from pleoctl.pleo.export_jobs import MissingContraAccounts

    try:
        made = desk.plan(pleo, job)
    except MissingContraAccounts as error:
        fail_job(pleo, job, desk.memory(job.id), ("invalid_configuration", error.message))
        raise
    return apply_job(desk.run(made, pleo, stop.event, take_over=take_over))


def _watch(workspace: Workspace, stop: Stop, jobs: tuple[str, ...], pause: float, *, take_over: bool) -> Output:
    """Rounds until a signal comes; troubles are told and waited out, longer each time."""
    from pleoctl.machine import this_machine
    from pleoctl.report.text import finding_text

    troubles = 0
    while not stop.event.is_set():
        try:
            for receipt in _round(workspace, stop, jobs, None, take_over=take_over):
                told = ", ".join(f"{number} {status}" for status, number in sorted(receipt.counts().items()))
                tell(Shown.lines([f"job {receipt.job.id}: {receipt.job.outcome} ({told or 'no items'})"]))
                tell(Shown.lines(map(finding_text, receipt.told)))
            troubles = 0
        except PleoctlError as error:
            troubles += 1
            tell(Shown.lines(map(finding_text, error.findings)))
        this_machine().wait(stop.event, max(pause, min(pause * 2**troubles, LONGEST_PAUSE)))
    return Output(exit_code=stop.code or ExitCode.OK)


@as_command("fail", parent="jobs")
@click.argument("job")
@click.option("--type", "kind", required=True, metavar="TYPE", help="One of Pleo's reason types for a job.")
@click.option("--reason", required=True, metavar="TEXT", help="What the people in Pleo are to read.")
@lock_timeout_option
def fail(options: Options, *, job: str, kind: str, reason: str, lock_timeout: str | None) -> Output:
    """Close a job as failed. Refused while one of its items is booked and not reported.

    Examples:
    pleoctl jobs fail JOB --type invalid_configuration --reason "the journal is missing"

    """
    from pleoctl.cli.applying import locked
    from pleoctl.errors import UsageError
    from pleoctl.jobs.close import JOB_REASONS
    from pleoctl.jobs.queue import fail_job, require_unbooked
    from pleoctl.pleo.export_jobs import ExportWriter

    if kind not in JOB_REASONS:
        raise UsageError(f"{kind!r} is no reason type of a job", hint=f"one of: {', '.join(sorted(JOB_REASONS))}")
    workspace = open_workspace(options)
    with (
        locked(workspace, "jobs fail", lock_timeout),
        opened(workspace) as desk,
        connected(workspace, ExportWriter) as pleo,
    ):
        found, memory = pleo.job(job), desk.memory(job)
        if found.is_open:
            require_unbooked(pleo, found, desk.books.sink, memory)
        fail_job(pleo, found, memory, (kind, reason))
    return Output(Shown.lines([f"Export job {job} is failed."]), {"job": job, "outcome": "failed"})


@as_command("verify", parent="jobs")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--since", metavar="DATE", help="Only jobs created on this day or later (YYYY-MM-DD).")
def verify(options: Options, *, jobs: tuple[str, ...], since: str | None) -> Output:
    """Hold what Pleo has as booked against the books.

    Exit 2 where an item is missing, void, double, or another record than Pleo was told.

    Examples:
    pleoctl jobs verify
    pleoctl jobs verify --since 2026-03-01

    """
    from pleoctl.jobs.verify import verify as verified
    from pleoctl.pleo.export_jobs import ExportReader

    workspace = open_workspace(options)
    with opened(workspace) as desk, connected(workspace, ExportReader) as reader:
        chosen = [reader.job(job) for job in jobs] or reader.jobs(("completed", "completed_with_errors"))
        chosen = [job for job in chosen if since is None or job.created[:10] >= since]
        findings = [finding for job in chosen for finding in verified(reader, desk.books.sink, job)]
    told = f"{len(chosen)} jobs verified, {len(findings)} items differ."
    code = ExitCode.CHANGES if findings else ExitCode.OK
    return Output(Shown.lines([told]), {"jobs": [job.id for job in chosen]}, findings, code)


command.add_command(verify)
command.add_command(list_)
command.add_command(fetch)
command.add_command(plan)
command.add_command(run)
command.add_command(fail)
