"""``pleoctl undo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.common import PATH, as_command, open_workspace, write_output
from pleoctl.cli.plan import guarded, render_plan, where_saved
from pleoctl.cli.planning import allow_archive_option
from pleoctl.cli.shared import OUTPUT
from pleoctl.errors import Finding, InvalidFile, Refused, UsageError
from pleoctl.place import Place
from pleoctl.pleo.connecting import connected
from pleoctl.words import many

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from pleoctl.cli.boundary import Options, Output
    from pleoctl.run.kept import KeptReceipt
    from pleoctl.workspace import Workspace

LISTED: Final = "`pleoctl log` lists the runs"


def _files_and_runs(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Files, which the shell itself knows, and what `pleoctl log` lists."""
    from click.shell_completion import CompletionItem

    from pleoctl.errors import PleoctlError
    from pleoctl.run.places import runs_named
    from pleoctl.workspace import Workspace

    try:
        folders = runs_named(begun, Workspace.find(ctx.params.get("workspace")).runs)
    except PleoctlError:
        folders = []
    runs = [CompletionItem(folder.name) for folder in folders]
    return [*runs, CompletionItem(begun, type="file")]


@as_command("undo", formats=("text", "json", "markdown"))
@click.argument("receipt", metavar="RECEIPT", type=PATH, shell_complete=_files_and_runs)
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Save the plan here.")
@allow_archive_option
def command(options: Options, *, receipt: str, output: str | None, allow_archive: int | None) -> Output:
    """Plan to take a run back.

    Makes a plan from a receipt (a file, `-` for standard input, a run's folder, or its name in `pleoctl log` or the
    beginning of that); carry it out with `pleoctl apply`. Only changes that the run did are taken back; what has
    changed since stays as it is and is listed. A create is taken back by archiving. What a run has booked of an export
    job is not: only the books can take that back.

    Examples:
    pleoctl undo 20261120T101500 -o undo.json
    pleoctl undo .pleoctl/runs/20261120T101500123456-d0aad3a3-fffb/receipt.json -o undo.json
    pleoctl apply undo.json

    """
    from pleoctl.plan.undo import undo_plan
    from pleoctl.pleo.reader import PleoReader

    workspace = open_workspace(options)
    file = _file_of(receipt, workspace)
    read = _read(file)
    with connected(workspace, PleoReader) as reader:
        made = undo_plan(read, workspace, reader, allow_archive)
    saved = output is not None and write_output(options, output, made.bytes, inputs=[*workspace.inputs, file])
    shown = render_plan(options, made, per_minute=workspace.requests_per_minute)
    shown.findings = [
        Finding("not-undone", skipped.reason, "warning", address=str(skipped.address))
        for skipped in (made.head.source.skipped or () if made.head.source else ())
    ]
    guarded(shown, made)
    if saved and options.format == "text" and made.guard_passed and made.changes:
        shown.text += where_saved(output)
    return shown


def _file_of(receipt: str, workspace: Workspace) -> Path:
    """The file of a receipt, which may be named by its run. Raises `InvalidFile` or, of several runs, `UsageError`."""
    from pathlib import Path

    from pleoctl.run.places import RECEIPT, runs_named
    from pleoctl.run.shared import Runs

    file = Path(receipt)
    if receipt != "-" and not file.exists():
        named = Runs.of(workspace).exchange(named=lambda run: run.startswith(receipt))
        found = runs_named(receipt, named)
        if not found:
            raise InvalidFile("is no file, and no run of this workspace", hint=LISTED, place=Place(receipt))
        if len(found) > 1:
            raise UsageError(f"{many(len(found), 'run')} begin with {receipt!r}", hint=LISTED)
        (file,) = found
    return file / RECEIPT if file.is_dir() else file


def _read(file: Path) -> KeptReceipt:
    """The receipt of a run that wrote to Pleo. Raises `InvalidFile`, `Refused` for one of an export job."""
    from pleoctl.documents.versions import Kept
    from pleoctl.fleet.receipt import FleetReceipt
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.report.kept import any_receipt

    kept = Kept.at(str(file))
    read = any_receipt(kept.content, kept.name)
    if isinstance(read, FleetReceipt):
        words, hint = "is the receipt of a fleet's run", "take back each company's own, which it names"
        raise InvalidFile(words, hint=hint, place=Place(kept.name))
    if isinstance(read, JobReceipt):
        raise Refused(
            f"is the receipt of export job {read.job.id}, which cannot be taken back",
            hint="correct what was booked in the books",
            place=Place(kept.name),
        )
    return read
