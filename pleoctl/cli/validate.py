"""``pleoctl validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.reports import report_options, reporting
from pleoctl.errors import ExitCode, Finding, PleoctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.workspace import Workspace


@as_command("validate")
@report_options
def command(options: Options, *, junit: str | None, sarif: str | None) -> Output:
    """Check every file of the workspace, offline, and tell all problems at once.

    Examples:
    pleoctl validate
    pleoctl validate --format json
    pleoctl validate --sarif validate.sarif --junit validate.xml

    """
    with reporting(options, junit=junit, sarif=sarif) as reported:
        workspace = open_workspace(options)
        reported.files.append(workspace.document.shown)
        reported.findings += workspace.findings()
        for shown, check in _checks(workspace):
            reported.files += shown
            reported.findings += _problems(check)
    bad = any(f.level == "error" for f in reported.findings)
    text = "" if bad else f"{', '.join(reported.files)}: valid.\n"
    return Output(text, {"files": reported.files}, reported.findings, ExitCode.INVALID if bad else ExitCode.OK)


def _checks(workspace: Workspace) -> Iterator[tuple[list[str], Callable[[], object]]]:
    from pleoctl.documents.desired import load_desired  # noqa: PLC0415 - the engine only where it is used

    files = workspace.desired_files
    yield [shown for _, shown in files], lambda: load_desired(files)
    if workspace.source is not None:
        from pleoctl.sources import open_source  # noqa: PLC0415

        # Making a source checks its section; it asks nobody and resolves no secret.
        yield [], lambda: open_source(workspace)
    if (mapping := workspace.mapping) is not None:
        from pleoctl.mapping import load_rules  # noqa: PLC0415

        yield [workspace.shown(mapping)], lambda: load_rules(mapping, workspace.root)


def _problems(check: Callable[[], object]) -> list[Finding]:
    try:
        check()
    except PleoctlError as error:
        return error.findings
    return []
