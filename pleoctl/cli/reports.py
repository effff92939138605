"""The reports that commands write beside their output: JUnit, SARIF, and what GitHub Actions shows."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.common import WORKSPACE, inputs_of, workspace_folder, write_output
from pleoctl.cli.door import annotate, tell
from pleoctl.cli.shared import OUTPUT, together
from pleoctl.errors import Finding, PleoctlError, limited
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pleoctl.cli.boundary import Options
    from pleoctl.markup import Markdown

MOST_SUMMARY: Final = 400_000


@dataclass(slots=True, eq=False, repr=False)
class Reported:
    """What a command found: findings, the files it looked at, and a summary in markdown made for so many bytes.

    ``inputs`` are files beside the workspace's own that no report may replace.
    """

    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)
    summary: Callable[[int], Markdown] | None = None


report_options = together(
    click.option("--junit", type=OUTPUT, metavar="FILE", help="Also write the findings as JUnit XML."),
    click.option("--sarif", type=OUTPUT, metavar="FILE", help="Also write the findings as SARIF 2.1.0."),
)


@contextmanager
def reporting(options: Options, *, junit: str | None = None, sarif: str | None = None) -> Iterator[Reported]:
    """Write the reports when the block ends, also when it ends with an error, which then stands in them."""
    reported = Reported()
    try:
        yield reported
    except PleoctlError as error:
        reported.findings += error.findings
        reported.summary = None
        try:
            _write(options, reported, junit, sarif)
        except PleoctlError as second:
            error.findings += second.findings
        raise
    except Exception as error:
        reported.findings.append(Finding("internal", f"ended with an unexpected {type(error).__name__}"))
        _write(options, reported, junit, sarif)
        raise
    _write(options, reported, junit, sarif)


def _write(options: Options, reported: Reported, junit: str | None, sarif: str | None) -> None:
    from pleoctl.forge import environment

    reported.findings = limited(reported.findings)
    name = f"pleoctl {options.command}"
    folder = _folder(options)
    inputs = [*inputs_of(options), *reported.inputs]
    if junit is not None:
        from pleoctl.report.junit import findings_junit

        write_output(options, junit, findings_junit(reported.findings, reported.files, name), inputs=inputs)
    if sarif is not None:
        from pleoctl.report.sarif import findings_sarif

        default = next(iter(reported.files), WORKSPACE)
        found = findings_sarif(reported.findings, folder=folder, default=default)
        write_output(options, sarif, found, inputs=inputs)
    if environment.in_github_actions():
        from pleoctl.forge.annotations import workflow_commands

        annotate(workflow_commands(reported.findings, folder=folder))
        _append_summary(name, reported)


def _append_summary(name: str, reported: Reported) -> None:
    from pathlib import Path

    from pleoctl.forge.annotations import SUMMARY_BYTES
    from pleoctl.markup import Markdown
    from pleoctl.report.markdown import findings_markdown

    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        used = Path(path).stat().st_size if Path(path).exists() else 0
        room = min(SUMMARY_BYTES - used, MOST_SUMMARY)
        text = (
            reported.summary(room) if reported.summary else findings_markdown(name, reported.findings, max_bytes=room)
        )
        content = bytes(text)
        if used + len(content) > SUMMARY_BYTES:
            content = bytes(Markdown("## {}\n\nToo long to be shown here; see the log.\n", name))
        # A summary that is too large would be dropped as a whole.
        if used + len(content) <= SUMMARY_BYTES:
            with Path(path).open("ab") as stream:
                stream.write(content)
    except OSError as error:
        tell(Shown.lines([f"the step summary cannot be written: {error.strerror}"]))


def _folder(options: Options) -> str:
    """Where the workspace stands in the repository of a CI job, for whom paths start at its top."""
    from pathlib import Path

    from pleoctl.forge import environment

    root = environment.repository_root()
    if root is None:
        return ""
    try:
        inside = (workspace_folder(options) or Path.cwd()).resolve().relative_to(root.resolve())
    except (OSError, ValueError):
        return ""
    return "" if inside == Path() else inside.as_posix()
