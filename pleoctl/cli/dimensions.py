"""``pleoctl dimensions``: step 1 of the tags sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pleoctl.cli.boundary import Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.planning import selected_codes
from pleoctl.cli.shared import as_group, offered
from pleoctl.errors import Finding, UsageError
from pleoctl.pleo.connecting import connected
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options
    from pleoctl.model.records import Live
    from pleoctl.workspace import Workspace
    from pleoctl.workspace.selection import Selection


@as_group("dimensions")
def command() -> None:
    """Choose the dimensions that become tag groups (at most five)."""


@as_command("list", parent="dimensions")
@click.option("--offline", is_flag=True, help="Do not ask Pleo for its tag groups.")
def list_(options: Options, *, offline: bool) -> Output:
    """List every dimension and tag group.

    Their status, what is selected, what is left, and why.

    Examples:
    pleoctl dimensions list

    """
    from pleoctl.report.table import table
    from pleoctl.workspace.selection import Selection

    workspace = open_workspace(options)
    exported = any(path.exists() for path, _ in workspace.desired_files)
    selection = _selection(workspace) if exported else Selection(workspace, [])
    groups = [] if offline else _groups(workspace)
    entries = selection.entries(groups)
    rows = [[e.code, e.name, e.in_books, e.in_pleo, e.status, e.why] for e in entries]
    text = table(["code", "name", "accounting system", "Pleo", "status", "why"], rows)
    if not entries:
        text = Shown.lines(["No dimensions."])
    return Output(text, [e.as_json() for e in entries], [] if selection.known else [_unknown(exported=exported)])


def _unknown(*, exported: bool) -> Finding:
    """Why nothing is known of the accounting system's dimensions."""
    if not exported:
        words = "the accounting system's dimensions are known once the books were exported"
        return Finding("no-dimensions", words, "info", hint="`pleoctl export`, then `pleoctl dimensions list` again")
    words = "the desired state has no dimensions of the accounting system"
    return Finding("no-dimensions", words, "info", hint="let the source read them (docs/tags.md), and export again")


def _listed(ctx: click.Context) -> list[str]:
    """The dimensions of the desired state."""
    from pleoctl.desired.read import load_desired
    from pleoctl.workspace import Workspace

    workspace = Workspace.find(ctx.params.get("workspace"))
    return [dimension.row.key or "" for dimension in load_desired(workspace.desired_files).dimensions or ()]


@as_command("select", parent="dimensions")
@click.argument("codes", nargs=-1, metavar="[CODE]...", shell_complete=offered(_listed))
@click.option("--auto", is_flag=True, help="Add every active dimension that already is an active tag group in Pleo.")
def select(options: Options, *, codes: tuple[str, ...], auto: bool) -> Output:
    """Select dimensions.

    The selection stands in pleoctl.yaml, whose comments and order are kept.
    --auto is for the first connection: it adds to what was picked by hand, never above five, and names the rest.

    Examples:
    pleoctl dimensions select DEPT PROJ
    pleoctl dimensions select --auto

    """
    if not codes and not auto:
        raise UsageError("name at least one dimension, or use --auto")
    workspace = open_workspace(options)
    selection = _selection(workspace)
    chosen = selection.select(codes)
    findings: list[Finding] = []
    if auto:
        chosen, left_out = selection.auto(chosen, _groups(workspace))
        findings = [_left_out(code) for code in left_out]
    return _saved(selection, chosen, findings)


@as_command("deselect", parent="dimensions")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...", shell_complete=offered(selected_codes))
def deselect(options: Options, *, codes: tuple[str, ...]) -> Output:
    """Deselect dimensions.

    The next plan archives their tag groups.

    Examples:
    pleoctl dimensions deselect CAR

    """
    selection = _selection(open_workspace(options))
    return _saved(selection, selection.deselect(codes), [])


def _selection(workspace: Workspace) -> Selection:
    from pleoctl.desired.read import load_desired
    from pleoctl.workspace.selection import Selection

    return Selection(workspace, load_desired(workspace.desired_files).dimensions or [])


def _groups(workspace: Workspace) -> list[Live]:
    from pleoctl.pleo.reader import PleoReader

    with connected(workspace, PleoReader) as reader:
        return reader.groups()


def _left_out(code: str) -> Finding:
    words = (
        f"dimension {code!r} is not selected: five are selected already; its tag group will be archived unless "
        "dimensions.leave names it"
    )
    return Finding("not-selected", words, "warning")


def _saved(selection: Selection, chosen: list[str], findings: list[Finding]) -> Output:
    selection.save(chosen)
    return Output(Shown.lines([f"selected: {', '.join(chosen) or 'none'}"]), {"selected": chosen}, findings)


for _command in (list_, select, deselect):
    command.add_command(_command)
