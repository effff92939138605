"""``pleoctl validate``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, open_workspace, workspace_folder
from pleoctl.cli.init import COMPANY, still_example
from pleoctl.cli.reports import Reported, report_options, reporting
from pleoctl.errors import ExitCode, Finding, MissingExtra, PleoctlError, Refused
from pleoctl.place import Place
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.fleet.fleet import Fleet, Opened
    from pleoctl.model.kind import Kind
    from pleoctl.model.records import DesiredState, Row
    from pleoctl.workspace import Workspace


@as_command("validate")
@click.option(
    "--fleet",
    "fleet_file",
    type=PATH,
    metavar="FILE|FOLDER",
    help="Check this fleet and every company in it; so does a folder that has a fleet.yaml and no workspace.",
)
@report_options
def command(options: Options, *, fleet_file: str | None, junit: str | None, sarif: str | None) -> Output:
    """Check every file of the workspace, offline, all at once.

    Of a fleet: fleet.yaml (companies that are not there, are listed twice, or could reach each other; cron lines), and
    every file of every company. References to secrets that a run would refuse, or that lead to no plain file, are
    told, none is resolved.

    Examples:
    pleoctl validate
    pleoctl validate --format json
    pleoctl validate --fleet fleet.yaml
    pleoctl validate --sarif validate.sarif --junit validate.xml

    """
    with reporting(options, junit=junit, sarif=sarif) as reported:
        fleet = _fleet(options, fleet_file)
        if fleet is None:
            _workspace(reported, open_workspace(options))
            told = ", ".join(reported.files)
        else:
            told = f"{fleet.document.shown} and {_companies(reported, fleet)} companies"
    bad = any(f.level == "error" for f in reported.findings)
    text = Shown() if bad else Shown.lines([f"{told}: valid."])
    return Output(text, {"files": reported.files}, reported.findings, ExitCode.INVALID if bad else ExitCode.OK)


def _fleet(options: Options, given: str | None) -> Fleet | None:
    """The fleet that is meant: the one that is named, or stands here where no workspace does."""
    if given is None and workspace_folder(options) is not None:
        return None
    from pleoctl.fleet.fleet import Fleet
    from pleoctl.workspace.find import FLEET_FILE, nearest_file

    return Fleet.find(given) if given is not None or nearest_file(FLEET_FILE) is not None else None


def _workspace(reported: Reported, workspace: Workspace) -> None:
    from pleoctl.sources.references import refused_references

    reported.files.append(workspace.document.shown)
    reported.findings += [*workspace.findings(), *refused_references(workspace)]
    for shown, check in _checks(workspace):
        reported.files += shown
        reported.findings += _problems(check)


def _companies(reported: Reported, fleet: Fleet) -> int:
    """Check a fleet's own file and every company; how many there are. Raises `InvalidFile` for the file alone."""
    reported.files.append(fleet.document.shown)
    reported.findings += _problems(lambda: _scheduled(fleet))
    companies = fleet.opened()
    for one in companies:
        found = _company(one)
        folder = PurePosixPath(one.company.path).parent
        reported.files += [str(folder / file) for file in found.files]
        reported.findings += [_below(one.company.path, folder, finding) for finding in found.findings]
    return len(companies)


def _company(one: Opened) -> Reported:
    if one.workspace is None:
        return Reported(one.error.findings if one.error else [])
    found = Reported()
    try:
        _workspace(found, one.workspace)
    except PleoctlError as error:
        found.findings += error.findings
    return found


def _below(path: str, folder: PurePosixPath, finding: Finding) -> Finding:
    """A company's finding with its place as the fleet sees it."""
    place = finding.place
    if place is None or PurePath(place.file).is_absolute():  # a workspace file that is not there
        return replace(finding, place=Place(path))
    if place.file == path:
        return finding
    return replace(finding, place=Place(str(folder / place.file), place.line, place.column))


def _scheduled(fleet: Fleet) -> None:
    try:
        fleet.check_cron_lines()
    except ImportError as error:
        raise MissingExtra("cron lines are not checked", hint="pip install 'pleoctl[fleet]'") from error


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
        yield [], lambda: still_example(workspace)
    if (mapping := workspace.mapping) is not None:
        from pleoctl.mapping.rules.build import load_rules

        yield [workspace.shown(mapping)], lambda: load_rules(mapping, workspace.root)
    if workspace.settings.sink is not None:
        yield [], lambda: _sink(workspace)


def _sink(workspace: Workspace) -> None:
    """Raise what is wrong with the section; whether a program or a host is trusted is for where it runs.

    Of books that are files the schema says everything; they are opened with the rules, which may not be there yet.
    """
    from pleoctl.sinks.files.make import FORMATS
    from pleoctl.sinks.opening import open_sink, section_of

    if section_of(workspace)["type"] not in FORMATS:
        with suppress(Refused):
            open_sink(workspace)


def _not_ready(place: Place, words: str, hint: str) -> list[Finding]:
    """What a new workspace lacks, which is no mistake in it."""
    return [Finding("not-ready", words, "warning", place, hint=hint)]


def _consistent(workspace: Workspace, desired: DesiredState) -> list[Finding]:
    """What a plan would warn of because of the desired state alone. Raises `InvalidFile`."""
    from pleoctl.model.kinds import ACCOUNT, TAX_CODE
    from pleoctl.plan.warnings import doubtful_codes, shared_codes, unknown_tax_accounts
    from pleoctl.reconcile.dimensions import selected_dimensions

    selected_dimensions(desired, tuple(workspace.selected or ()))
    unknown, shared, doubtful = unknown_tax_accounts(desired), shared_codes(desired), doubtful_codes(desired)
    return [
        *(Finding("tax-account-unknown", words, "warning", row.place, _of(TAX_CODE, row)) for row, words in unknown),
        *(Finding("shared-code", words, "warning", row.place, _of(ACCOUNT, row)) for row, words in shared),
        *(Finding("doubtful-code", words, "warning", row.place, _of(ACCOUNT, row)) for row, words in doubtful),
    ]


def _of(kind: Kind, row: Row) -> str:
    from pleoctl.model.addresses import Address

    return str(Address(kind.name, row.key or ""))


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
