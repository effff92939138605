"""The commands ``drift`` and ``sync``: what they find, what stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixed import accounts
from pleoctl.sandbox import Edit, Seed

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


def test_drift_is_2(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """Drift tells changes by 2, in line by 0; there is no guard and no warning."""
    said = cli("drift", "--format", "json")
    assert (said.code, said.json["exitCode"]) == (2, 2)
    assert said.json["result"]["changes"]
    assert cli("apply", str(plan)).code == 0
    assert cli("drift").code == 0
    pleo.world.edit(Edit(op="rename", kind="account", key="keep", fields={"name": "Drifted"}))
    drifted = cli("drift")
    assert drifted.code == 2
    assert "Drifted" in drifted.stdout


def test_drift_has_no_guard(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """What a plan would refuse is drift like any other, and costs no question for its use."""
    pleo.reset(Seed(accounts=accounts(30)))
    desired(workspace(pleo), accounts=[])
    said = cli("drift")
    assert said.code == 2
    assert "--allow-archive" not in said.stdout + said.stderr
    assert pleo.stats()["total"] == 2


def write_csv(folder: Path, rows: list[str]) -> None:
    """The accounting system's accounts."""
    (folder / "accounts.csv").write_text("\n".join(["externalId,code,name", *rows]) + "\n", encoding="utf-8")


CSV = {"type": "csv", "accounts": {"path": "accounts.csv"}}


def test_sync_exports_plans_and_applies(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """One command brings Pleo in line; the second has nothing to do."""
    pleo.reset(Seed(accounts=accounts(30)))
    folder = workspace(pleo, source=CSV)
    write_csv(folder, [f"e{n:03},{n},N{n}" for n in range(28)] + ["new,9,New"])
    said = cli("sync", "--format", "json")
    assert said.code == 0, said.stderr
    assert {a["externalId"] for a in pleo.state()["accounts"] if a["archived"]} == {"e028", "e029"}
    assert (folder / "desired-state.yaml").exists()
    pleo.world.statistics.reset()
    assert cli("sync").code == 0
    assert pleo.stats()["writes"] == 0


def test_sync_stops_at_the_guard(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """Nobody reviews a sync, so its guard has no override."""
    pleo.reset(Seed(accounts=accounts(30)))
    folder = workspace(pleo, source=CSV)
    write_csv(folder, ["e000,0,N0"])
    said = cli("sync")
    assert said.code == 3
    assert "archive" in said.stdout + said.stderr
    assert pleo.stats()["writes"] == 0


def test_a_broken_source_stops_a_sync(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """Without the accounting system's data nothing is read from or written to Pleo."""
    workspace(pleo, source=CSV)
    said = cli("sync")
    assert said.code in {1, 78}
    assert pleo.stats()["total"] == 0
