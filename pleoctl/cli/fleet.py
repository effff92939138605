"""``pleoctl fleet``."""

from __future__ import annotations

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group
from pleoctl.errors import InvalidFile
from pleoctl.text import Shown


@as_group("fleet")
def command() -> None:
    """Many companies, many machines."""


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
command.add_command(database_group)
