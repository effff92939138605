"""A fleet in this process: what each company comes to, which are chosen, what is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder


def test_sync_brings_every_company_in_line(fleet: FleetFolder, cli: Cli) -> None:
    """Each by its own books and key; the receipt names them all and lies beside fleet.yaml."""
    fleet["south"].write(rows=3)
    said = cli("fleet", "sync", "--format", "json")
    assert said.code == 0, said.stderr
    assert [one["outcome"] for one in said.json["companies"]] == ["done"] * 3
    assert fleet["south"].accounts == ["N0", "N1", "N2"]
    assert fleet["west"].accounts == ["N0"]
    (kept,) = (fleet.root / ".pleoctl" / "fleet").glob("[0-9]*.json")
    assert json.loads(kept.read_text())["runId"] == said.json["runId"]
    assert all((fleet.root / one["receipt"]).is_file() for one in said.json["companies"])
