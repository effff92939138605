"""plan, show, apply, sync and drift from the command line: outputs, files and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mixed import accounts
from pleoctl.cli import planning
from pleoctl.documents.canonical import canonical_bytes, digest
from pleoctl.documents.schemas import validator
from pleoctl.sandbox import Fault, Seed, Settings
from pleoctl.state.lock import FileLock, Holder

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


OTHER = "22222222-2222-4222-8222-222222222222"


def reseal(plan: Path, **fields: Value) -> None:
    """Edit a plan as someone would who knows how its id is made."""
    body = {k: v for k, v in json.loads(plan.read_text()).items() if k != "id"} | fields
    plan.write_bytes(canonical_bytes({**body, "id": digest(body)}))


def test_what_is_left_alone_does_not_thin_the_guard_out(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """All accounts but one that is left alone are all accounts."""
    pleo.reset(Seed(accounts=accounts(3)), Settings())
    desired(workspace(pleo, accounts={"leave": ["e000"]}), accounts=[])
    said = cli("plan", "--format", "json")
    assert said.code == 3
    assert [finding["code"] for finding in said.json["guard"]["findings"]] == ["archive-all"]


@pytest.mark.parametrize("patience", [0.0, 3600.0])
def test_progress_says_how_far_it_is(
    cli: Cli,
    pleo: Sandbox,
    workspace: MakeWorkspace,
    desired: MakeDesired,
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
) -> None:
    """One line for each tenth that was passed, with the share that is done; a run that is over soon says nothing."""
    monkeypatch.setattr(planning, "PATIENCE", patience)
    pleo.reset(Seed(accounts=accounts(3)), Settings())
    desired(workspace(pleo), accounts=[{**row, "name": "new"} for row in accounts(3)])
    assert cli("plan", "-o", "plan.json").code == 0
    said = cli("apply", "plan.json").stderr.splitlines()
    told = [f"applying: {n} of 3 ({percent} %)" for n, percent in ((1, 33), (2, 66), (3, 100))]
    assert said == (told if patience == 0 else [])


# --- plan ------------------------------------------------------------------------------------------------------------


def test_json_on_stdout_is_the_file(folder: Path, cli: Cli) -> None:
    """`--format json` gives the bytes of `-o`, and a second plan the same ones; they keep to the schema."""
    said = cli("plan", "-o", "plan.json", "--format", "json")
    assert said.stdout.encode() == (folder / "plan.json").read_bytes()
    assert cli("plan", "--format", "json").stdout == said.stdout
    assert list(validator("plan").iter_errors(said.json)) == []
    assert said.stdout.endswith("}\n")
    assert said.stdout.count("\n") == 1


def test_another_folder_gives_the_same_plan(
    folder: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the place where a workspace lies is in a plan (law 10)."""
    here = cli("plan", "--format", "json").stdout
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("pleoctl.yaml", "desired-state.yaml"):
        (elsewhere / name).write_bytes((folder / name).read_bytes())
    monkeypatch.chdir("/")
    assert cli("plan", "--format", "json", "--workspace", str(elsewhere)).stdout == here


def test_text_shows_every_change(folder: Path, cli: Cli) -> None:
    """Each address stands in the text, with the totals and the requests."""
    document = cli("plan", "--format", "json").json
    text = cli("plan", "-o", "plan.json").stdout
    assert all(change["address"] in text for change in document["changes"])
    assert "Requests:" in text
    assert "pleoctl apply plan.json" in text
    assert (folder / "plan.json").exists()


@pytest.mark.parametrize("formats", ["text", "markdown", "json"])
def test_the_detailed_exit_code_tells_changes(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, formats: str
) -> None:
    """0 without changes, 2 with; without the option always 0. An empty plan is written too."""
    pleo.reset(Seed(accounts=accounts(2)))
    folder = workspace(pleo)
    desired(folder, accounts=accounts(2))
    assert cli("plan", "--detailed-exitcode", "--format", formats, "-o", "empty.json").code == 0
    assert (folder / "empty.json").exists()
    desired(folder, accounts=accounts(3))
    assert cli("plan", "--detailed-exitcode", "--format", formats).code == 2
    assert cli("plan", "--format", formats).code == 0


def test_a_refused_plan_is_written_all_the_same(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Exit 3 with the findings and the number to say; the file says that it did not pass, and apply refuses it."""
    pleo.reset(Seed(accounts=accounts(30)))
    folder = workspace(pleo)
    desired(folder, accounts=accounts(5))
    said = cli("plan", "-o", "plan.json", "--detailed-exitcode")
    assert said.code == 3
    assert "--allow-archive 25" in said.stdout
    assert json.loads((folder / "plan.json").read_text())["guard"]["passed"] is False
    assert cli("apply", "plan.json").code == 3
    wrong = cli("plan", "--allow-archive", "24", "-o", "wrong.json")
    assert wrong.code == 3
    assert "--allow-archive 25" in wrong.stderr
    assert json.loads((folder / "wrong.json").read_text())["guard"]["passed"] is False
    assert cli("plan", "--allow-archive", "25", "-o", "plan.json").code == 0
    assert pleo.stats()["writes"] == 0
    assert cli("apply", "plan.json").code == 0
    assert sum(not a["archived"] for a in pleo.state()["accounts"]) == 5


def test_protection_is_not_lifted(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """`--allow-archive` with the right number still refuses a protected address."""
    pleo.reset(Seed(accounts=accounts(5)))
    folder = workspace(pleo, guard={"protect": ["account:e004"]})
    desired(folder, accounts=accounts(4))
    said = cli("plan", "--allow-archive", "1")
    assert said.code == 3
    assert "protected" in said.stdout


def test_the_day_stands_in_a_plan_only_if_it_matters(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """With an expiring value the plan is of a day; without one it is the same every day."""
    pleo.reset(Seed())
    folder = workspace(pleo, dimensions={"selected": ["D"]})
    values: list[Json] = [{"code": "A", "name": "A"}]
    desired(folder, dimensions=[{"code": "D", "name": "D", "values": values}])
    plans = {cli("plan", "--format", "json", "--today", day).stdout for day in ("2026-01-01", "2027-01-01")}
    assert len(plans) == 1
    assert "today" not in json.loads(plans.pop())
    values[0]["expires"] = "2026-06-30"
    desired(folder, dimensions=[{"code": "D", "name": "D", "values": values}])
    numbers = [len(cli("plan", "--format", "json", "--today", f"2026-0{m}").json["changes"]) for m in ("6-30", "7-01")]
    assert numbers == [2, 1]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--today", "tomorrow"], 64),
        (["--only", "suppliers"], 64),
        (["--allow-archive", "-1"], 64),
        (["--dimension", "NONE"], 64),
        (["--only", "accounts", "--dimension", "DEPT"], 64),
        (["--frmat", "json"], 64),
        (["--workspace", "nowhere"], 78),
    ],
)
def test_wrong_options_are_usage_errors(plan: Path, cli: Cli, options: list[str], code: int) -> None:
    """A mistake on the command line is 64, a file that is not there 78; nothing is read from Pleo."""
    said = cli("plan", *options)
    assert said.code == code
    assert said.stderr
    assert plan.exists()


@pytest.mark.parametrize("section", ["accounts", "dimensions", "taxCodes", "vendors"])
def test_what_is_not_managed_is_not_called_in_line(
    section: str, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """`--only` of it is a usage error with the way to manage it; a plan of all leaves it out."""
    desired(workspace(pleo))
    said = cli("plan", "--only", section, "--format", "json")
    (finding,) = said.json["findings"]
    assert (said.code, "are not managed" in finding["message"], bool(finding["hint"])) == (64, True, True)
    assert cli("plan", "--format", "json").json["changes"] == []


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (["--only", "accounts"], {"account"}),
        (["--only", "dimensions"], {"tagGroup", "tag"}),
        (["--dimension", "dept"], {"tagGroup", "tag"}),
    ],
)
def test_a_scope_leaves_the_rest_out(plan: Path, cli: Cli, options: list[str], kinds: set[str]) -> None:
    """Only what is in scope is changed, and the text says what is not."""
    document = cli("plan", *options, "--format", "json").json
    assert {change["kind"] for change in document["changes"]} <= kinds
    if options[0] == "--dimension":
        assert all("DEPT" in change["address"] for change in document["changes"])
    assert "not in scope" in cli("plan", *options).stdout
    assert plan.exists()


def test_pleo_away_is_one_sentence(
    workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Pleo that cannot be reached ends with 1, no plan and no traceback."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    desired(workspace(), accounts=[])
    said = cli("plan", "-o", "plan.json")
    assert said.code == 1
    assert "could not be reached" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_short_read_is_no_plan(pleo: Sandbox, folder: Path, cli: Cli) -> None:
    """Pages that end too early never become archives: exit 1, no file, nothing written (law 1)."""
    pleo.add_fault(Fault(kind="earlyEnd", path=":search$"), Fault(kind="wrongTotal", path=":search$"))
    said = cli("plan", "-o", "plan.json")
    assert said.code == 1
    assert "not read completely" in said.stderr
    assert not (folder / "plan.json").exists()


def test_a_held_row_is_named_in_every_plan(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Its record stays, and the reason stands in text and JSON."""
    pleo.reset(Seed(accounts=accounts(2)))
    desired(workspace(pleo), accounts=[*accounts(1), {"externalId": "e001", "name": "", "hold": "name is blank"}])
    document = cli("plan", "--format", "json").json
    assert (document["changes"], document["summary"]["held"]) == ([], 1)
    assert [(w["code"], w["address"]) for w in document["warnings"]] == [("held-row", "account:e001")]
    assert "name is blank" in cli("plan").stdout


# --- show ------------------------------------------------------------------------------------------------------------


def test_show_needs_no_workspace(plan: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan can be looked at anywhere; JSON gives its bytes."""
    monkeypatch.chdir("/")
    assert cli("show", str(plan), "--format", "json").stdout.encode() == plan.read_bytes()
    for formats in ("text", "markdown"):
        said = cli("show", str(plan), "--format", formats)
        assert said.code == 0
        assert "rename" in said.stdout


@pytest.mark.parametrize("command", ["show", "apply"])
@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"kind": "Plan"}', '{"kind": "Plan", "formatVersion": 2}', "\x00"]
)
def test_what_is_no_plan_is_78(folder: Path, cli: Cli, command: str, content: str) -> None:
    """Any other file is refused by name, as JSON too."""
    (folder / "plan.json").write_text(content)
    assert cli(command, "plan.json").code == 78
    said = cli(command, "plan.json", "--format", "json")
    assert said.json["exitCode"] == 78
    assert said.json["findings"][0]["file"] == "plan.json"


# --- apply -----------------------------------------------------------------------------------------------------------


def test_apply_carries_out_exactly_the_plan(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """The JSON is the receipt, the same as `--receipt`; twice says that it is applied already."""
    said = cli("apply", str(plan), "--receipt", "receipt.json", "--format", "json")
    assert said.code == 0
    assert said.stdout.encode() == (plan.parent / "receipt.json").read_bytes()
    assert list(validator("receipt").iter_errors(said.json)) == []
    again = cli("apply", str(plan))
    assert again.code == 0
    assert "lready applied" in again.stdout
    assert cli("plan", "--detailed-exitcode").code == 0
    assert pleo.stats()["violations"] == []


def test_an_edited_plan_is_78(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """A plan whose id does not fit is not applied."""
    plan.write_text(plan.read_text().replace("New name", "Nice name"))
    said = cli("apply", "plan.json")
    assert said.code == 78
    assert "digest" in said.stderr
    assert pleo.stats()["writes"] == 0


def test_expect_id_shows_tampering(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """A plan sealed anew is another plan: exit 3 with `--expect-id`."""
    reviewed = json.loads(plan.read_text())["id"]
    reseal(plan, pleoctlVersion="9")
    assert cli("apply", "plan.json", "--expect-id", reviewed).code == 3
    assert pleo.stats()["writes"] == 0
    assert cli("apply", "plan.json", "--expect-id", json.loads(plan.read_text())["id"]).code == 0


@pytest.mark.parametrize(
    "fields", [{"company": OTHER}, {"url": "https://external.pleo.io"}, {"url": "http://127.0.0.1:1"}]
)
def test_a_plan_for_elsewhere_is_refused(pleo: Sandbox, plan: Path, cli: Cli, fields: dict[str, str]) -> None:
    """Another company or url than the workspace's is 3."""
    reseal(plan, **fields)
    pleo.world.statistics.reset()
    said = cli("apply", "plan.json")
    assert said.code == 3
    assert "this workspace is for" in said.stderr
    assert pleo.stats()["total"] == 0


def test_a_stale_plan_is_4(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """Nothing is written; text and receipt both say what moved."""
    pleo.put_account("rename", name="Elsewhere")
    said = cli("apply", "plan.json", "--receipt", "receipt.json")
    assert said.code == 4
    assert "Elsewhere" in said.stderr
    assert "pleoctl plan" in said.stderr
    assert json.loads((plan.parent / "receipt.json").read_text())["outcome"] == "stale"
    assert pleo.stats()["writes"] == 0


def test_a_partial_run_is_5_and_can_be_run_again(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """What failed is named with Pleo's words; the same plan does the rest."""
    pleo.add_fault(Fault(kind="status", status=400, method="PUT", nth=1))
    said = cli("apply", "plan.json")
    assert said.code == 5
    assert "Injected by a sandbox fault" in said.stdout
    pleo.clear_faults()
    assert cli("apply", str(plan)).code == 0


def test_a_held_lock_is_6(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """Another run of the same company is named; nothing is read or written, and the lock is free afterwards."""
    pleo.world.statistics.reset()
    with FileLock(pleo.url, pleo.company).hold(Holder.me(pleo.url, pleo.company, "sync"), 0):
        for command in (["apply", str(plan)], ["sync"]):
            said = cli(*command)
            assert said.code == 6
            assert "sync (pid" in said.stderr
    assert pleo.stats()["total"] == 0
    assert cli("apply", str(plan)).code == 0


def test_a_receipt_that_cannot_be_written_does_not_hide_the_outcome(plan: Path, cli: Cli) -> None:
    """The run is told as it ended, and the missing file beside it."""
    said = cli("apply", str(plan), "--receipt", "desired-state.yaml/receipt.json")
    assert "cannot be written" in said.stderr
    assert "done" in said.stdout


def test_no_secret_in_any_output(pleo: Sandbox, plan: Path, cli: Cli) -> None:
    """Neither with --debug nor after a refusal does the key appear (law 8)."""
    said = [cli("plan", "--debug", "-v"), cli("apply", str(plan), "--debug")]
    pleo.add_fault(Fault(kind="status", status=401))
    said.append(cli("plan", "--debug"))
    assert said[-1].code == 1
    text = "".join(s.stdout + s.stderr for s in said) + "".join(p.read_text() for p in plan.parent.rglob("*.json*"))
    assert pleo.api_key not in text
    assert "c2FuZGJveC1rZXk6" not in text


def test_data_goes_to_stdout_and_progress_to_stderr(plan: Path) -> None:
    """As a process: standard output is the receipt alone."""
    command = [sys.executable, "-m", "pleoctl", "apply", str(plan), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert json.loads(done.stdout)["outcome"] == "done"
    assert "Traceback" not in done.stderr


# --- drift and sync --------------------------------------------------------------------------------------------------
