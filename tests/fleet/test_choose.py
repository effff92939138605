"""Which companies a command is for, and how the fleet ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import ExitCode
from pleoctl.fleet.crew import Crew
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.receipt import CompanyResult, FleetReceipt
from pleoctl.sandbox import Fault

if TYPE_CHECKING:
    from shapes import Value
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder


def chosen(cli: Cli, *arguments: str) -> list[str]:
    """The folders that `fleet list` names."""
    said = cli("fleet", "list", "--format", "json", *arguments)
    assert said.code == 0, said.stderr
    return [row["path"].split("/")[1] for row in said.json["result"]]


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("companies/s*", ["south"]),
        ("west", ["west"]),
        ("*/north/pleoctl.yaml", ["north"]),
        ("*t*h", ["north", "south"]),
    ],
)
def test_patterns_are_of_path_folder_or_id(fleet: FleetFolder, cli: Cli, pattern: str, wanted: list[str]) -> None:
    """A glob against any of the three."""
    assert chosen(cli, "--select", pattern) == wanted
    assert chosen(cli, "--select", fleet["south"].pleo.company) == ["south"]


def test_a_pattern_that_names_nobody_is_a_mistake(fleet: FleetFolder, cli: Cli) -> None:
    """Exit 64, with the nearest names."""
    assert cli("fleet", "sync", "--select", "nowhere").code == 64


def test_shards_share_all_companies_out(fleet: FleetFolder, cli: Cli) -> None:
    """Counted from 1; together they are everybody, once."""
    parts = [chosen(cli, "--shard", f"{number}/2") for number in (1, 2)]
    assert parts == [["north", "west"], ["south"]]
    assert cli("fleet", "list", "--shard", "0/2").code == 64
    assert cli("fleet", "list", "--shard", "3/2").code == 64


def git(fleet: FleetFolder, *arguments: str) -> None:
    """Run git in the fleet's folder."""
    known = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=fleet.root, check=True, capture_output=True, env=known)


def test_changed_companies_are_those_with_other_files(fleet: FleetFolder, cli: Cli) -> None:
    """Committed, uncommitted and untracked; a changed fleet.yaml means all."""
    git(fleet, "init", "-q", "-b", "main")
    git(fleet, "add", "-A")
    git(fleet, "commit", "-qm", "one")
    assert chosen(cli, "--changed", "main") == []
    (fleet["south"].folder / "accounts.csv").write_text("externalId,code,name\nx,1,X\n")
    (fleet["west"].folder / "new ö.csv").write_text("x")
    assert chosen(cli, "--changed", "main") == ["south", "west"]
    git(fleet, "add", "-A")
    git(fleet, "commit", "-qm", "two")
    assert chosen(cli, "--changed", "main") == []
    assert chosen(cli, "--changed", "main~1") == ["south", "west"]
    fleet.write(concurrency=2)
    assert chosen(cli, "--changed", "main") == ["north", "south", "west"]
    for what in ("--output=x", "nosuchref"):
        assert cli("fleet", "list", "--changed", what).code == 64


def test_companies_are_chosen_by_how_their_last_run_ended(fleet: FleetFolder, cli: Cli) -> None:
    """Never before the first, then as it ended."""
    assert len(chosen(cli, "--status", "never")) == 3
    fleet["south"].write(company="not a company")
    cli("fleet", "sync", "--select", "west")
    cli("fleet", "sync", "--select", "*south*")
    cli("fleet", "drift", "--select", "north")
    assert chosen(cli, "--status", "failed") == ["south"]
    assert chosen(cli, "--status", "done, drifted") == ["north", "west"]
    # Beside the receipts it was kept before; there it is still found, and goes with the next run.
    kept, former = fleet.root / ".pleoctl" / "fleet-last.json", fleet.root / ".pleoctl" / "fleet" / "last.json"
    kept.rename(former)
    assert chosen(cli, "--status", "failed") == ["south"]
    cli("fleet", "plan", "--select", "west")
    assert (chosen(cli, "--status", "failed"), kept.exists(), former.exists()) == (["south"], True, False)
    assert cli("fleet", "list", "--status", "fine").code == 64


def test_plans_are_saved_and_carried_out(fleet: FleetFolder, cli: Cli) -> None:
    """Each as it was reviewed; one that was changed or whose Pleo moved on is refused, the others go on."""
    said = cli("fleet", "plan", "-o", "plans", "--detailed-exitcode", "--format", "json")
    assert said.code == 2
    files = {path.name for path in (fleet.root / "plans").iterdir()}
    assert files == {"fleet.json", *(f"{one.pleo.company}.plan.json" for one in fleet.companies.values())}
    edited = fleet.root / "plans" / f"{fleet['west'].pleo.company}.plan.json"
    edited.write_text(edited.read_text().replace("N0", "N9"))
    done = cli("fleet", "apply", "plans", "--format", "json")
    assert [one["outcome"] for one in done.json["result"]["companies"]] == ["done", "done", "failed"]
    assert done.code == 78
    assert fleet["north"].accounts == ["N0"]
    assert fleet["west"].accounts == []


@pytest.mark.parametrize("content", ["[]", "5", '{"companies": 5}', '{"companies": [[]]}'])
def test_a_fleet_json_that_is_none(fleet: FleetFolder, cli: Cli, content: str) -> None:
    """Is told with its name."""
    (fleet.root / "plans").mkdir()
    (fleet.root / "plans" / "fleet.json").write_text(content)
    said = cli("fleet", "apply", "plans")
    assert (said.code, "plans/fleet.json" in said.stderr) == (78, True)


def test_a_plan_for_a_company_that_is_gone(fleet: FleetFolder, cli: Cli) -> None:
    """What was reviewed is not carried out in part without a word; who chooses companies has said so."""
    cli("fleet", "plan", "-o", "plans")
    fleet.write(companies=["companies/north/pleoctl.yaml", "companies/south/pleoctl.yaml"])
    said = cli("fleet", "apply", "plans")
    assert said.code == 3
    assert "companies/west/pleoctl.yaml" in said.stderr
    assert fleet["north"].accounts == []
    assert cli("fleet", "apply", "plans", "--select", "north").code == 0


def test_a_fleet_json_that_names_another_company_is_refused(fleet: FleetFolder, cli: Cli) -> None:
    """Exit 3 with both, and nothing is done; one that names a company twice is no list of plans."""
    cli("fleet", "plan", "-o", "plans")
    file = fleet.root / "plans" / "fleet.json"
    made = json.loads(file.read_text())
    first, second, _ = made["companies"]
    swapped = [{**first, "company": second["company"]}, {**second, "company": first["company"]}]
    for companies, code, words in (
        ([{**first, "company": None}], 3, "as company None"),
        (swapped, 3, first["company"]),
        ([*made["companies"], first], 78, "names companies/north/pleoctl.yaml twice"),
    ):
        file.write_text(json.dumps({**made, "companies": companies}))
        said = cli("fleet", "apply", "plans")
        assert (said.code, words in said.stderr, fleet["north"].accounts) == (code, True, [])


def test_companies_without_a_plan_are_told(fleet: FleetFolder, cli: Cli) -> None:
    """Left out with a warning beside the others; where nobody has a plan, nothing seems done."""
    fleet["south"].write(company="not a company")
    cli("fleet", "plan", "-o", "plans")
    said = cli("fleet", "apply", "plans", "--format", "json")
    assert (said.code, len(said.json["result"]["companies"])) == (0, 2)
    (told,) = said.json["findings"]
    words = "companies/south/pleoctl.yaml is left out, since `fleet plan` made no plan of it: "
    assert (told["level"], told["message"][: len(words)]) == ("warning", words)
    assert cli("fleet", "apply", "plans", "--select", "west").stderr.count("south") == 0
    alone = cli("fleet", "apply", "plans", "--select", "south")
    assert (alone.code, "there is no plan to carry out: companies/south" in alone.stderr) == (3, True)


def test_a_plan_that_was_exchanged_is_refused(fleet: FleetFolder, cli: Cli) -> None:
    """A whole and valid plan, but not the one that fleet.json names."""
    cli("fleet", "plan", "-o", "plans", "--select", "west")
    fleet["west"].write(rows=2)
    cli("fleet", "plan", "-o", "others", "--select", "west")
    name = f"{fleet['west'].pleo.company}.plan.json"
    (fleet.root / "plans" / name).write_bytes((fleet.root / "others" / name).read_bytes())
    assert cli("fleet", "apply", "plans").code == 3
    assert fleet["west"].accounts == []


def test_a_plan_must_be_approved_where_that_is_asked_for(
    fleet: FleetFolder, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the signatures beside it; the approvers' file may not lie in the fleet."""
    keys = tmp_path_factory.mktemp("keys")
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "anna", "-f", str(keys / "key")]
    subprocess.run(command, check=True)
    signers = keys / "signers"
    signers.write_text(f'anna namespaces="pleoctl-plan" {(keys / "key.pub").read_text()}')
    cli("fleet", "plan", "-o", "plans", "--select", "west", "--select", "north")
    assert cli("approve", f"plans/{fleet['west'].pleo.company}.plan.json", "--key", keys / "key").code == 0
    said = cli("fleet", "apply", "plans", "--approvers", signers, "--format", "json")
    assert [one["exitCode"] for one in said.json["result"]["companies"]] == [3, 0]
    (fleet.root / "signers").write_bytes(signers.read_bytes())
    inside = cli("fleet", "apply", "plans", "--approvers", fleet.root / "signers")
    assert (inside.code, "the fleet's folder" in inside.stderr) == (3, True)


def test_one_failure_stops_no_other(fleet: FleetFolder, cli: Cli) -> None:
    """Each ends for itself; the fleet with the first code of the order."""
    fleet["north"].write(company="wrong")
    fleet["south"].pleo.add_fault(Fault(kind="status", method="POST", status=403))
    said = cli("fleet", "sync", "--format", "json", "--receipt", "r.json")
    assert [one["exitCode"] for one in said.json["result"]["companies"]] == [78, 1, 0]
    assert said.code == 78
    assert said.json["result"]["companies"][0]["error"]["file"] == "pleoctl.yaml"
    assert fleet["west"].accounts == ["N0"]
    assert json.loads((fleet.root / "r.json").read_text()) == said.json["result"]


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [([0, 1, 2], 1), ([78, 3, 6], 3), ([5, 4], 5), ([130, 5], 130), ([64, 78], 78), ([0, 2], 2), ([], 0)],
)
def test_the_exit_code_is_the_first_of_the_order(codes: list[int], wanted: int) -> None:
    """129, 130, 143, 5, 4, 3, 6, 78, 64, 1, 2, 0."""
    companies = [CompanyResult(path=str(code), exit_code=code) for code in codes]
    receipt = FleetReceipt(run_id="r", command="sync", companies=companies, started_at="")
    assert receipt.exit_code == wanted


@pytest.mark.parametrize("burns", [False, True])
def test_a_company_that_hangs_holds_up_nobody(fleet: FleetFolder, burns: bool) -> None:
    """The others' results are there while it still goes on, be it without an end or with all of the processor."""
    companies = Fleet(fleet.root / "fleet.yaml").opened()
    free, stop = threading.Event(), threading.Event()

    def work(one: Value) -> CompanyResult:
        while "north" in one.company.path and not free.wait(0 if burns else 30):
            pass
        return CompanyResult(path=one.company.path)

    results = Crew(work, 2, stop).results(companies)
    assert {next(results).path.split("/")[1] for _ in range(2)} == {"south", "west"}
    free.set()
    assert "north" in next(results).path


def test_a_stop_begins_no_further_company(fleet: FleetFolder) -> None:
    """Those whose turn did not come are told as interrupted."""
    companies, stop = Fleet(fleet.root / "fleet.yaml").opened(), threading.Event()

    def work(one: Value) -> CompanyResult:
        stop.set()
        return CompanyResult(path=one.company.path)

    codes = [result.exit_code for result in Crew(work, 1, stop).results(companies)]
    assert codes == [0, ExitCode.INTERRUPTED, ExitCode.INTERRUPTED]


def test_a_signal_ends_the_fleet_with_its_code(fleet: FleetFolder) -> None:
    """143, each company with its receipt or interrupted, and the fleet's receipt whole."""
    for company in fleet.companies.values():
        company.pleo.add_fault(Fault(kind="status", status=503, retry_after=30))
    command = [sys.executable, "-m", "pleoctl", "fleet", "sync", "--format", "json", "-v"]
    with subprocess.Popen(command, cwd=fleet.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if "waiting" in line:
                break
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=30)
    assert child.returncode == 143
    assert {one["exitCode"] for one in json.loads(out)["result"]["companies"]} == {143}
