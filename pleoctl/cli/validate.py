"""``pleoctl validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.errors import ExitCode, Finding, PleoctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.workspace import Workspace


@as_command("validate")
def command(options: Options) -> Output:
    """Check every file of the workspace, offline, and tell all problems at once.

    Examples:
    pleoctl validate
    pleoctl validate --format json

    """
    workspace = open_workspace(options)
    checked, findings = [workspace.document.shown], list(workspace.findings())
    for shown, check in _checks(workspace):
        checked.append(shown)
        findings += _problems(check)
    bad = [f for f in findings if f.level == "error"]
    text = "" if bad else f"{', '.join(checked)}: valid.\n"
    return Output(text, {"files": checked}, findings, ExitCode.INVALID if bad else ExitCode.OK)


def _checks(workspace: Workspace) -> Iterator[tuple[str, Callable[[], object]]]:
    from pleoctl.documents.desired import load_desired  # noqa: PLC0415 - the engine only where it is used

    files = workspace.desired_files
    yield ", ".join(shown for _, shown in files), lambda: load_desired(files)
    if (mapping := workspace.mapping) is not None:
        from pleoctl.mapping import load_rules  # noqa: PLC0415

        yield workspace.shown(mapping), lambda: load_rules(mapping, workspace.root)


def _problems(check: Callable[[], object]) -> list[Finding]:
    try:
        check()
    except PleoctlError as error:
        return error.findings
    return []
