"""``pleoctl fleet``."""

from __future__ import annotations

from typing import Any

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.fleet_run import Chosen, apply, drift, jobs, plan, select_options, sync
from pleoctl.cli.shared import as_group
from pleoctl.errors import InvalidFile
from pleoctl.text import Shown


@as_group("fleet")
def command() -> None:
    """Many companies, many machines."""


@as_command("list", parent="fleet")
@select_options
def list_(options: Options, **chosen: Any) -> Output:
    """List the companies, with the state of each and its last run.

    Examples:
    pleoctl fleet list
    pleoctl fleet list --status never
    pleoctl fleet list --changed main --format json

    """
    from pleoctl.fleet.book import newest
    from pleoctl.fleet.books import book_of
    from pleoctl.fleet.fleet import Fleet
    from pleoctl.report.table import table

    asked = Chosen(**chosen)
    fleet = Fleet.find(asked.fleet_file)
    lasts = book_of(fleet).last()
    rows = []
    for one in asked.companies(fleet):
        last = newest(lasts.get(one.company.path, {}))
        rows.append(
            {
                "path": one.company.path,
                "company": one.id,
                "outcome": last.result.outcome if last else "never",
                "command": last.command if last else None,
                "finishedAt": last.finished_at if last else None,
                "error": None if one.error is None else str(one.error.findings[0]),
            }
        )
    cells = [[str(value or "") for value in row.values()] for row in rows]
    text = table(["workspace", "company", "state", "command", "finished", "problem"], cells)
    return Output(text if rows else Shown.lines(["No companies are selected."]), rows)


@as_group("database")
def database_group() -> None:
    """The database in which machines share their state."""


@as_command("upgrade", parent="fleet database")
def upgrade(options: Options) -> Output:
    """Make the tables, or bring them up to what this version of pleoctl needs.

    The database is the one that the workspace's `state` leads to. All or nothing; several at once are one after
    another. A database that a newer version has upgraded is refused (exit 78).

    Examples:
    pleoctl fleet database upgrade

    """
    from pleoctl.state.postgres.database import database
    from pleoctl.state.postgres.layout import upgrade as upgrade_layout

    workspace = open_workspace(options)
    if workspace.state is None:
        words = "the workspace shares no state"
        raise InvalidFile(words, place=workspace.document.place(()), hint="e.g. state: env:PLEOCTL_STATE")
    shared = database(workspace.state.reveal())
    with shared.connect() as connection, shared.asked():
        before, after = upgrade_layout(connection)
    what = f"layout {after} already" if before == after else f"layout {before or 'none'} is now layout {after}"
    return Output(Shown.lines([f"{shared.name}: {what}"]), {"database": shared.name, "before": before, "after": after})


database_group.add_command(upgrade)
for child in (list_, plan, sync, jobs, drift, apply, database_group):
    command.add_command(child)
