"""A workspace whose plan renames many accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeDesired, MakeWorkspace
from renames import MAPPING, NUMBER, item


@pytest.fixture
def folder(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """Twelve accounts to be renamed, one after another; a source, rules and items beside them."""
    rows = [{"externalId": f"acc-{n}", "code": f"{n}", "name": f"Account {n}"} for n in range(NUMBER)]
    pleo.reset(Seed(accounts=rows), Settings())
    made: Path = workspace(pleo, source={"type": "csv", "accounts": {"path": "books.csv"}}, mapping="mapping.yaml")
    desired(made, accounts=[{**row, "name": f"{row['name']} new"} for row in rows])
    lines = ["externalId,code,name", *(f"acc-{n},{n},Account {n} new" for n in range(NUMBER))]
    (made / "books.csv").write_text("\n".join(lines) + "\n")
    (made / "mapping.yaml").write_text(MAPPING)
    (made / "items.json").write_text(json.dumps([item(1), item(2)]))
    return made


@pytest.fixture
def plan(folder: Path, cli: Cli) -> Path:
    """A saved plan."""
    assert cli("plan", "-o", "plan.json").code == 0
    return folder / "plan.json"
