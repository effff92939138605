"""Exit codes and output shapes of the command line, whatever the command."""

from __future__ import annotations

from typing import Any


def test_a_command_without_a_workspace_is_invalid(cli: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """No pleoctl.yaml anywhere above: exit 78 with a way out."""
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = cli("plan")
    assert (code, stdout) == (78, "")
    assert "pleoctl init" in stderr


def test_a_plan_of_the_sandbox_comes_out(cli: Any, pleo: Any, workspace: Any, desired: Any) -> None:
    """The fixtures fit together: a workspace for the sandbox gives a plan."""
    folder = workspace(pleo)
    desired(folder, accounts=[{"externalId": "ext-1000", "code": "1000", "name": "Office"}])
    said = cli("plan", "--format", "json")
    assert [change["action"] for change in said.json["changes"]] == ["update", "archive"]
