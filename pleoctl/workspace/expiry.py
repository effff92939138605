"""When the credentials of a workspace end that cannot tell it themselves: on the days that ``expires`` names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.errors import InvalidFile
from pleoctl.watch import Ending, watched

if TYPE_CHECKING:
    from pleoctl.workspace.workspace import Workspace

CREDENTIAL: Final = "credential"


def note_endings(workspace: Workspace) -> None:
    """Let whoever watches know of the days. Raises `InvalidFile` for one that no calendar has."""
    for section, day in msgspec.structs.asdict(workspace.settings.expires).items():
        if day is None:
            continue
        try:
            moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
        except ValueError:
            place = workspace.document.place(("expires", section))
            raise InvalidFile(f"expires.{section}: {day} is not a date", place=place) from None
        watched().endings[section, CREDENTIAL] = Ending.within(moment.timestamp())
