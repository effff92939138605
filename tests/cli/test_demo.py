"""The demo: the whole main job, and nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Cli


def test_the_demo_ends_with_no_changes(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export, plan, show, apply, mapping, a second plan and an export job run; the folder stays empty.

    Each step has the log format of the whole.
    """
    monkeypatch.chdir(tmp_path)
    said = cli("demo", "--log-format", "json")
    assert (said.code, [line[0] for line in said.stderr.splitlines() if line[0] != "{"]) == (0, [])
    assert "No changes: Pleo is in line" in said.stdout.splitlines()[-1]
    assert "Apply done: 220 done." in said.stdout
    assert "confirm   vendor:ven-1004" in said.stdout
    assert "tax-code-in-use: taxCode:IFP: account:acc-5480 names it" in said.stdout
    assert "200 mapped, 0 failed" in said.stdout + said.stderr
    assert "Job completed: 4 done." in said.stdout
    assert said.stdout.count("There is no export job.") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_kept_demo_can_be_gone_on_with(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--keep leaves a workspace that validates, with plan and receipt; an existing folder is refused (exit 3).

    As JSON it tells what was done, and shows the steps on standard error.
    """
    monkeypatch.chdir(tmp_path)
    said = cli("demo", "--keep", "company", "--format", "json")
    result = said.json["result"]
    assert (said.code, result["workspace"], len(result["steps"])) == (0, "company", 11)
    assert result["steps"][1] == {"command": "pleoctl plan -o plan.json --brief", "exitCode": 0}
    assert result["counts"] == {"changes": 220, "entries": 200, "booked": 4}
    assert "Apply done: 220 done." in said.stderr
    assert {"pleoctl.yaml", "desired-state.yaml", "plan.json", "receipt.json", "entries.jsonl"} <= {
        path.name for path in (tmp_path / "company").iterdir()
    }
    assert cli("validate", "--workspace", "company").code == 0
    assert cli("demo", "--keep", "company").code == 3
