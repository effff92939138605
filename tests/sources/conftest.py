"""A workspace of one csv file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.desired.comments import render
from pleoctl.sources import read_source
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import ReadAccounts, Value
    from tests.conftest import MakeWorkspace


@pytest.fixture
def read(workspace: MakeWorkspace) -> ReadAccounts:
    """Reads accounts from CSV text (or bytes): the lines of the desired state and the findings."""

    def call(content: str | bytes, **config: Value) -> tuple[list[str], list[str]]:
        folder: Path = workspace(None, source={"type": "csv", "accounts": {"path": "a.csv", **config}})
        (folder / "a.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        state, findings = read_source(Workspace.find())
        return render(state).splitlines()[3:], [str(f) for f in findings]

    return call
