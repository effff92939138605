"""``pleoctl import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, check_output, is_stdout, open_workspace, write_output
from pleoctl.cli.shared import OUTPUT
from pleoctl.errors import Finding, Refused
from pleoctl.pleo.connecting import connected
from pleoctl.text import Shown
from pleoctl.words import many

if TYPE_CHECKING:
    from pleoctl.plan.adopt import Adopted
    from pleoctl.workspace import Workspace


@as_command("import")
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Write here instead of the desired-state file.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def command(options: Options, *, output: str | None, force: bool) -> Output:
    """Write live Pleo as a desired state to start from.

    Selects the first five active tag groups by code and leaves the others alone, unless the workspace says already what
    is selected or left. Records that pleoctl could not write (blank or over-long names) become held rows. A plan made
    right after has at most the archives of duplicates. With -o nothing but that file is written.

    Examples:
    pleoctl import
    pleoctl import -o live.yaml --force

    """
    from pleoctl.documents.files import write_atomically
    from pleoctl.plan.adopt import adopt
    from pleoctl.plan.adopting import contents, states_selection, unsettled, with_selection
    from pleoctl.pleo.reader import PleoReader

    workspace = open_workspace(options)
    if output:
        check_output(options, output, [workspace.file])
    files = [(Path(output), output)] if output else workspace.desired_files
    for target, name in files:
        if target.is_file() and not force and not is_stdout(name):
            raise Refused(f"{name} exists", hint="--force overwrites it")
    stated = states_selection(workspace)
    with connected(workspace, PleoReader) as reader:
        adopted = adopt(reader, workspace.selected or () if stated else None)
    written = list(contents(files, adopted))
    if output is not None:
        write_output(options, output, written[0][1])
        if options.unwritten:
            return Output()
    else:
        edited = workspace.document.text if stated else with_selection(workspace, adopted)
        for path, content in written:
            write_atomically(path, content)
        workspace.save(edited)
    return _told(workspace, adopted, [shown for _, shown in files], [*adopted.findings, *unsettled(workspace, adopted)])


def _told(workspace: Workspace, adopted: Adopted, files: list[str], findings: list[Finding]) -> Output:
    from pleoctl.model.kinds import KINDS
    from pleoctl.plan.adopting import states_selection

    selected = adopted.selected
    leave = workspace.leave if states_selection(workspace) else adopted.others
    rows = [many(len(rows), KINDS[kind].title) for kind, rows in adopted.state.flat.items()]
    counted = f"{', '.join(rows)}, {many(len(selected), 'dimension')} selected"
    desired = [shown for _, shown in workspace.desired_files]
    following = "pleoctl plan" if files == desired else f"compare it with {', '.join(desired)}"
    text = Shown.lines([f"Wrote {', '.join(files)}: {counted}, {len(leave)} left alone.", f"Next: {following}"])
    return Output(text, {"file": files[0], "selected": selected, "leave": leave}, findings)
