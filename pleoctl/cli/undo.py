"""``pleoctl undo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pleoctl.cli.common import PATH, as_command, open_workspace, write_output
from pleoctl.cli.plan import guarded, render_plan, where_saved
from pleoctl.errors import Finding
from pleoctl.pleo.connecting import connected

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from pleoctl.cli.boundary import Options, Output


def _files_and_runs(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Files, which the shell itself knows, and what `pleoctl log` lists."""
    from click.shell_completion import CompletionItem

    from pleoctl.errors import PleoctlError
    from pleoctl.run.places import run_folders
    from pleoctl.workspace import Workspace

    try:
        folders = run_folders(Workspace.find(ctx.params.get("workspace")).runs)
    except PleoctlError:
        folders = []
    runs = [CompletionItem(folder.name) for folder in folders if folder.name.startswith(begun)]
    return [*runs, CompletionItem(begun, type="file")]


@as_command("undo", formats=("text", "json", "markdown"))
@click.argument("receipt", metavar="RECEIPT", type=PATH, shell_complete=_files_and_runs)
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Save the plan here.")
@click.option(
    "--allow-archive",
    type=click.IntRange(min=0),
    metavar="N",
    help="Approve exactly N archives: all that the plan has.",
)
def command(options: Options, *, receipt: str, output: str | None, allow_archive: int | None) -> Output:
    """Plan to take a run back.

    Makes a plan from a receipt (a file, `-` for standard input, a run's folder, or its name in `pleoctl log`); carry it
    out with `pleoctl apply`. Only changes that the run did are taken back; what has changed since stays as it is and is
    listed.
    A create is taken back by archiving.

    Examples:
    pleoctl undo .pleoctl/runs/20261120T101500123456-d0aad3a3-fffb/receipt.json -o undo.json
    pleoctl apply undo.json

    """
    from pathlib import Path

    from pleoctl.documents.load import json_data
    from pleoctl.documents.versions import Kept
    from pleoctl.plan.undo import undo_plan
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.run.kept import receipt_of
    from pleoctl.run.places import run_folders
    from pleoctl.run.shared import Runs

    workspace = open_workspace(options)
    runs = [] if Path(receipt).exists() or receipt == "-" else run_folders(Runs.of(workspace).exchange())
    named = next((folder for folder in runs if folder.name == receipt), None)
    file = named or Path(receipt)
    kept = Kept.at(str(file / "receipt.json" if file.is_dir() else file))
    read = receipt_of(json_data(kept.content, kept.name), kept.name)
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
