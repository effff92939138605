"""``pleoctl export``."""

from __future__ import annotations

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.init import still_example
from pleoctl.errors import ExitCode
from pleoctl.text import Shown


@as_command("export")
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if a file would change.")
def command(options: Options, *, check: bool) -> Output:
    """Read the accounting system into the desired-state file.

    An empty or shrunken result is refused (exit 3) and the file stays as it is. Rows that cannot be used are written
    with `hold`: their records in Pleo stay as they are. Comments in the file are kept.

    Examples:
    pleoctl export
    pleoctl export --check

    """
    from pleoctl.report.counted import counted_rows
    from pleoctl.sources.write import export_to_workspace

    workspace = open_workspace(options)
    exported = export_to_workspace(workspace, check=check)
    code = ExitCode.CHANGES if check and exported.changed else ExitCode.OK
    counts = exported.counts
    files = ", ".join(exported.changed)
    done = ("would change" if check else "wrote") + f" {files}" if files else "nothing to change"
    told = counted_rows(counts)
    text = Shown.lines([f"Read {told} ({counts['held']} held): {done}."])
    findings = [*exported.findings, *still_example(workspace)]
    return Output(text, {"changed": exported.changed, "counts": counts}, findings, code)
