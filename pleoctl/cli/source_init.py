"""``pleoctl source init``."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, check_output, is_stdout, workspace_folder, write_output
from pleoctl.cli.init import SCAFFOLD
from pleoctl.cli.planning import Section
from pleoctl.cli.shared import OUTPUT
from pleoctl.errors import Finding, Refused, UsageError
from pleoctl.model.kinds import ACCOUNT
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.sources.guess import Draft, Sample
    from pleoctl.workspace import Workspace

_NEXT: Final = "look at the comments, then `pleoctl source check --trace 3`"


@as_command("init", parent="source")
@click.argument("files", metavar="FILE", type=PATH, nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", type=OUTPUT, help="Write the section here (- for standard output).")
@click.option("--dimension", metavar="CODE", help="The file lists the values of this dimension, not accounts.")
@click.option(
    "--table",
    type=Section(flat=True),
    default=ACCOUNT.section,
    show_default=True,
    help="What the file lists.",
)
@click.option("--encoding", metavar="NAME", help="The encoding of a text file, if the guess is wrong.")
def command(
    options: Options,
    *,
    files: tuple[str, ...],
    output: str | None,
    dimension: str | None,
    table: str,
    encoding: str | None,
) -> Output:
    """Write a `source` section from a sample file.

    Its guesses stand there as comments, and it has read the file before it is written. Knows CSV, .xlsx, SIE, GnuCash,
    beancount and hledger; headers and words in English, German, Swedish, Danish, Norwegian, Finnish, French, Dutch,
    Spanish and Italian.

    It goes into the workspace: as its source, or, one file after the other, beside the tables that its source has.
    Nothing that somebody wrote is overwritten (the source of `pleoctl init` is nobody's); where the two cannot be one,
    the section is shown, and why.

    Examples:
    pleoctl source init as/chart.csv
    pleoctl source init as/centres.csv --dimension CC
    pleoctl source init as/suppliers.csv --table vendors -o -

    """
    from pleoctl.sources.context import Context
    from pleoctl.sources.guess import Folder, Sample, draft

    if dimension is not None and table != ACCOUNT.section:
        raise UsageError("--dimension and --table exclude each other")
    file = _only(files)
    workspace = _workspace(options)
    root = Path.cwd() if workspace is None else workspace.root
    sample = Sample(Path(file), _name_in(root, file), encoding, dimension, table)
    made = draft(sample, Folder(root) if workspace is None else Context(workspace))
    told: list[Finding] = []
    written = _written(options, made, workspace, output, told)
    lines, data = _understood(sample, made)
    data["wrote"] = written
    if written is None:
        lines = [f"# {line}" for line in lines] + [f"# {_NEXT}", *made.text.splitlines()]
        return Output(Shown.lines(lines), data, [*made.findings, *told])
    if output is not None:
        where = "" if is_stdout(output) else f"wrote {written}; "
        lines.append(f"{where}it goes into pleoctl.yaml; {_NEXT}")
    else:
        lines.append(f"wrote {written}; {_NEXT}")
    return Output(Shown.lines(lines), data, made.findings)


def _only(files: tuple[str, ...]) -> str:
    """The one file. Raises `UsageError` where there are more."""
    if len(files) > 1:
        hint = f"the next: `pleoctl source init {files[1]} --dimension CODE`, or with --table"
        raise UsageError(f"{len(files)} files at once: each lists one thing, so it takes a run of its own", hint=hint)
    return files[0]


def _understood(sample: Sample, made: Draft) -> tuple[list[str], dict[str, Any]]:
    """What the file gives by the section, as lines and as data."""
    from pleoctl.report.counted import counted_rows
    from pleoctl.report.source import source_lines
    from pleoctl.sources.export import counts

    found = counts(made.state)
    counted = counted_rows(found, least=1) + (f", {found['held']} held" if found["held"] else "")
    lines = [f"{sample.name}: {made.kind}, {counted}", *source_lines(made.state)]
    return lines, {"section": made.text, "type": made.kind, "counts": found}


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


def _written(
    options: Options, made: Draft, workspace: Workspace | None, output: str | None, told: list[Finding]
) -> str | None:
    """Where the section was written; None where it is only shown, and ``told`` has why."""
    if output is not None:
        if not is_stdout(output) and Path(output).exists():
            raise UsageError(f"{output} exists and is not overwritten", hint="name another file")
        check_output(options, output)
        write_output(options, output, made.text.encode())
        return output
    if workspace is None:
        words = "there is no workspace here; nothing was written"
        told.append(Finding(Refused.code, words, "info", hint="`pleoctl init`"))
        return None
    try:
        workspace.save(_filled_in(workspace, made))
    except Refused as error:
        told += [replace(one, level="warning") for one in error.findings]
        return None
    return workspace.document.shown


def _filled_in(workspace: Workspace, made: Draft) -> str:
    """The workspace's text with the section, or with its tables in the one that it has. Raises `Refused`."""
    from pleoctl.documents.edit import add_section
    from pleoctl.sources.guess import joined

    document = workspace.document
    if workspace.source is None:
        return add_section(document, "source", made.text)
    if document.text.count(SCAFFOLD) == 1:
        return document.text.replace(SCAFFOLD, made.text)
    return joined(document, made.text)
