"""``pleoctl log``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pathlib import Path


@as_command("log")
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs.")
def command(options: Options, *, number: int) -> Output:
    """List the runs of this workspace, newest first.

    Examples:
    pleoctl log
    pleoctl log --format json -n 100

    """
    from pleoctl.report.table import table
    from pleoctl.run.folder import run_folders

    workspace = open_workspace(options)
    runs = [_run(folder, workspace.shown(folder)) for folder in run_folders(workspace.runs)[:number]]
    rows = [[r["runId"], r["outcome"], r["planId"][:19], _words(r["counts"]), r["finishedAt"]] for r in runs]
    headers = ["run", "outcome", "plan", "changes", "finished"]
    text = table(headers, rows) if rows else Shown.lines(["No runs yet."])
    return Output(text, runs)


def _run(folder: Path, shown: str) -> dict[str, Any]:
    from pleoctl.documents.files import read_bytes
    from pleoctl.errors import PleoctlError
    from pleoctl.report.kept import any_receipt

    name = f"{shown}/receipt.json"
    try:
        read = any_receipt(read_bytes(folder / "receipt.json", name), name)
    except PleoctlError:
        # A run that was killed leaves its journal and no receipt.
        return {
            "runId": folder.name,
            "planId": "",
            "outcome": "no receipt",
            "counts": {},
            "startedAt": "",
            "finishedAt": "",
            "receipt": None,
        }
    counts = Counter(change.status for change in read.changes)
    return {
        "runId": read.run_id,
        "planId": read.plan_id,
        "outcome": read.outcome,
        "startedAt": read.started_at,
        "finishedAt": read.finished_at,
        "counts": dict(sorted(counts.items())),
        "receipt": name,
    }


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {status}" for status, n in counts.items()) or "none"
