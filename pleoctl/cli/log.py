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

    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.run.kept import KeptReceipt


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
    from pleoctl.errors import PleoctlError

    try:
        read = _receipt(folder / "receipt.json", f"{shown}/receipt.json")
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
        "receipt": f"{shown}/receipt.json",
    }


def _receipt(path: Path, shown: str) -> KeptReceipt | JobReceipt:
    from pleoctl.documents.load import load_json
    from pleoctl.jobs.receipt import read_job_receipt
    from pleoctl.run.kept import read_receipt

    data = load_json(path, shown)
    of_job = isinstance(data, dict) and "job" in data
    return read_job_receipt(path, shown) if of_job else read_receipt(path, shown)


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {status}" for status, n in counts.items()) or "none"
