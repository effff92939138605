"""sync does it all in one go; undo takes a run back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Seed

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

ACCOUNTS: list[Json] = [
    {"externalId": "a1", "code": "1", "name": "Old name"},
    {"externalId": "a2", "code": "2", "name": "Two", "archived": True},
    {"externalId": "a3", "code": "3", "name": "Three"},
    *({"externalId": f"s{n}", "code": f"9{n}", "name": f"Same {n}"} for n in range(8)),
]
CSV = "externalId,code,name\na1,1,New name\na2,2,Two again\na4,4,Four\n" + "".join(
    f"s{n},9{n},Same {n}\n" for n in range(8)
)


def state(pleo: Sandbox) -> dict[str, tuple[bool, str]]:
    """Archived and name by externalId."""
    return {a["externalId"]: (a["archived"], a["name"]) for a in pleo.state()["accounts"]}


@pytest.fixture
def company(pleo: Sandbox, workspace: MakeWorkspace) -> Path:
    """A CSV source that renames, unarchives, creates and drops one account each."""
    pleo.reset(Seed(accounts=ACCOUNTS))
    folder: Path = workspace(pleo, source={"type": "csv", "accounts": {"path": "accounts.csv"}})
    (folder / "accounts.csv").write_text(CSV, encoding="utf-8")
    return folder


def test_sync_exports_plans_and_applies(pleo: Sandbox, company: Path, cli: Cli) -> None:
    """One command brings Pleo in line; a second one writes nothing."""
    assert cli("sync").code == 0
    assert state(pleo)["a1"] == (False, "New name")
    writes = pleo.stats()["writes"]
    assert cli("sync", "--format", "json").json["result"]["outcome"] == "done"
    assert pleo.stats()["writes"] == writes
    assert (company / "desired-state.yaml").exists()


def test_the_guard_is_the_only_stop_of_sync(pleo: Sandbox, company: Path, cli: Cli) -> None:
    """A plan that the guard refuses is shown and not applied (exit 3)."""
    (company / "accounts.csv").write_text("externalId,code,name\na1,1,One\n", encoding="utf-8")
    said = cli("sync")
    assert said.code == 3
    assert "archive-share" in said.stdout
    assert pleo.stats()["writes"] == 0


def test_undo_takes_a_run_back(pleo: Sandbox, company: Path, cli: Cli) -> None:
    """Renames, unarchives and archives are reversed; what was created is archived, never deleted."""
    before = state(pleo)
    cli("export")
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert cli("undo", "receipt.json", "-o", "undo.json").code == 0
    plan = json.loads((company / "undo.json").read_text())
    assert plan["source"]["type"] == "undo"
    assert plan["source"]["receipt"] == json.loads((company / "receipt.json").read_text())["runId"]
    assert "desired" not in plan
    assert cli("apply", "undo.json").code == 0
    assert state(pleo) == {**before, "a4": (True, "Four")}
    assert pleo.stats()["deletes"] == 0


def test_undo_finds_a_run_as_log_does(company: Path, cli: Cli) -> None:
    """By its name or the beginning of it; a word that is neither file nor run, or begins several, is told."""
    assert cli("sync").code == 0
    (run,) = cli("log", "--format", "json").json["result"]
    assert run["runId"] in cli("undo", run["runId"][:20], "--format", "json").stdout
    said = cli("undo", "1999")
    assert (said.code, said.stderr) == (
        78,
        "error: 1999: is no file, and no run of this workspace (`pleoctl log` lists the runs)\n",
    )
    (company / ".pleoctl" / "runs" / f"{run['runId']}-again").mkdir()
    assert cli("undo", run["runId"]).code == 0
    said = cli("undo", run["runId"][:20])
    assert (said.code, said.stderr.splitlines()[0]) == (
        64,
        f"error: 2 runs begin with '{run['runId'][:20]}' (`pleoctl log` lists the runs)",
    )


def test_a_plan_that_was_taken_back_is_told_where_it_comes_again(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Pleo is as the plan saw it, so nothing forbids it; the run says that it was carried out before, and by which."""
    pleo.reset(Seed(accounts=ACCOUNTS[:1]))
    folder = workspace(pleo)
    desired(folder, accounts=[{"externalId": "a1", "code": "1", "name": "New name"}])
    assert cli("plan", "-o", "plan.json").code == 0
    first = cli("apply", "plan.json", "--receipt", "receipt.json", "--format", "json").json
    second = cli("apply", "plan.json", "--format", "json").json
    for told in (first, second):
        assert (told["outcome"], told.get("findings")) == ("done", None)
    assert cli("undo", "receipt.json", "-o", "undo.json").code == 0
    assert cli("apply", "undo.json").code == 0
    again = cli("apply", "plan.json")
    assert (again.code, state(pleo)["a1"]) == (0, (False, "New name"))
    assert f"run {second['runId']} ended with all of this plan done" in again.stderr


def test_undo_leaves_what_has_moved_since(pleo: Sandbox, company: Path, cli: Cli) -> None:
    """A record that somebody changed after the run is skipped and listed with the field that moved."""
    cli("export")
    cli("plan", "-o", "plan.json")
    cli("apply", "plan.json", "--receipt", "receipt.json")
    pleo.put_account("a1", name="Renamed by hand")
    said = cli("undo", "receipt.json", "-o", "undo.json")
    skipped = json.loads((company / "undo.json").read_text())["source"]["skipped"]
    assert [entry["address"] for entry in skipped] == ["account:a1"]
    assert "name" in skipped[0]["reason"]
    assert "account:a1" in said.stderr
    cli("apply", "undo.json")
    assert state(pleo)["a1"] == (False, "Renamed by hand")


def test_undo_knows_the_guard(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """Taking back many creates archives many: exit 3 with the number, then --allow-archive lets it pass."""
    pleo.reset(Seed())
    folder = workspace(pleo)
    desired(folder, accounts=[{"externalId": f"n{n}", "code": str(n), "name": f"New {n}"} for n in range(25)])
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    refused = cli("undo", "receipt.json", "-o", "undo.json")
    assert refused.code == 3
    assert "--allow-archive 25" in refused.stdout
    assert cli("undo", "receipt.json", "-o", "undo.json", "--allow-archive", "25").code == 0
    assert cli("apply", "undo.json").code == 0
    assert all(archived for archived, _ in state(pleo).values())


def test_undo_of_tags_goes_back_into_their_groups(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Groups and tags of a run are taken back together."""
    tags = [{"code": f"t{n}", "name": f"Tag {n}"} for n in range(9)]
    pleo.reset(Seed(tag_groups=[{"code": "DEPT", "name": "Dept", "tags": tags}, {"code": "OLD", "name": "Old"}]))
    folder = workspace(pleo, dimensions={"selected": ["DEPT"]})
    values = [{"code": f"t{n}", "name": f"Tag {n}"} for n in range(1, 9)] + [{"code": "new", "name": "New"}]
    desired(folder, dimensions=[{"code": "DEPT", "name": "Dept", "values": values}])
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert cli("undo", "receipt.json", "-o", "undo.json").code == 0
    assert cli("apply", "undo.json").code == 0
    assert {t["code"]: t["archived"] for t in pleo.state()["tags"]} == {f"t{n}": False for n in range(9)} | {
        "new": True
    }
    assert {g["code"]: g["archived"] for g in pleo.state()["tagGroups"]} == {"DEPT": False, "OLD": False}


def test_undo_of_a_created_group_takes_its_tags_along(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Tags are archived before their group, in one run."""
    pleo.reset(Seed(tag_groups=[{"code": "D", "name": "D"}]))
    folder = workspace(pleo, dimensions={"selected": ["D", "NEW"]})
    new = {"code": "NEW", "name": "New", "values": [{"code": "n1", "name": "One"}, {"code": "n2", "name": "Two"}]}
    desired(folder, dimensions=[{"code": "D", "name": "D", "values": []}, new])
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert cli("undo", "receipt.json", "-o", "undo.json", "--allow-archive", "3").code == 0
    assert cli("apply", "undo.json").code == 0
    assert [t["archived"] for t in pleo.state()["tags"]] == [True, True]


def test_a_receipt_of_another_pleo_is_refused(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Undo never takes a staging run back in production: exit 3."""
    folder = workspace(pleo)
    desired(folder, accounts=[{"externalId": "e0", "code": "0", "name": "Name 0"}])
    cli("plan", "-o", "plan.json", "--allow-archive", "2")
    cli("apply", "plan.json", "--receipt", "receipt.json")
    receipt = json.loads((folder / "receipt.json").read_text())
    (folder / "other.json").write_text(json.dumps({**receipt, "url": "https://external.pleo.io"}))
    assert cli("undo", "other.json").code == 3
    assert cli("undo", receipt["runId"]).code in {0, 3}
