"""``pleoctl jobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, lock_timeout_option, open_workspace, write_output
from pleoctl.cli.job_id import JOB_ID
from pleoctl.cli.jobs_run import book_again_option, run
from pleoctl.cli.jobs_serve import serve
from pleoctl.cli.plan import where_saved
from pleoctl.cli.posting import no_job, opened, render
from pleoctl.cli.shared import OUTPUT, as_group, offered
from pleoctl.errors import ExitCode
from pleoctl.pleo.connecting import connected
from pleoctl.text import Shown
from pleoctl.words import many

if TYPE_CHECKING:
    from pleoctl.pleo.export_jobs import ExportJob

OVER: Final = ("completed", "completed_with_errors", "failed")
"""Statuses of jobs that may have booked items: one that expired is failed, and what it had reported stays so."""
STATUSES: Final = ("pending", "in_progress", *OVER)


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


@as_command("fetch", parent="jobs")
@click.argument("job", type=JOB_ID)
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Write here, whole or not at all.")
def fetch(options: Options, *, job: str, output: str | None) -> Output:
    """Fetch a job's items as JSON lines, as `map` reads them.

    All of them or none; of a job without items it is the list []. Both formats are these lines, and differ where there
    are none: json tells on standard output what went wrong.

    Examples:
    pleoctl jobs fetch JOB -o items.jsonl

    """
    import json

    from pleoctl.jobs.items import read_items
    from pleoctl.pleo.export_jobs import ExportReader

    workspace = open_workspace(options)
    with connected(workspace, ExportReader) as reader:
        items = read_items(reader, reader.job(job))
    lines = (json.dumps(item.raw, ensure_ascii=False) + "\n" for item in items if item.sent is not None)
    # Nothing at all is what a command leaves that has failed, and `map` refuses it.
    content = ("".join(lines) or "[]\n").encode("utf-8", "backslashreplace")
    if output is None:
        return Output(raw=content)
    write_output(options, output, content, inputs=workspace.inputs)
    return Output(raw=b"")


@as_command("plan", parent="jobs", formats=("text", "json", "markdown", "html"))
@click.argument("job", type=JOB_ID, required=False)
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Save the plan here.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there is anything to do.")
@book_again_option
def plan(options: Options, *, job: str | None, output: str | None, detailed_exitcode: bool, book_again: bool) -> Output:
    """Show what becomes of a job's items.

    Writes neither to Pleo nor to the books. Without JOB: the job in progress, else the oldest pending one.

    Examples:
    pleoctl jobs plan
    pleoctl jobs plan JOB -o posting.json

    """
    from pleoctl.jobs.queue import eligible
    from pleoctl.pleo.export_jobs import ExportReader

    workspace = open_workspace(options)
    with opened(workspace) as session, connected(workspace, ExportReader) as reader:
        found = eligible(reader, [job] if job else [])
        if not found:
            return no_job()
        made = session.plan(reader, found[0], again=book_again)
    if output is not None:
        write_output(options, output, made.bytes, inputs=workspace.inputs)
    shown = render(options, made, workspace, output)
    if output is not None and options.format == "text":
        shown.text += where_saved(output)
    shown.exit_code = ExitCode.CHANGES if detailed_exitcode else ExitCode.OK
    return shown


def _reasons(_ctx: click.Context) -> list[str]:
    """Pleo's reason types for a job."""
    from pleoctl.jobs.close import JOB_REASONS

    return sorted(JOB_REASONS)


@as_command("fail", parent="jobs")
@click.argument("job", type=JOB_ID)
@click.option(
    "--type",
    "kind",
    required=True,
    metavar="TYPE",
    shell_complete=offered(_reasons),
    help="One of Pleo's reason types for a job.",
)
@click.option("--reason", required=True, metavar="TEXT", help="What the people in Pleo are to read.")
@lock_timeout_option
def fail(options: Options, *, job: str, kind: str, reason: str, lock_timeout: str | None) -> Output:
    """Close a job as failed. Refused while one of its items is booked and not reported.

    Examples:
    pleoctl jobs fail JOB --type invalid_configuration --reason "the journal is missing"

    """
    from pleoctl.cli.applying import patience
    from pleoctl.errors import UsageError
    from pleoctl.fleet.company import locked
    from pleoctl.jobs.close import JOB_REASONS
    from pleoctl.jobs.queue import fail_job, require_unbooked
    from pleoctl.pleo.export_jobs import ExportWriter

    if kind not in JOB_REASONS:
        raise UsageError(f"{kind!r} is no reason type of a job", hint=f"one of: {', '.join(sorted(JOB_REASONS))}")
    if not reason.strip():
        raise UsageError("--reason is blank", hint="say what the people in Pleo are to do about the job")
    wait = patience(lock_timeout)
    workspace = open_workspace(options)
    with (
        locked(workspace, "jobs fail", wait),
        opened(workspace) as session,
        connected(workspace, ExportWriter) as pleo,
    ):
        found, memory = pleo.job(job), session.memory(job)
        if found.is_open:
            require_unbooked(pleo, found, session.books, memory)
        fail_job(pleo, found, memory, (kind, reason))
    return Output(Shown.lines([f"Export job {job} is failed."]), {"job": job, "outcome": "failed"})


@as_command("verify", parent="jobs")
@click.argument("jobs", type=JOB_ID, nargs=-1, metavar="[JOB]...")
@click.option("--since", metavar="DATE", help="Only jobs created on this day or later (YYYY-MM-DD).")
def verify(options: Options, *, jobs: tuple[str, ...], since: str | None) -> Output:
    """Hold what Pleo has as booked against the books.

    Exit 2 where an item is missing, void, double, another record than Pleo was told, or not what a run of this
    workspace had booked.

    Examples:
    pleoctl jobs verify
    pleoctl jobs verify --since 2026-03-01

    """
    from pleoctl.jobs.queue import named_jobs
    from pleoctl.jobs.verify import Earlier, planned
    from pleoctl.jobs.verify import verify as verified
    from pleoctl.pleo.export_jobs import ExportReader

    first = _day(since)
    workspace = open_workspace(options)
    with opened(workspace) as session, connected(workspace, ExportReader) as reader:
        chosen = named_jobs(reader, jobs) or reader.jobs(OVER)
        chosen = [job for job in chosen if job.created[:10] >= first]
        known = {job.id: planned(workspace.runs, job.id) for job in chosen}
        earlier = Earlier(session.books.past.only_elsewhere, session.books.past.elsewhere)
        found = {job.id: list(verified(reader, session.books, job, known[job.id], earlier)) for job in chosen}
    findings = [finding for told in found.values() for finding in told]
    differences = sum(finding.level != "info" for finding in findings)
    asked = [job for job, told in found.items() if all(finding.level != "info" for finding in told)]
    text = f"{many(len(asked), 'job')} verified, {many(differences, 'item', 'differs', 'differ')}."
    code = ExitCode.CHANGES if differences else ExitCode.OK
    return Output(Shown.lines([text]), {"jobs": asked, "differences": differences}, findings, code)


def _day(text: str | None) -> str:
    """A day as Pleo's moments begin; the first of all for None. Raises `UsageError`."""
    from datetime import date

    from pleoctl.errors import UsageError

    try:
        return "" if text is None else date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(f"--since {text} is no day", hint="e.g. --since 2026-03-01") from error


command.add_command(verify)
command.add_command(list_)
command.add_command(fetch)
command.add_command(plan)
command.add_command(run)
command.add_command(serve)
command.add_command(fail)
