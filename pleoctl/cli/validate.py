"""``pleoctl validate``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.init import COMPANY
from pleoctl.cli.reports import report_options, reporting
from pleoctl.errors import ExitCode, Finding, MissingExtra, PleoctlError
from pleoctl.place import Place
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.model.records import DesiredState
    from pleoctl.workspace import Workspace


@as_command("validate")
@report_options
def command(options: Options, *, junit: str | None, sarif: str | None) -> Output:
    """Check every file of the workspace, offline, all at once.

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
    text = Shown() if bad else Shown.lines([f"{', '.join(reported.files)}: valid."])
    return Output(text, {"files": reported.files}, reported.findings, ExitCode.INVALID if bad else ExitCode.OK)


def _checks(workspace: Workspace) -> Iterator[tuple[list[str], Callable[[], object]]]:
    from pleoctl.desired.read import load_desired

    files = workspace.desired_files
    if workspace.source is not None and not any(path.exists() for path, _ in files):
        yield [], lambda: _not_ready(Place(files[0][1]), "is not there yet", "`pleoctl export` writes it")
    else:
        yield [shown for _, shown in files], lambda: _consistent(workspace, load_desired(files))
    if workspace.company == COMPANY:
        place = workspace.document.place(("company",))
        yield [], lambda: _not_ready(place, "is the example's company", "set the UUID of yours")
    if workspace.source is not None:
        from pleoctl.sources.opening import open_source

        # Making a source checks its section; it asks nobody and resolves no secret.
        yield [], lambda: open_source(workspace)
    if (mapping := workspace.mapping) is not None:
        from pleoctl.mapping.rules.build import load_rules

        yield [workspace.shown(mapping)], lambda: load_rules(mapping, workspace.root)


def _not_ready(place: Place, words: str, hint: str) -> list[Finding]:
    """What a new workspace lacks, which is no mistake in it."""
    return [Finding("not-ready", words, "warning", place, hint=hint)]


def _consistent(workspace: Workspace, desired: DesiredState) -> list[Finding]:
    """What a plan would warn of because of the desired state alone. Raises `InvalidFile`."""
    from pleoctl.plan.warnings import unknown_tax_accounts
    from pleoctl.reconcile.dimensions import selected_dimensions

    selected_dimensions(desired, tuple(workspace.selected or ()))
    unknown = unknown_tax_accounts(desired)
    return [Finding("tax-account-unknown", words, "warning", row.place) for row, words in unknown]


def _problems(check: Callable[[], object]) -> list[Finding]:
    """What a check raises, or gives as findings."""
    try:
        told = check()
    except MissingExtra as error:
        # Reading the books may be another machine's job.
        return [replace(finding, level="warning") for finding in error.findings]
    except PleoctlError as error:
        return error.findings
    return told if isinstance(told, list) else []
