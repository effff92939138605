"""The script of the GitHub action, run with bash as a runner would, against the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from tests.conftest import MakeDesired, MakeWorkspace


def _expression(name: str) -> str:
    return f"${{{{ inputs.{name} }}}}"


ACTION = YAML(typ="safe").load(Path(__file__).parents[2] / "action.yml")
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
INPUT = {_expression(name): spec["default"] for name, spec in ACTION["inputs"].items()}

RULES = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1000", outOfPocket: "new", contra: "1001", accountsPayable: "1002"}
vendors: {unmatched: fail}
include: [standard]
tests:
- name: a top-up
  given: {type: wallet_topup, lines: [{amount: 5}]}
  expect: [{debit: wallet, amount: 5}, {credit: contra, amount: 5}]
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")


class RunAction(Protocol):
    """Runs the action's main step with these inputs."""

    def __call__(self, **inputs: str) -> tuple[int, dict[str, str]]:
        """Its exit code and its outputs."""


@pytest.fixture
def action(tmp_path: Path) -> RunAction:
    """Runs the action's main step with inputs; gives its exit code and outputs."""
    runner = tmp_path / "runner"
    folder = runner / "pleoctl" / "bin"
    folder.mkdir(parents=True)
    for name, words in (("python", ""), ("pleoctl", " -m pleoctl")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
        (folder / name).chmod(0o755)

    def run(**inputs: str) -> tuple[int, dict[str, str]]:
        output = runner / "output"
        output.write_text("")
        given = {**INPUT, **{_expression(n.replace("_", "-")): v for n, v in inputs.items()}}
        step = STEPS["Run pleoctl"]
        environment = {name: given[value] for name, value in step["env"].items()}
        done = subprocess.run(
            ["bash", "-c", step["run"]],
            env={**os.environ, **environment, "RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(output)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        lines = output.read_text().splitlines()
        return done.returncode, dict(line.split("=", 1) for line in lines)

    return run


@pytest.fixture
def books(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """A workspace with a csv source; its plan makes one account and archives one."""
    source = {"type": "csv", "accounts": {"path": "a.csv"}}
    folder = workspace(pleo, source=source, guard={"maxArchive": {"count": 5, "share": 1}, "maxShrink": 1})
    (folder / "a.csv").write_text("externalId,code,name\next-1000,1000,Office Supplies\nnew,1001,New\n")
    desired(folder, accounts=[{"externalId": "ext-1000", "code": "1000", "name": "Office Supplies"}])
    return folder


@pytest.mark.usefixtures("books")
def test_plan_and_apply_hand_over_the_id(action: RunAction) -> None:
    """A plan with changes is no failure and tells all outputs; an apply takes its id; the next plan has no changes."""
    code, told = action(command="plan")
    assert code == 0
    assert told["exit-code"] == "2"
    assert told["changed"] == "true"
    assert told["summary"] == "1 to archive"
    assert told["plan-path"] == "plan.json"
    assert action(command="apply", expect_id=told["plan-id"])[0] == 0
    code, again = action(command="plan")
    assert (code, again["changed"], again["summary"], again["exit-code"]) == (0, "false", "no changes", "0")


def test_a_refused_plan_fails_and_still_has_an_id(action: RunAction, books: Path, desired: MakeDesired) -> None:
    """The guard's exit code is the step's, and the plan can be shown; a number that is approved lets it pass."""
    desired(books, accounts=[])
    code, told = action(command="plan")
    assert (code, told["exit-code"]) == (3, "3")
    assert told["plan-id"].startswith("sha256:")
    assert action(command="plan", allow_archive="2")[0] == 0


def test_an_approval_is_good_for_the_plan_that_was_refused(
    action: RunAction, books: Path, desired: MakeDesired
) -> None:
    """It is an output of the refused plan; for another plan, number or spelling the guard refuses as before."""
    desired(books, accounts=[])
    code, told = action(command="plan")
    assert code == 3
    assert told["approval"] == f"2-{told['plan-id'].removeprefix('sha256:')[:12]}"
    for wrong in ("3" + told["approval"][1:], "2-" + "0" * 12):
        assert action(command="plan", approval=wrong)[0] == 3
    code, approved = action(command="plan", approval=told["approval"])
    assert (code, approved["exit-code"], approved["approval"]) == (0, "2", "")
    assert approved["plan-id"] != told["plan-id"]
    desired(books, accounts=[], dimensions=[])
    assert action(command="plan", approval=told["approval"])[0] == 3


def test_what_nothing_lifts_has_no_approval(
    action: RunAction, books: Path, desired: MakeDesired, workspace: MakeWorkspace, pleo: Sandbox
) -> None:
    """A protected account stays protected, whoever approves."""
    workspace(pleo, guard={"protect": ["account:ext-1000"]})
    desired(books, accounts=[])
    code, told = action(command="plan")
    assert (code, told["approval"]) == (3, "")


@pytest.mark.usefixtures("books")
def test_an_apply_without_the_reviewed_id_is_refused(action: RunAction) -> None:
    """No id is a mistake in the workflow, another id is another plan."""
    action(command="plan")
    assert action(command="apply")[0] == 64
    assert action(command="apply", expect_id="sha256:" + "0" * 64)[0] == 3


def test_a_plan_that_fails_leaves_no_old_plan_behind(action: RunAction, books: Path) -> None:
    """The outputs never tell of the plan before."""
    action(command="plan")
    (books / "pleoctl.yaml").write_text("kind: Workspace\n")
    code, told = action(command="plan")
    assert (code, told["plan-id"], told["changed"]) == (78, "", "false")
    assert not (books / "plan.json").exists()


def test_export_says_whether_anything_changed(action: RunAction, books: Path) -> None:
    """Once true, then false; a source that fails is a failure."""
    assert action(command="export")[1]["changed"] == "true"
    assert action(command="export")[1]["changed"] == "false"
    (books / "a.csv").unlink()
    code, told = action(command="export")
    assert code != 0
    assert told["changed"] == "false"


@pytest.mark.usefixtures("books")
def test_drift_fails_where_there_is_some(action: RunAction) -> None:
    """Drift is what the job is there to find, so its exit code stays."""
    code, told = action(command="drift")
    assert (code, told["changed"], told["exit-code"]) == (2, "true", "2")


def test_mapping_rules_are_checked_and_tested(action: RunAction, books: Path) -> None:
    """Sound rules pass; a gap is refused (3) with its place in SARIF, a failing test fails (1)."""
    (books / "mapping.yaml").write_text(RULES)
    (books / "desired-state.yaml").unlink()  # without a catalogue every account is taken as given
    assert action(command="mapping check", sarif_file="m.sarif")[0] == 0
    assert action(command="mapping test", junit_file="m.xml")[0] == 0
    (books / "mapping.yaml").write_text(RULES.replace("amount: 5}]", "amount: 6}]").replace("include: [standard]", ""))
    code, told = action(command="mapping check", sarif_file="m.sarif")
    assert (code, told["exit-code"], told["changed"]) == (3, "3", "false")
    assert "MAP020" in (books / "m.sarif").read_text()
    assert action(command="mapping test", junit_file="m.xml")[0] == 1
    assert "<failure" in (books / "m.xml").read_text()


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    "inputs",
    [
        {"command": "plan", "allow_archive": "$(touch pwned)"},
        {"command": "plan; touch pwned"},
        {"command": "plan", "only": "`touch pwned`"},
        {"command": "apply", "expect_id": "x; touch pwned"},
    ],
)
def test_no_input_is_a_command(action: RunAction, inputs: dict[str, str], tmp_path: Path) -> None:
    """Whatever an input holds, it is an argument that pleoctl refuses, never a piece of script."""
    code, _ = action(**inputs)
    assert code in {3, 64, 78}
    assert not (tmp_path / "pwned").exists()


@pytest.mark.usefixtures("books")
def test_a_file_name_that_looks_like_an_option_is_a_file_name(action: RunAction, tmp_path: Path) -> None:
    """Blanks and dashes in names are part of them."""
    code, told = action(command="plan", plan_file="my plan.json", junit_file="a b.xml")
    assert (code, told["plan-path"]) == (0, "my plan.json")
    assert (tmp_path / "a b.xml").exists()
    assert action(command="apply", plan_file="my plan.json", expect_id=told["plan-id"])[0] == 0


# --- secrets and the branch -------------------------------------------------------------------------------------------

LOGGER = """#!/bin/sh
{{ echo "$@"; env; }} >>"{log}"
if [ "$2 $3" = "-m venv" ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; fi
"""


def _logged(tmp_path: Path, step: str, given: dict[str, str], secrets: dict[str, str]) -> tuple[list[str], set[str]]:
    """Run a step with a python that writes down its arguments and environment: the calls, the secrets they saw."""
    runner, log = tmp_path / "logged", tmp_path / "log"
    (runner / "pleoctl/bin").mkdir(parents=True)
    for path in (runner / "python", runner / "pleoctl/bin/python"):
        path.write_text(LOGGER.format(log=log))
        path.chmod(0o755)
    spec = STEPS[step]
    inputs = {**INPUT, **{_expression(n): v for n, v in given.items()}, "${{ github.action_path }}": "/action"}
    inputs[_expression("python")] = str(runner / "python")
    environment = {name: inputs.get(value, value) for name, value in spec["env"].items()}
    done = subprocess.run(
        ["bash", "-c", spec["run"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment, **secrets, "RUNNER_TEMP": str(runner), "GITHUB_SHA": "f00"},
    )
    assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines()
    return [x for x in lines if x.startswith("-")], {n for n, v in secrets.items() if any(v in x for x in lines)}


SECRETS = {
    "PLEO_API_KEY": "pl3o",
    "AS_TOKEN": "b00ks",
    "AWS_SECRET_ACCESS_KEY": "cl0ud",
    "ACTIONS_RUNTIME_TOKEN": "r4n",
}


@pytest.mark.parametrize("requirements", ["", "ci/pleoctl.txt"])
def test_what_pip_runs_sees_no_secret_and_no_module_of_the_branch(tmp_path: Path, requirements: str) -> None:
    """Python is isolated from the checkout, and of the caller's environment it gets what pip needs."""
    given = {"requirements": requirements}
    secrets = {**SECRETS, "PIP_INDEX_URL": "https://index.example/simple"}
    calls, seen = _logged(tmp_path, "Install pleoctl", given, secrets)
    assert [call.split()[:3] for call in calls] == [["-I", "-m", "venv"], ["-I", "-m", "pip"]]
    assert ("--require-hashes" in calls[1]) is bool(requirements)
    assert seen == {"PIP_INDEX_URL"}


def test_the_comment_needs_githubs_token_alone(tmp_path: Path) -> None:
    """Pleo's key and the books' stay out of the step that talks to the forge."""
    given = {"github-token": "g1thub", "workspace": "books/a b"}
    calls, seen = _logged(
        tmp_path, "Comment on the pull request", given, {**SECRETS, "GITHUB_API_URL": "https://api.x"}
    )
    assert calls == ["-I -m pleoctl comment --github --workspace books/a b -- plan.json"]
    assert seen == {"GITHUB_API_URL"}
    assert "g1thub" in (tmp_path / "log").read_text()


def test_a_real_install_runs_nothing_of_the_branch(tmp_path: Path) -> None:
    """Venv itself, with files of the checkout that are named like modules of the standard library."""
    for name in ("venv.py", "json.py", "subprocess.py", "pip.py"):
        (tmp_path / name).write_text(f"open('RAN-{name}', 'w').write('')\nraise SystemExit(1)\n")
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@" --without-pip\n')
    python.chmod(0o755)
    script = STEPS["Install pleoctl"]["run"].split("pip=(")[0]
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path / "runner"), "PLEOCTL_PYTHON": str(python)}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, check=False, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "runner/pleoctl/bin/python").exists()
    assert not list(tmp_path.glob("RAN-*"))


def test_a_fleet_is_synced_shard_by_shard(
    action: RunAction, books: Path, pleo: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fleet is what `workspace` leads to; its receipt lies where it should; drift's 2 is a finding."""
    (books / "fleet.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: Fleet\ncompanies: [pleoctl.yaml]\nsharedEnv: [PLEO_API_KEY]\n"
    )
    assert action(command="fleet drift", shard="1/2")[0] == 2
    assert action(command="fleet sync", shard="1/2", lock_timeout="1s")[0] == 0
    assert json.loads((books / "receipt.json").read_text())["companies"][0]["outcome"] == "done"
    assert action(command="fleet sync", shard="2/2")[0] == 0
    assert json.loads((books / "receipt.json").read_text())["companies"] == []
    assert action(command="fleet plan")[0] == 64
