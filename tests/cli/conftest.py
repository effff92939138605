"""A workspace whose plan has a change of every sort, and one that has no source yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mixed
from pleoctl.sandbox import Settings
from workspace_text import SOURCELESS, write

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


@pytest.fixture
def folder(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """A workspace of the mixed plan."""
    pleo.reset(mixed.SEED, Settings())
    return mixed.write_workspace(workspace, desired, pleo)


@pytest.fixture
def plan(folder: Path, cli: Cli) -> Path:
    """A saved plan."""
    assert cli("plan", "-o", "plan.json").code == 0
    return folder / "plan.json"


@pytest.fixture
def sourceless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without a source, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "as").mkdir()
    write(tmp_path, SOURCELESS)
    return tmp_path
