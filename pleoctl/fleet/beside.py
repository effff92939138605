"""A company that somebody works on by itself, though a fleet's machines look after it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pleoctl.errors import PleoctlError
from pleoctl.workspace.find import FLEET_FILE, check_owner

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.fleet.fleet import Fleet
    from pleoctl.workspace import Workspace
    from pleoctl.workspace.secrets import Secret

LOG: Final = logging.getLogger(__name__)


def of_fleet(workspace: Workspace) -> Workspace:
    """The workspace with the state that its fleet's runs share, as far as the database's url is known here.

    Else a run by hand and a worker's on another machine would both write, and each make what it does not find.
    """
    with suppress(PleoctlError, OSError):
        database = None if workspace.state is not None else _database_above(workspace)
        if database is not None:
            from pleoctl.fleet.member import MemberWorkspace

            database.reveal()
            return MemberWorkspace(workspace.file, workspace.environ, database)
    return workspace


def tell_of_fleet(workspace: Workspace) -> None:
    """Warn who is about to write where only this machine knows of it, while others share a lock in a database."""
    with suppress(PleoctlError, OSError):
        if workspace.state is None and (database := _database_above(workspace)) is not None:
            LOG.warning(
                "warning: the fleet of this company keeps runs apart by its database, and %s is not known here: "
                "see that no other machine works on the company",
                database.reference,
            )


def _database_above(workspace: Workspace) -> Secret | None:
    fleet = _fleet_of(workspace.file.resolve())
    return None if fleet is None else fleet.database


def _fleet_of(file: Path) -> Fleet | None:
    """The nearest fleet above a workspace file, if it lists it."""
    found = next((path for folder in file.parent.parents if (path := folder / FLEET_FILE).is_file()), None)
    if found is None:
        return None
    from pleoctl.fleet.fleet import Fleet  # most workspaces stand below none

    check_owner(found, os.environ, f"the owner of {found}")
    fleet = Fleet(found)
    return fleet if file in {one.file.resolve() for one in fleet.companies} else None
