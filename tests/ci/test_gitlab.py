"""The jobs of the GitLab template, run with bash as a runner would, against the sandbox."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from ruamel.yaml import YAML

from signers import HAS_SSH, allowed_signers, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli

PIPELINE = YAML(typ="safe").load(Path(__file__).parents[2] / "examples/ci/gitlab/.gitlab-ci.yml")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the jobs' scripts are run by bash")


class Ran(NamedTuple):
    """How a job ended."""

    code: int
    log: str


@pytest.fixture
def job(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs a job's script in the current folder with variables, without installing."""
    monkeypatch.delenv("PLEO_API_KEY")
    python = tmp_path_factory.mktemp("venv") / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)

    def run(name: str, **variables: str) -> Ran:
        spec = _job(name)
        given = {
            key: re.sub(r"\$(\w+)", lambda m: variables.get(m[1], ""), text)
            for key, text in spec.get("variables", {}).items()
        }
        before = [line for line in PIPELINE["default"]["before_script"] if line.startswith("pleoctl()")]
        script = "\n".join([*before, *spec["script"]]).replace("/opt/pleoctl/bin/python", str(python))
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            env={**os.environ, **variables, **given, "CI": "true"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout + done.stderr)

    return run


def _job(name: str) -> Json:
    spec = PIPELINE[name]
    return {**_job(spec["extends"]), **spec} if "extends" in spec else spec


@pytest.fixture
def books(pleo: Sandbox, workspace: Callable[..., Path]) -> Path:
    """A workspace whose guard takes one archive, with files that are named like modules."""
    folder = workspace(pleo, guard={"maxArchive": {"count": 1, "share": 1}})
    for name in ("json.py", "venv.py", "pip.py"):
        (folder / name).write_text(f"open('RAN-{name}', 'w').close()\nraise SystemExit(1)\n")
    return folder


def test_what_main_plans_is_what_is_applied(
    job: Callable[..., Ran], books: Path, desired: Callable[..., Path], pleo: Sandbox
) -> None:
    """validate, plan and apply end with 0, the id goes from job to job, and no module of the branch runs."""
    desired(
        books,
        accounts=[
            {"externalId": "ext-1000", "code": "1000", "name": "Stationery"},
            {"externalId": "ext-2000", "code": "2000", "name": "Transfers"},
        ],
    )
    assert job("validate").code == 0
    assert job("plan", PLEO_READ_KEY=pleo.api_key).code == 0
    plan_id = (books / "plan.env").read_text().strip().removeprefix("PLAN_ID=")
    assert job("apply", PLEO_WRITE_KEY=pleo.api_key, PLAN_ID="sha256:" + "0" * 64).code == 3
    assert job("apply", PLEO_WRITE_KEY=pleo.api_key, PLAN_ID=plan_id).code == 0
    assert {a["name"] for a in pleo.state()["accounts"]} == {"Stationery", "Transfers", "Closed"}
    assert job("drift", PLEO_READ_KEY=pleo.api_key).code == 0
    assert not list(books.glob("RAN-*"))


def test_an_approval_names_the_refused_plan_and_its_number(
    job: Callable[..., Ran], books: Path, desired: Callable[..., Path], pleo: Sandbox
) -> None:
    """The refused job says what to start the manual one with; another number or plan is refused as before."""
    key = {"PLEO_READ_KEY": pleo.api_key}
    desired(books, accounts=[])
    refused = job("plan", **key)
    assert refused.code == 3
    told = re.search(r"REFUSED_PLAN=([0-9a-f]{12})", refused.log)
    assert told is not None
    assert (books / "plan.html").exists()
    for variables in (
        {"REFUSED_PLAN": "0" * 12, "ALLOW_ARCHIVE": "2"},
        {"REFUSED_PLAN": told[1], "ALLOW_ARCHIVE": "3"},
    ):
        assert job("plan:approved", **key, **variables).code == 3
    assert job("plan:approved", **key, REFUSED_PLAN=told[1], ALLOW_ARCHIVE="2").code == 0
    plan_id = (books / "plan.env").read_text().strip().removeprefix("PLAN_ID=")
    assert job("apply:approved", PLEO_WRITE_KEY=pleo.api_key, PLAN_ID=plan_id).code == 0
    assert all(account["archived"] for account in pleo.state()["accounts"])


@HAS_SSH
def test_what_enough_people_have_signed_is_applied(
    job: Callable[..., Ran],
    books: Path,
    desired: Callable[..., Path],
    pleo: Sandbox,
    cli: Cli,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Where the environment names approvers, their signatures come as a variable of the manual job."""
    keys = tmp_path_factory.mktemp("keys")
    keys_of(keys, "ann", "bob", "eve")
    (keys / "allowed").write_text(allowed_signers(keys, {"ann": "", "bob": ""}))
    desired(
        books, accounts=[{"externalId": key, "code": key[4:], "name": "Signed"} for key in ("ext-1000", "ext-2000")]
    )
    assert job("plan", PLEO_READ_KEY=pleo.api_key).code == 0
    given = {
        "PLEO_WRITE_KEY": pleo.api_key,
        "PLAN_ID": (books / "plan.env").read_text().strip().removeprefix("PLAN_ID="),
        "PLEOCTL_APPROVERS": str(keys / "allowed"),
        "PLEOCTL_APPROVALS": "2",
    }
    signatures: list[str] = []
    plan = shutil.copy(books / "plan.json", keys)
    for people, wanted in ((("eve", "ann"), 3), (("bob",), 0)):
        for person in people:
            assert cli("approve", plan, "--key", keys / person).code == 0
            signatures.append(base64.b64encode((keys / "plan.json.sig").read_bytes()).decode())
            (keys / "plan.json.sig").unlink()
        assert job("apply", **given, SIGNATURES=" ".join(signatures)).code == wanted
    assert {account["name"] for account in pleo.state()["accounts"]} == {"Signed", "Closed"}


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("variables", [{}, {"REFUSED_PLAN": "x", "ALLOW_ARCHIVE": "$(touch pwned)"}])
def test_a_plan_that_fails_ends_the_job(job: Callable[..., Ran], variables: dict[str, str], books: Path) -> None:
    """Neither a page nor an id is made of nothing, and no variable is a command."""
    assert job("plan:review", PLEO_READ_KEY="x", **variables).code == 78
    assert not (books / "plan.env").exists()
    assert not (books / "pwned").exists()


def test_only_jobs_that_talk_to_pleo_have_an_environment_with_its_key() -> None:
    """A variable of an environment reaches its jobs alone; reading makes no deployment."""
    for name, spec in PIPELINE.items():
        if not isinstance(spec, dict) or "script" not in spec:
            continue
        key = spec.get("variables", {}).get("PLEO_API_KEY")
        wanted = {None: None, "$PLEO_READ_KEY": "pleo-read", "$PLEO_WRITE_KEY": "pleo-production"}[key]
        assert spec.get("environment", {}).get("name") == wanted, name
        assert wanted != "pleo-read" or spec["environment"]["action"] == "access"


def test_installing_sees_no_secret() -> None:
    """Pip and what it runs start with an empty environment, isolated from the checkout, and take hashes alone."""
    installing = [line for line in PIPELINE["default"]["before_script"] if "pip" in line or "venv" in line][:2]
    assert all(line.startswith('env -i "PATH=$PATH" "HOME=$HOME" ') for line in installing)
    assert all(" -I -m " in line for line in installing)
    assert "--require-hashes" in installing[1]
