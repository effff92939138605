"""The files that CI systems read are what those systems take."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from pre_commit.clientlib import load_manifest
from ruamel.yaml import YAML

from commands import command_of
from pleoctl.documents.published import schema_text

if TYPE_CHECKING:
    from shapes import Value

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / "examples/ci/github").glob("*.yml"))
PIPELINE = ROOT / "examples/ci/gitlab/.gitlab-ci.yml"
ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def _load(path: Path) -> Value:
    return YAML(typ="safe").load(path)


def _check(schema: str, *arguments: str | Path) -> None:
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", f"vendor.{schema}", *map(str, arguments)])
    assert done.exit_code == 0, done.output


def test_workflows_keep_githubs_schema() -> None:
    """All example workflows are valid."""
    assert {path.name for path in WORKFLOWS} == {
        *("apply.yml", "drift.yml", "export.yml", "fleet.yml", "jobs.yml", "plan.yml")
    }
    _check("github-workflows", *WORKFLOWS)


def test_the_action_keeps_githubs_schema() -> None:
    """The action is valid."""
    _check("github-actions", ACTION)


def test_the_pipeline_keeps_gitlabs_schema() -> None:
    """The GitLab template is valid."""
    _check("gitlab-ci", "--data-transform", "gitlab-ci", PIPELINE)


def test_the_hooks_are_a_manifest() -> None:
    """pre-commit itself takes the hooks; each runs a command that exists."""
    hooks = {hook["id"]: hook for hook in load_manifest(HOOKS)}
    assert set(hooks) == {"pleoctl-validate", "pleoctl-fmt", "pleoctl-mapping-test"}
    for hook in hooks.values():
        words = hook["entry"].split()
        assert words[0] == "pleoctl"
        assert command_of(words[1:]) is not None
        assert hook["pass_filenames"] is False


@pytest.mark.parametrize("judge", ["actionlint -no-color", "zizmor --offline --no-progress --quiet"])
def test_judges_find_nothing_in_what_github_runs(judge: str) -> None:
    """Neither actionlint (types of expressions, names of steps and needs) nor zizmor (what it lets others do)."""
    program, *options = judge.split()
    found = shutil.which(program, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{program} is not installed")
    own = sorted((ROOT / ".github/workflows").glob("*.yml"))
    action = [] if program == "actionlint" else [ACTION]
    command = [found, *options, *map(str, [*WORKFLOWS, *own, *action])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda p: p.name)
def test_no_expression_stands_in_a_script(path: Path) -> None:
    """What comes from outside reaches a script by its environment; a name can then never become a command."""
    for step in _steps(_load(path)):
        assert "${{" not in step.get("run", ""), step["name"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_have_no_more_rights_than_they_need(path: Path) -> None:
    """Nothing is granted to a whole workflow, every job names its permissions and its limit in time."""
    workflow = _load(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 120


def test_plans_can_only_read_and_applies_stand_behind_an_environment() -> None:
    """The plan has the read key and no forks; the apply has the write key, an environment, and runs one at a time."""
    plan, apply = (_load(ROOT / f"examples/ci/github/{name}.yml") for name in ("plan", "apply"))
    assert "PLEO_WRITE_KEY" not in json.dumps(plan)
    assert "head.repo.full_name == github.repository" in plan["jobs"]["plan"]["if"]
    assert apply["jobs"]["apply"]["environment"]
    assert apply["concurrency"] == {"group": "pleoctl-apply", "cancel-in-progress": False}
    assert "PLEO_WRITE_KEY" not in json.dumps(apply["jobs"]["reviewed"])
    used = next(s for s in apply["jobs"]["apply"]["steps"] if s.get("id") == "apply")
    assert "plan-id" in used["with"]["expect-id"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_actions_are_pinned_to_commits(path: Path) -> None:
    """A tag can be moved; of other people's actions the release stands beside the commit."""
    lines = re.findall(r"^.*\buses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}( # v\d+\.\d+\.\d+)?", line), line
        assert line.startswith("acme/pleoctl@") or " # v" in line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_no_checkout_keeps_its_credentials(path: Path) -> None:
    """What runs later in the job must not find the token in .git/config."""
    for step in _steps(_load(path)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_keys_are_given_to_single_uses_of_the_action(path: Path) -> None:
    """No workflow and no job has a key, and no step but those that need it."""
    workflow = _load(path)
    assert "env" not in workflow
    for job in workflow["jobs"].values():
        assert "env" not in job
    for step in _steps(workflow):
        if "secrets.PLEO_" in json.dumps(step):
            assert step["uses"].startswith("acme/pleoctl@")
            assert step["with"]["command"] in {"plan", "apply", "drift", "jobs run", "fleet sync"}


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION, PIPELINE], ids=lambda p: p.name)
def test_python_is_isolated_from_the_checkout(path: Path) -> None:
    """A json.py of the branch must not run where a key is: python takes -I everywhere, and pip is called through it."""
    lines = [line for script in _scripts(path) for line in script.splitlines() if not line.lstrip().startswith("#")]
    for line in lines:
        calls = re.findall(r'(?i)python"? ("?-.*)', line)
        assert all(call.startswith("-I ") for call in calls), line
        assert not re.search(r"\bpip3? install", line) or re.search(r"-I -m pip install", line), line
    assert path.name != "action.yml" or sum(" -I " in line for line in lines) >= 6


@pytest.mark.parametrize("path", [*WORKFLOWS, PIPELINE], ids=lambda p: p.name)
def test_nothing_is_taken_from_a_name_that_anyone_may_claim(path: Path) -> None:
    """Neither an index nor a marketplace has pleoctl yet: examples name one's own mirror, or a file with hashes."""
    text = path.read_text(encoding="utf-8")
    assert "pleoctl/pleoctl@" not in text
    assert not re.search(r"pleoctl(\[\w+\])?==", text)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_use_inputs_and_outputs_that_exist(path: Path) -> None:
    """Each use of the action names its inputs and outputs rightly."""
    action, text = _load(ACTION), path.read_text(encoding="utf-8")
    steps = [step for step in _steps(_load(path)) if step.get("uses", "").startswith("acme/pleoctl@")]
    for step in steps:
        assert set(step.get("with", {})) <= set(action["inputs"])
    ids = [step["id"] for step in steps if "id" in step]
    for step_id, output in re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", text):
        assert step_id not in ids or output in action["outputs"]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (apt: shellcheck)")
@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda p: p.name)
def test_scripts_pass_shellcheck(path: Path) -> None:
    """No script has a quoting mistake."""
    for step in _steps(_load(path)):
        if "run" in step:
            done = subprocess.run(
                ["shellcheck", "--shell=bash", "-"],
                input=step["run"],
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed (apt: shellcheck)")
def test_the_pipelines_scripts_pass_shellcheck() -> None:
    """GitLab runs before_script and script as one."""
    pipeline = _load(PIPELINE)
    before = pipeline["default"]["before_script"]
    for name, job in pipeline.items():
        if isinstance(job, dict) and "script" in job:
            text = "\n".join([*before, *job["script"]])
            # PLAN_ID and the like come from GitLab.
            done = subprocess.run(
                ["shellcheck", "--shell=sh", "--exclude=SC2154", "-"],
                input=text,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, (name, done.stdout)


def test_the_pipeline_uses_options_that_exist() -> None:
    """Every pleoctl command of the GitLab template can be parsed."""
    lines = re.findall(r"^\s+- .*?(pleoctl [a-z].*)$", PIPELINE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        words = re.split(r" > | \|\| ", line)[0].split()[1:]
        found = command_of(words)
        assert found is not None
        known = {option for parameter in found.params for option in parameter.opts}
        assert {w for w in words if w.startswith("-")} <= known, line


POLICIES = ROOT / "examples/policy"


def test_policies_use_fields_that_plans_have() -> None:
    """Each field of a change that a policy reads stands in the plan's schema, and so does each warning code."""
    schema = json.loads(schema_text("plan"))
    fields = set(schema["definitions"]["change"]["properties"])
    states = set(schema["definitions"]["state"]["properties"])
    codes = set(schema["properties"]["warnings"]["items"]["properties"]["code"]["enum"])
    for path in POLICIES.glob("*.rego"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\bchange\.(\w+)", text)) <= fields
        assert set(re.findall(r"\bchange\.(?:before|after)\.(\w+)", text)) <= states
        assert set(re.findall(r'^\s"([a-z-]+)":', text, re.MULTILINE)) <= codes
        assert set(re.findall(r"\binput\.(\w+)", text)) <= set(schema["properties"])


def test_every_policy_is_explained() -> None:
    """The folder's page names each policy."""
    page = (POLICIES / "README.md").read_text(encoding="utf-8")
    assert all(path.name in page for path in POLICIES.glob("*.rego"))


def _steps(document: Value) -> list[Value]:
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job["steps"]]


def _scripts(path: Path) -> list[str]:
    if path != PIPELINE:
        return [step["run"] for step in _steps(_load(path)) if "run" in step]
    jobs = [job for job in _load(path).values() if isinstance(job, dict)]
    return [line for job in jobs for key in ("before_script", "script") for line in job.get(key, [])]
