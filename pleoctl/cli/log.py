"""``pleoctl log``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import offered
from pleoctl.errors import ExitCode, UsageError
from pleoctl.text import Shown
from pleoctl.words import many, tally

if TYPE_CHECKING:
    from pleoctl.run.verify import Proof
    from pleoctl.workspace import Workspace

VERIFY = "verify"
_ID: Final = "sha256:[0-9a-f]{64}"


def _runs(ctx: click.Context) -> list[str]:
    """The names of the workspace's runs."""
    from pleoctl.run.places import run_places
    from pleoctl.workspace import Workspace

    return [VERIFY, *reversed(run_places(Workspace.find(ctx.params.get("workspace")).runs))]


@as_command("log")
@click.argument("run", required=False, metavar="[RUN|verify]", shell_complete=offered(_runs))
@click.option("-n", "--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs.")
@click.option("--head", metavar="ID", help="With verify: a receipt's id kept elsewhere; newer ones may not be missing.")
def command(options: Options, *, run: str | None, number: int, head: str | None) -> Output:
    """List the runs of this workspace, show one, or prove the chain of their receipts.

    RUN is a run's name as the list shows it, or its beginning. `verify` follows the chain in which each receipt names
    the one before it, and ends with 1 and the first break; with --head it also proves that nothing is missing up to
    the receipt with that id.

    Examples:
    pleoctl log
    pleoctl log --format json -n 100
    pleoctl log 20260102T101500
    pleoctl log verify --head sha256:…

    """
    if run == VERIFY:
        options.command = f"log {VERIFY}"
    elif head is not None:
        raise UsageError("--head goes with `pleoctl log verify`")
    if head is not None and not re.fullmatch(_ID, head):
        raise UsageError(f"--head {head} is no id of a receipt", hint="its `id`: sha256: and 64 letters of 0-9 and a-f")
    workspace = open_workspace(options)
    if run == VERIFY:
        return _verified(workspace, head)
    return _list(workspace, number) if run is None else _one(workspace, run)


def _list(workspace: Workspace, number: int) -> Output:
    from pleoctl.report.kept import run_summary
    from pleoctl.report.table import table
    from pleoctl.run.places import run_folders
    from pleoctl.run.shared import Runs

    places = Runs.of(workspace).exchange(number)
    runs = [run_summary(folder, workspace.shown(folder)) for folder in run_folders(places, number)]
    rows = [[r["runId"], r["outcome"], r["planId"][:19], tally(r["counts"]) or "none", r["finishedAt"]] for r in runs]
    headers = ["run", "outcome", "plan", "changes", "finished"]
    text = table(headers, rows) if rows else Shown.lines(["No runs yet."])
    return Output(text, runs)


def _one(workspace: Workspace, wanted: str) -> Output:
    from pleoctl.documents.files import read_bytes
    from pleoctl.documents.load import json_data
    from pleoctl.report.kept import any_receipt, receipt_shown, unfinished_lines
    from pleoctl.run.places import RECEIPT, runs_named
    from pleoctl.run.shared import Runs

    found = runs_named(wanted, Runs.of(workspace).exchange(named=lambda run: run.startswith(wanted)))
    if len(found) != 1:
        what = (
            f"{many(len(found), 'run')} begin with {wanted!r}" if found else f"no run of this workspace is {wanted!r}"
        )
        raise UsageError(what, hint="`pleoctl log` lists them")
    (folder,) = found
    name = f"{workspace.shown(folder)}/{RECEIPT}"
    if not (folder / RECEIPT).exists():
        lines, data = unfinished_lines(folder)
        return Output(Shown.lines(lines), data)
    content = read_bytes(folder / RECEIPT, name)
    return Output(receipt_shown(any_receipt(content, name)), json_data(content, name))


def _verified(workspace: Workspace, head: str | None) -> Output:
    from pleoctl.run.shared import Runs
    from pleoctl.run.verify import verify_chains

    proof = verify_chains(Runs.of(workspace).exchange(), head)
    code = ExitCode.ERROR if proof.breaks else ExitCode.OK
    return Output(Shown.lines(_proof_lines(proof, head)), _proof_json(proof), proof.breaks, code)


def _proof_lines(proof: Proof, head: str | None) -> list[Shown | str]:
    lines: list[Shown | str] = [
        Shown(
            f"{many(chain.receipts, 'receipt')} of company ",
            chain.company,
            f", the last is {chain.head}",
        )
        for chain in proof.chains
    ]
    if proof.unchained:
        lines.append(f"{proof.unchained} of earlier versions, which form no chain")
    lines += [Shown("no receipt, going on or ended without one: ", run) for run in proof.unfinished]
    if not lines:
        lines.append("No receipts yet.")
    elif proof.chains and not proof.breaks:
        lines.append("No receipt up to the last one is missing or changed.")
        if head is None:
            lines.append("Whether newer ones were removed, `--head ID` tells, with an id that was kept elsewhere.")
    return lines


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {
        "chains": [
            {"company": chain.company, "receipts": chain.receipts, "head": chain.head} for chain in proof.chains
        ],
        "unchained": proof.unchained,
        "unfinished": proof.unfinished,
        "unbroken": not proof.breaks,
    }
