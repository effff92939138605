"""What a command tells those who watch machines: its log as JSON lines, its metrics for Prometheus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mixed import accounts
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace, Said

_SAMPLE = re.compile(
    r'^(?P<name>[a-z_:][a-z0-9_:]*)\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\} (?P<value>-?[0-9.]+)$'
)


def lines(said: Said) -> list[Json]:
    """Standard error, each line of which is an object."""
    return [json.loads(line) for line in said.stderr.splitlines()]


def samples(path: Path) -> dict[tuple[str, ...], float]:
    """Value of each sample by its name and the values of its own labels; every line keeps to the format."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _SAMPLE.match(line)
        assert line.startswith("# ") or match, line
        if match:
            labels = re.findall(r'([a-z_]+)="([^"]*)"', match["labels"])
            own = [value for name, value in labels if name not in {"company", "command", "version"}]
            found[(match["name"].removeprefix("pleoctl_"), *own)] = float(match["value"])
    return found


@pytest.fixture
def renamed(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """A workspace whose plan renames three accounts."""
    pleo.reset(Seed(accounts=accounts(3)), Settings())
    folder = workspace(pleo)
    desired(folder, accounts=[{**row, "name": "new"} for row in accounts(3)])
    return folder


@pytest.mark.usefixtures("renamed")
def test_a_log_of_objects_knows_company_plan_and_run(cli: Cli, pleo: Sandbox) -> None:
    """Every line is an object with time, level and message, and with the ids that are known by then."""
    assert cli("plan", "-o", "plan.json").code == 0
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))["id"]
    for arguments in (
        ["apply", "plan.json", "--debug", "--log-format", "json"],
        ["--log-format=json", "apply", "plan.json", "-v"],
    ):
        said = cli(*arguments)
        assert said.code == 0
        last = lines(said)[-1]
        assert {"time", "level", "message", "logger"} <= last.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", last["time"])
        assert (last["command"], last["company"], last["plan"]) == ("apply", pleo.company, plan)
        assert last["run"] in cli("log").stdout


def test_threads_of_a_run_know_its_ids(cli: Cli, renamed: Path) -> None:
    """Requests that are sent side by side are told with the run that they belong to."""
    assert cli("plan", "-o", "plan.json").code == 0
    told = lines(cli("apply", "plan.json", "--debug", "--log-format", "json"))
    puts = [one for one in told if one["message"].startswith("PUT")]
    assert len(puts) == 3
    assert all(one["run"] for one in puts), renamed


def test_findings_and_usage_errors_are_objects_too(
    cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding keeps its fields; what the command line has wrong is one object; so by the environment."""
    monkeypatch.setenv("PLEOCTL_LOG_FORMAT", "json")
    (workspace() / "pleoctl.yaml").write_text("company: [\u202e\n", encoding="utf-8")
    (told,) = lines(cli("validate"))
    assert (told["level"], told["finding"]["file"], told["command"]) == ("error", "pleoctl.yaml", "validate")
    (told,) = lines(cli("plan", "--no-such"))
    assert (told["level"], "--no-such" in told["message"]) == ("error", True)
    assert cli("plan", "--no-such", "--log-format", "text").stderr.startswith("Usage:")


def test_a_log_format_that_is_none_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the command line and in the environment."""
    assert cli("version", "--log-format", "xml").code == 64
    monkeypatch.setenv("PLEOCTL_LOG_FORMAT", "xml")
    assert "PLEOCTL_LOG_FORMAT" in cli("version").stderr


def test_metrics_say_what_a_plan_and_a_run_came_to(cli: Cli, renamed: Path) -> None:
    """Exit code, changes by action and status, requests, the guard; the file stands beside another option too."""
    assert cli("plan", "-o", "plan.json", "--metrics", "plan.prom").code == 0
    planned = samples(renamed / "plan.prom")
    assert planned["plan_changes", "account", "update"] == 3
    assert (planned["guard_refused",], planned["last_run_exit_code",]) == (0, 0)
    assert planned["requests", "Pleo", "read"] >= 1
    assert cli("apply", "plan.json", "--expect-id", f"sha256:{'0' * 64}", "--metrics", "refused.prom").code == 3
    refused = samples(renamed / "refused.prom")
    assert (refused["last_run_outcome", "refused"], refused["run_changes", "account", "update", "notAttempted"]) == (
        1,
        3,
    )
    assert cli("--metrics", "apply.prom", "apply", "plan.json").code == 0
    applied = samples(renamed / "apply.prom")
    assert applied["run_changes", "account", "update", "done"] == 3
    assert applied["last_run_outcome", "done"] == 1
    assert applied["requests", "Pleo", "write"] == 3


@pytest.mark.usefixtures("renamed")
def test_metrics_are_written_at_every_exit_code(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, tmp_path: Path
) -> None:
    """What a guard refuses, and what a server makes slow, is in them."""
    pleo.add_fault(Fault(kind="status", status=503, nth=1))
    desired(
        workspace(pleo, guard={"maxArchive": {"count": 1}}),
        accounts=[{"externalId": "e001", "name": " ", "hold": "blank"}],
    )
    assert cli("plan", "--metrics", "m.prom").code == 3
    found = samples(tmp_path / "m.prom")
    assert (found["last_run_exit_code",], found["guard_refused",], found["held_rows", "account"]) == (3, 1, 1)
    assert found["requests", "Pleo", "retry"] == 1
    assert found["wait_seconds", "retry"] > 0
    assert cli("drift", "--metrics", "none/here/m.prom", "--workspace", "nowhere").code == 78
    assert samples(tmp_path / "none/here/m.prom")["findings", "error"] == 1


@pytest.mark.usefixtures("renamed")
def test_metrics_replace_nothing_that_the_command_reads(cli: Cli, tmp_path: Path) -> None:
    """Nor do they go where a link leads out of the workspace; nothing is done then."""
    before = (tmp_path / "pleoctl.yaml").read_bytes()
    assert cli("validate", "--metrics", "pleoctl.yaml").code == 64
    assert (tmp_path / "pleoctl.yaml").read_bytes() == before


@pytest.mark.usefixtures("renamed")
def test_metrics_that_cannot_be_written_are_an_error(cli: Cli, tmp_path: Path) -> None:
    """The work is done all the same, and the exit code says that a file is missing."""
    (tmp_path / "folder").mkdir()
    said = cli("plan", "-o", "plan.json", "--metrics", "folder")
    assert (said.code, (tmp_path / "plan.json").exists()) == (1, True)
