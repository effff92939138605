"""``pleoctl fmt``."""

from __future__ import annotations

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.errors import ExitCode
from pleoctl.text import Shown


@as_command("fmt")
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if a file would change.")
def command(options: Options, *, check: bool) -> Output:
    """Write the desired-state files as `export` writes them.

    One row one line, sorted, comments kept with the empty lines that set them apart; other empty lines go, and what
    anchors name is written out. An invalid file stays untouched (exit 78).

    Examples:
    pleoctl fmt
    pleoctl fmt --check

    """
    from pleoctl.desired.comments import render
    from pleoctl.desired.read import holds, load_each
    from pleoctl.documents.files import write_atomically

    files = open_workspace(options).desired_files
    changed = []
    for (path, shown), (state, comments) in zip(files, load_each(files), strict=True):
        content = render(state, comments).encode()
        if not holds(path, shown, content):
            changed.append(shown)
            if not check:
                write_atomically(path, content)
    code = ExitCode.CHANGES if check and changed else ExitCode.OK
    done = "would change" if check else "formatted"
    text = Shown.lines([f"{done} {', '.join(changed)}" if changed else "nothing to change"])
    return Output(text, {"changed": changed}, exit_code=code)
