"""The way of one row through the house, as it is walked: who is handed the row, or the change that becomes of it."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pleoctl
from pleoctl.model.changes import Change
from pleoctl.model.records import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

PACKAGE = Path(pleoctl.__file__).parent
ENG = {"code": "ENG", "name": "Renamed"}
VALUES = {"model"}
"""Rows and changes are made there: what they are asked is no way."""


class Walk:
    """Notes the room of each function that is called with the row or its change."""

    def __init__(self) -> None:
        self._met: list[str] = []

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """As `sys.setprofile` has it."""
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE) and any(map(is_it, handed(frame))):
            self._met.append(path.relative_to(PACKAGE).parts[0])

    @property
    def rooms(self) -> list[str]:
        """The rooms in the order in which they are entered."""
        return [room for room, _ in groupby(room for room in self._met if room not in VALUES)]


def handed(frame: FrameType) -> Iterator[object]:
    """The arguments of a call, and what the short ones among them hold."""
    code = frame.f_code
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        given = frame.f_locals.get(name)
        yield given
        if isinstance(given, list | tuple):
            yield from given


def is_it(given: object) -> bool:
    """Whether it is the row, or the change of its record."""
    return (isinstance(given, Row) and given.key == "ENG") or (isinstance(given, Change) and given.address.key == "ENG")


def test_a_row_comes_back_to_no_room(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """From the file over the decision and the plan, whose bytes are made, to its words: never back into a room."""
    folder = workspace(pleo, dimensions={"selected": ["DEPT"]})
    desired(folder, dimensions=[{"code": "DEPT", "name": "Department", "values": [ENG]}])
    walk = Walk()
    sys.setprofile(walk)
    try:
        said = cli("plan", "--allow-archive", "1")
    finally:
        sys.setprofile(None)
    assert "Renamed" in said.stdout
    assert walk.rooms == ["desired", "reconcile", "plan", "documents", "report"]
