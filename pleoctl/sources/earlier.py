"""What the desired-state files held before an export: their rows, and people's comments.

An export changes few rows of many. Where a file has no comments, the lines that it shares with the new state are known
to be rows as those of the state, and only the others are read.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pleoctl.desired.entries import NotSimple
from pleoctl.desired.lines import row_text
from pleoctl.desired.quick import QuickReader
from pleoctl.desired.read import load_state
from pleoctl.documents.files import read_bytes
from pleoctl.model.kinds import flat_kinds
from pleoctl.model.records import DesiredState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pleoctl.desired.comments import Comments
    from pleoctl.model.records import Row
    from pleoctl.workspace import Workspace


class Spoken:
    """A new state and the line of each of its flat rows, by the row's `id`."""

    def __init__(self, state: DesiredState) -> None:
        """Work the lines out, once for all that asks for them."""
        self.state = state
        kinds = [kind for kind in flat_kinds() if kind.name in state.flat]
        self.lines = {id(row): row_text(row, kind) for kind in kinds for row in state.flat[kind.name]}

    def known(self) -> dict[str, dict[str, Row]]:
        """The rows that have a key, by the line that begins their section and their own."""
        return {
            f"{kind.section}:": {self.lines[id(row)]: row for row in self.state.flat[kind.name] if row.key is not None}
            for kind in flat_kinds()
            if kind.name in self.state.flat
        }


def old_files(workspace: Workspace, spoken: Spoken) -> tuple[list[DesiredState], list[Comments | None]]:
    """What the desired-state files hold now, with people's comments. Raises `InvalidFile`.

    Where there is one file, the places of its rows tell nothing: none of them can be anybody's own.
    """
    files = workspace.desired_files
    if len(files) == 1 and files[0][0].exists() and (only := _quickly(*files[0], spoken)) is not None:
        return [only], [None]
    states: list[DesiredState] = []
    comments: list[Comments | None] = []
    for path, shown in files:
        state, comment = load_state(path, shown) if path.exists() else (DesiredState(), None)
        states.append(state)
        comments.append(comment)
    return states, comments


def _quickly(path: Path, shown: str, spoken: Spoken) -> DesiredState | None:
    """A file of which most lines are known; None where it has comments or has to be read whole."""
    with suppress(UnicodeDecodeError, NotSimple):
        lines = read_bytes(path, shown).replace(b"\r\n", b"\n").decode().split("\n")
        same: dict[str, list[Row]] = {}
        reader = QuickReader("\n".join(_others(lines, spoken.known(), same)), shown)
        state = reader.read()
        if not reader.notes:
            for kind in flat_kinds():
                if kind.name in state.flat:
                    state.flat[kind.name] += same.get(f"{kind.section}:", [])
            return state
    return None


def _others(lines: list[str], known: Mapping[str, Mapping[str, Row]], same: dict[str, list[Row]]) -> Iterator[str]:
    """The lines that are not known, and the first of each section; the rows of those left out go into ``same``.

    Raises `NotSimple` where people wrote, as soon as it shows: nothing would be gained.
    """
    rows: Mapping[str, Row] = {}
    left: list[Row] = []
    first = False
    for line in lines:
        row = rows.get(line)
        if row is not None and not first:
            left.append(row)
            continue
        first = False
        if line in known:
            rows, left, first = known[line], same.setdefault(line, []), True
        elif not line.startswith("- {"):
            # The row of a block, which what stands behind it may belong to, or a comment: all is to be read.
            if line.startswith("#" if not rows else ("#", "-", " ")):
                raise NotSimple
            rows = {}
        elif rows and not line.endswith("}"):
            raise NotSimple
        yield line
