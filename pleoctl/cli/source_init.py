"""``pleoctl source init``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, check_output, is_stdout, workspace_folder, write_output
from pleoctl.cli.init import SCAFFOLD
from pleoctl.errors import Finding, Refused, UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.sources.guess import Draft
    from pleoctl.workspace import Workspace

_NEXT: Final = "look at the comments, then `pleoctl source check --trace 3`"


@as_command("init", parent="source")
@click.argument("file", metavar="FILE", type=PATH)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write the section here (- for standard output).")
@click.option("--dimension", metavar="CODE", help="The file lists the values of this dimension, not accounts.")
@click.option(
    "--table",
    type=click.Choice(["accounts", "taxCodes", "vendors"]),
    default="accounts",
    show_default=True,
    help="What the file lists.",
)
@click.option("--encoding", metavar="NAME", help="The encoding of a text file, if the guess is wrong.")
def command(
    options: Options, *, file: str, output: str | None, dimension: str | None, table: str, encoding: str | None
) -> Output:
    """Write a `source` section from a sample file.

    Its guesses stand there as comments, and it has read the file before it is written. Knows CSV, .xlsx, SIE, GnuCash,
    beancount and hledger; headers and words in English, German, Swedish, Danish, Norwegian, Finnish, French, Dutch,
    Spanish and Italian.

    It goes into the workspace where that has no source yet (the one of `pleoctl init` is none), else to standard
    output. Nothing that somebody wrote is overwritten.

    Examples:
    pleoctl source init as/chart.csv
    pleoctl source init as/centres.xlsx --dimension CC -o -
    pleoctl source init as/suppliers.csv --table vendors -o -

    """
    from pleoctl.report.source import source_lines
    from pleoctl.sources.context import Context
    from pleoctl.sources.export import counts
    from pleoctl.sources.guess import Folder, Sample, draft

    if dimension is not None and table != "accounts":
        raise UsageError("--dimension and --table exclude each other")
    workspace = _workspace(options)
    root = Path.cwd() if workspace is None else workspace.root
    sample = Sample(Path(file), _name_in(root, file), encoding, dimension, table)
    made = draft(sample, Folder(root) if workspace is None else Context(workspace))
    written = _written(options, made, workspace, output)
    found = counts(made.state)
    told = ", ".join(f"{number} {name}" for name, number in found.items() if number)
    lines = [f"{sample.name}: {made.kind}, {told}", *source_lines(made.state)]
    data = {"section": made.text, "type": made.kind, "counts": found, "wrote": written}
    if written is None and not is_stdout(output or ""):
        lines = [f"# {line}" for line in lines] + [f"# {_NEXT}", *made.text.splitlines()]
        return Output(Shown.lines(lines), data, [*made.findings, *_kept(workspace)])
    return Output(Shown.lines([*lines, f"wrote {written}; {_NEXT}"]), data, made.findings)


def _workspace(options: Options) -> Workspace | None:
    from pleoctl.workspace import Workspace

    folder = workspace_folder(options)
    return None if folder is None and not options.workspace else Workspace.find(options.workspace)


def _name_in(root: Path, file: str) -> str:
    """A file as the section names it, relative to the workspace. Raises `UsageError` where it lies elsewhere."""
    if not Path(file).is_file():
        raise UsageError(f"{file} is not a file")
    name = Path(os.path.relpath(os.path.realpath(file), os.path.realpath(root)))
    if name.is_absolute() or name.parts[0] == os.pardir:
        raise UsageError(f"{file} lies outside the workspace", hint=f"copy it below {root}, e.g. into as/")
    return name.as_posix()


def _written(options: Options, made: Draft, workspace: Workspace | None, output: str | None) -> str | None:
    """Where the section was written; None where it is only shown."""
    if output is not None:
        if not is_stdout(output) and Path(output).exists():
            raise UsageError(f"{output} exists and is not overwritten", hint="name another file")
        check_output(options, output)
        write_output(options, output, made.text.encode())
        return output
    if workspace is None:
        return None
    text = _filled_in(workspace, made)
    if text is not None:
        workspace.save(text)
        return workspace.document.shown
    return None


def _filled_in(workspace: Workspace, made: Draft) -> str | None:
    """The workspace's text with the section; None where somebody's own stands there already."""
    from pleoctl.documents.edit import add_section

    if workspace.source is None:
        return add_section(workspace.document, "source", made.text)
    if workspace.document.text.count(SCAFFOLD) != 1:
        return None
    return workspace.document.text.replace(SCAFFOLD, made.text)


def _kept(workspace: Workspace | None) -> list[Finding]:
    if workspace is None:
        return [Finding(Refused.code, "there is no workspace here; nothing was written", "info", hint="`pleoctl init`")]
    words = "has a source already; nothing was written"
    place = workspace.document.place(("source",), key=True)
    return [Finding(Refused.code, words, "info", place, hint="replace it yourself")]
