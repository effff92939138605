"""``pleoctl import``."""

from __future__ import annotations

from pathlib import Path

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, check_output, open_workspace, write_output
from pleoctl.cli.planning import connected
from pleoctl.errors import Refused
from pleoctl.text import Shown


@as_command("import")
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Write here instead of the desired-state file.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def command(options: Options, *, output: str | None, force: bool) -> Output:
    """Write live Pleo as a desired state to start from.

    Selects the first five active tag groups by code and leaves the others alone. Records that pleoctl could not write
    (blank or over-long names) become held rows. A plan made right after has at most the archives of duplicates.

    Examples:
    pleoctl import
    pleoctl import -o live.yaml --force

    """
    from pleoctl.desired.comments import render
    from pleoctl.documents.edit import edit_list
    from pleoctl.documents.files import write_atomically
    from pleoctl.documents.load import parse
    from pleoctl.model.records import DesiredState
    from pleoctl.plan.adopt import adopt
    from pleoctl.pleo.reader import PleoReader

    workspace = open_workspace(options)
    path, shown = (Path(output), output) if output else workspace.desired_files[0]
    if output:
        check_output(options, output, [workspace.file])
    # All rows go into one file; the workspace's other files would hold them a second time.
    others = [] if output else workspace.desired_files[1:]
    for target, name in [(path, shown), *others]:
        if target.is_file() and not force:
            raise Refused(f"{name} exists", hint="--force overwrites it")
    with connected(workspace, PleoReader) as reader:
        adopted = adopt(reader)
    edited = edit_list(workspace.document, ("dimensions", "selected"), adopted.selected)
    edited = edit_list(parse(edited, workspace.document.shown), ("dimensions", "leave"), adopted.leave)
    content = render(adopted.state).encode()
    if output is None:
        write_atomically(path, content)
    else:
        write_output(options, output, content)
    if options.unwritten:
        return Output()
    for target, _ in others:
        write_atomically(target, render(DesiredState()).encode())
    workspace.save(edited)
    counted = f"{len(adopted.state.accounts or ())} accounts, {len(adopted.selected)} dimensions selected"
    left = f"{len(adopted.leave)} left alone (written to {workspace.document.shown})"
    text = Shown.lines([f"Wrote {shown}: {counted}, {left}.", "Next: pleoctl plan"])
    return Output(text, {"file": shown, "selected": adopted.selected, "leave": adopted.leave}, adopted.findings)
