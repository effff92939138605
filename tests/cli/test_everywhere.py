"""Options that every command has, before and behind it; `help` and `version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli


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


def test_the_option_nearest_to_the_command_counts(cli: Cli) -> None:
    """A later one overrules an earlier one."""
    assert cli("--format", "json", "version", "--format", "text").stdout.startswith("pleoctl, version")
    assert cli("--format", "text", "version", "--format", "json").json["result"]["version"] == __version__


def test_a_format_that_the_command_lacks_is_refused_wherever_it_stands(cli: Cli) -> None:
    """With those that it has."""
    for arguments in (["--format", "csv", "version"], ["version", "--format", "csv"]):
        said = cli(*arguments)
        assert (said.code, "text" in said.stderr, "json" in said.stderr) == (64, True, True)


@pytest.mark.parametrize("words", [[], ["plan"], ["mapping"], ["mapping", "check"], ["lock", "release"]])
def test_help_shows_what_the_option_shows(cli: Cli, words: list[str]) -> None:
    """`help COMMAND` is `COMMAND --help`."""
    said = cli("help", *words)
    assert (said.code, said.stdout) == (0, cli(*words, "--help").stdout)
    assert cli("help", *words, "--format", "json").json["result"]["help"] in said.stdout


@pytest.mark.parametrize("words", [["plam"], ["plan", "nothing"], ["mapping", "chek"]])
def test_help_for_what_is_not_there_is_a_usage_error(cli: Cli, words: list[str]) -> None:
    """And says what there is."""
    said = cli("help", *words)
    assert (said.code, words[-1] in said.stderr or "has no commands" in said.stderr) == (64, True)
