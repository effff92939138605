"""Options that every command has, before and behind it; `help` and `version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import shell_complete

from pleoctl import __version__
from pleoctl.cli.main import cli as cli_group
from pleoctl.cli.shared import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli, MakeDesired, MakeWorkspace


def test_options_may_stand_before_the_command(cli: Cli, tmp_path: Path) -> None:
    """At every step of it; they mean the same there."""
    named = ["--workspace", str(tmp_path), "--format", "json"]
    for arguments in (
        ["validate", *named],
        [*named, "validate"],
        ["--format", "json", "validate", *named[:2]],
        ["mapping", *named, "check"],
        [*named[:2], "mapping", *named[2:], "check"],
    ):
        said = cli(*arguments)
        assert (said.code, said.json["findings"][0]["file"]) == (78, str(tmp_path / "pleoctl.yaml")), arguments


def test_every_group_takes_the_options_over(cli: Cli) -> None:
    """Else one before the group would be lost, and another workspace than the named one be read."""
    context, groups = click.Context(cli_group), [cli_group]
    for group in groups:
        assert set(SHARED) <= {parameter.name for parameter in group.params}, group.name
        made = (group.get_command(context, name) for name in group.list_commands(context))
        groups += [one for one in made if isinstance(one, click.Group)]
    said = cli("--log-format", "json", "--workspace", "/nonexistent", "vendors", "export-drafts")
    assert (said.code, "/nonexistent" in said.stderr, said.stderr[:1]) == (78, True, "{")


def test_the_option_nearest_to_the_command_counts(cli: Cli) -> None:
    """A later one overrules an earlier one."""
    assert cli("--format", "json", "version", "--format", "text").stdout.startswith("pleoctl, version")
    assert cli("--format", "text", "version", "--format", "json").json["result"]["version"] == __version__


def test_a_format_that_the_command_lacks_is_refused_wherever_it_stands(cli: Cli) -> None:
    """With those that it has."""
    for arguments in (["--format", "csv", "version"], ["version", "--format", "csv"]):
        said = cli(*arguments)
        assert (said.code, "text" in said.stderr, "json" in said.stderr) == (64, True, True)


def test_a_variable_that_says_nothing_usable_is_named(
    cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks for it in a command line where it does not stand."""
    workspace(None)
    commands = {
        "PLEOCTL_LOCK_TIMEOUT": ["sync"],
        "PLEOCTL_PROCESSES": ["map", "items.json"],
        "PLEOCTL_FORMAT": ["plan"],
        "PLEOCTL_LOG_FORMAT": ["plan"],
    }
    for name, command in commands.items():
        with monkeypatch.context() as context:
            context.setenv(name, "soon")
            said = cli(*command)
        assert (said.code, name in said.stderr, "soon" in said.stderr) == (64, True, True), name
    assert "--lock-timeout: 'soon' is not a duration" in cli("sync", "--lock-timeout", "soon").stderr


WRONG = (
    "validate --junit=",
    "log verify --head nonsense",
    "apply none.json --lock-timeout soon",
    "apply none.json --approvals 2",
    "sync --lock-timeout soon",
    "sync --revoked none",
    "plan --today soon",
    "jobs run --lock-timeout soon",
    "jobs serve --secret env:X --window soon",
    "jobs serve --secret env:X --listen soon",
    "jobs serve --secret s3cret",
    "jobs serve --secret env:X --lock-timeout soon",
    "jobs fail 6a4f3c1e-0000-4000-8000-000000000001 --type internal_error --reason x --lock-timeout soon",
    *(f"jobs {name} no-id" for name in ("fetch", "plan", "run", "verify", "fail --type internal_error --reason x")),
    *(f"fleet {name} --shard 3/2" for name in ("list", "status", "plan", "apply none", "sync", "drift", "jobs")),
    "fleet enqueue sync --status fine",
    "fleet apply none --lock-timeout soon",
    "fleet apply none --approvals 2",
    "fleet worker --lock-timeout soon",
)


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_command_line_is_said_before_files_are_missed(
    line: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 64 where nothing is there that it names: no workspace, no fleet, no plan."""
    monkeypatch.chdir(tmp_path)
    said = cli(*line.split())
    assert said.code == 64, said.stderr


@pytest.mark.parametrize("words", [[], ["plan"], ["mapping"], ["mapping", "check"], ["lock", "release"]])
def test_help_shows_what_the_option_shows(cli: Cli, words: list[str]) -> None:
    """`help COMMAND` is `COMMAND --help`."""
    said = cli("help", *words)
    assert (said.code, said.stdout) == (0, cli(*words, "--help").stdout)
    assert cli("help", *words, "--format", "json").json["result"]["help"] in said.stdout


@pytest.mark.parametrize("words", [["plam"], ["plan", "nothing"], ["mapping", "chek"]])
def test_help_for_what_is_not_there_is_a_usage_error(cli: Cli, words: list[str]) -> None:
    """And says what there is."""
    assert cli("help", *words, "--format", "json").json["command"] == "help"
    said = cli("help", *words)
    assert (said.code, words[-1] in said.stderr or "has no commands" in said.stderr) == (64, True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("pleoctl schema pl", "plain,plan"),
        ("pleoctl source presets xe", "plain,xero"),
        ("pleoctl log ver", "plain,verify"),
        ("pleoctl dimensions select D", "plain,DEPT"),
        ("pleoctl dimensions deselect P", "plain,PROJ"),
        ("pleoctl plan --dimension P", "plain,PROJ"),
        ("pleoctl help vend", "plain,vendors"),
        ("pleoctl help mapping exp", "plain,explain"),
        ("pleoctl trust li", "plain,list"),
        ("pleoctl jobs fail --type job_", "plain,job_expired"),
        ("pleoctl fleet list --status sta", "plain,stale"),
        ("pleoctl fleet list --status done,sta", "plain,done,stale"),
    ],
)
def test_a_shell_completes_values(
    workspace: MakeWorkspace, desired: MakeDesired, words: str, offered: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of schemas, presets, runs, dimensions, commands, states, reasons; nothing where there is no workspace."""
    folder = workspace(None, dimensions={"selected": ["PROJ"]})
    desired(folder, dimensions=[{"code": "DEPT", "name": "D"}, {"code": "PROJ", "name": "P", "values": []}])
    assert completed(words, capsys) == [offered]


def test_a_shell_completes_what_may_be_undone(
    workspace: MakeWorkspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of `pleoctl log`, or any file; files alone where there is no workspace."""
    folder = workspace(None)
    run = folder / ".pleoctl" / "runs" / "20260102T101500123456-d0aad3a3-fffb"
    run.mkdir(parents=True)
    (run / "plan.json").write_text("{}")
    assert completed("pleoctl undo 2026", capsys) == [f"plain,{run.name}", "file,2026"]
    assert completed("pleoctl undo r", capsys) == ["file,r"]
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    (folder / "pleoctl.yaml").unlink()
    assert completed("pleoctl undo 2026", capsys) == ["file,2026"]


def completed(words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What bash is offered at the end of a command line."""
    given = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in given.items():
            patched.setenv(name, value)
        assert shell_complete(cli_group, {}, "pleoctl", "_PLEOCTL_COMPLETE", "bash_complete") == 0
    return capsys.readouterr().out.splitlines()
