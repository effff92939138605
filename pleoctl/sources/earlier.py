"""What the desired-state files held before an export: their rows, and people's comments.

An export changes few rows of many: the lines that a file shares with the new state are known to say the same rows, and
only the others are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.desired.read import load_state
from pleoctl.model.kinds import flat_kinds
from pleoctl.model.records import DesiredState

if TYPE_CHECKING:
    from pleoctl.desired.comments import Comments
    from pleoctl.desired.lines import Spoken
    from pleoctl.desired.listed import Known
    from pleoctl.workspace import Workspace


def old_files(
    workspace: Workspace, new: DesiredState, spoken: Spoken
) -> tuple[list[DesiredState], list[Comments | None]]:
    """What the desired-state files hold now, with people's comments; ``spoken`` are the lines of the new state.

    Raises `InvalidFile`.
    """
    states: list[DesiredState] = []
    comments: list[Comments | None] = []
    known = _known(new, spoken)
    for path, shown in workspace.desired_files:
        state, comment = load_state(path, shown, known) if path.exists() else (DesiredState(), None)
        states.append(state)
        comments.append(comment)
    return states, comments


def _known(new: DesiredState, spoken: Spoken) -> Known:
    """The rows that have a key, by the line that says them."""
    known = {}
    for kind in flat_kinds():
        if kind.name in new.flat:
            said = zip(*spoken.section(new.flat[kind.name], kind), strict=True)
            known[kind.name] = {line: row for row, line in said if row.key is not None}
    return known
