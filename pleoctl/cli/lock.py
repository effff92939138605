"""``pleoctl lock``."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, open_workspace, workspace_folder
from pleoctl.cli.shared import as_group
from pleoctl.errors import ExitCode, Finding, PleoctlError, UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.state.base import Standing, State
    from pleoctl.state.lock import Holder
    from pleoctl.workspace import Workspace

_HERE: Final = "this machine"
_SHARED: Final = "shared"
_HEADERS: Final = ("company", "url", "command", "pid", "host", "run", "since", "lock", "lease")


_fleet_option = click.option(
    "--fleet",
    "fleet_file",
    type=PATH,
    metavar="FILE|FOLDER",
    help="Ask the database of this fleet, which its companies without a state of their own share.",
)


@as_group("lock")
def command() -> None:
    """Who is writing to which company, here and in a shared state."""


@as_command("list", parent="lock")
@_fleet_option
def list_(options: Options, *, fleet_file: str | None) -> Output:
    """List the locks that are held now.

    Those of this machine, and those in the shared state of the workspace or of the fleet that is named: who holds
    what since when, and how old the lease is. A holder that is cut off has ended without a word: the next run waits
    until its lease is old, then goes on by itself.

    Examples:
    pleoctl lock list
    pleoctl lock list --fleet fleet.yaml --format json

    """
    from pleoctl.report.table import table
    from pleoctl.state.opening import LocalState

    told = [(_HERE, one) for one in LocalState().standings()]
    findings: list[Finding] = []
    code = ExitCode.OK
    try:
        shared = _shared(options, fleet_file)
        told += [(_SHARED, one) for one in (shared.standings() if shared is not None else ())]
    except PleoctlError as error:
        findings, code = error.findings, error.exit_code
    rows = [_row(where, one) for where, one in told]
    nobody = "No locks are held." if not findings else "No locks are held on this machine."
    text = table(list(_HEADERS), rows) if rows else Shown.lines([nobody])
    return Output(text, [_data(where, one) for where, one in told], findings, code)


def _shared(options: Options, fleet_file: str | None) -> State | None:
    """The state that this invocation shares; None where it shares none, or nobody says which."""
    from pleoctl.state.opening import state_at, state_of

    if fleet_file is not None:
        from pleoctl.fleet.fleet import Fleet

        database = Fleet.find(fleet_file).database
        return None if database is None else state_at(database.reveal())
    if workspace_folder(options) is None:
        return None
    workspace = open_workspace(options)
    return None if workspace.state is None else state_of(workspace)


def _row(where: str, one: Standing) -> list[str]:
    held = one.holder
    if held is None:
        unknown = "unknown: another user's lock" if one.status == "unknown" else "unknown"
        return [one.name, "", unknown, "", "", "", "", where, ""]
    run = held.run or ""
    return [held.company, held.url, held.command, str(held.pid), held.host, run, held.since, where, _lease(one)]


def _lease(one: Standing) -> str:
    if one.lasts is None:
        return ""
    if one.age is None:
        return f"held, or cut off: free once unchanged for {one.lasts:.0f} s"
    if one.status == "held":
        return f"renewed {one.age:.0f} s ago"
    left = one.lasts - one.age
    return f"cut off, free in {left:.0f} s" if left > 0 else "cut off, free"


def _data(where: str, one: Standing) -> dict[str, Any]:
    if where == _HERE and one.holder is None:
        return {"file": f"{one.name}.lock", "held": None if one.status == "unknown" else True}
    return {**one.as_json(), "lock": where}


@as_command("release", parent="lock")
@_fleet_option
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
def release(options: Options, *, fleet_file: str | None, yes: bool) -> Output:
    """Release what a killed run left behind.

    On this machine that is a note: the lock itself frees itself when its holder dies. In a shared state it is a lease,
    which the next run would wait for (half a minute and one request's deadline): releasing it spares that wait, and is
    only safe once what the run had sent is over. It is asked about first (--yes says so without a terminal). If a
    living process holds the lock, nothing is released (exit 6): end that process first.

    Examples:
    pleoctl lock release
    pleoctl lock release --yes --format json
    pleoctl lock release --workspace companies/acme --fleet fleet.yaml

    """
    from pleoctl.state.opening import LocalState

    workspace = open_workspace(options)
    shared = _shared(options, fleet_file)
    holder = LocalState().release(workspace.url, workspace.company)
    findings: list[Finding] = []
    if shared is not None and (left := _left(shared, workspace)) is not None:
        _confirm(left, yes=yes)
        freed = shared.release(workspace.url, workspace.company)
        if freed is not None:
            holder = freed
            findings = [_warning(workspace, freed)]
    data = {"released": holder is not None, "holder": None if holder is None else asdict(holder)}
    return Output(Shown.lines(["nothing to release" if holder is None else "released"]), data, findings)


def _left(shared: State, workspace: Workspace) -> Holder | None:
    """Who stands in the shared lock of the workspace's company."""
    from pleoctl.machine import connection_name

    name = connection_name(workspace.url, workspace.company)
    return next((one.holder for one in shared.standings() if one.name == name), None)


def _confirm(holder: Holder, *, yes: bool) -> None:
    """Have it confirmed. Raises `UsageError` where nobody can be asked, or says no."""
    if yes:
        return
    words = f"what {holder} sent may still be carried out, and this gives its lock free"
    if os.environ.get("CI") or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(words, hint="see that it has ended, then say --yes")
    from pleoctl.text import terminal

    if not click.confirm(f"{terminal(words)}. Release it?", err=True):
        raise UsageError("nothing was released")


def _warning(workspace: Workspace, holder: Holder) -> Finding:
    words = (
        f"the lock of {holder} was released; what that run had sent may still be carried out for up to"
        f" {workspace.limits.answer_seconds:g} s"
    )
    return Finding("lock-released", words, "warning", hint="run plan before anything else writes")


command.add_command(list_)
command.add_command(release)
