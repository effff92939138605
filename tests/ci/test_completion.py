"""Shell completion, asked of the real shells where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Cli

# How a script without a terminal asks a shell for the completions of a line.
ASK = {
    "bash": 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pleoctl_completion pleoctl 2>/dev/null;'
    ' printf "%s\\n" "${COMPREPLY[@]}"',
    "fish": 'source $argv[1]; complete -C "$argv[2..-1]" | string split -f1 \\t',
    # compadd, _describe and compdef exist only while a line is edited, so these stand in for them.
    "zsh": "compdef() { : }; _path_files() { print -l -- * }; _describe() { print -l -- ${${(P)3}%%:*} };"
    ' compadd() { local n=${@[-1]}; print -l -- ${(P)n} }; script=$1; shift; words=("$@"); CURRENT=$#;'
    " source $script; _pleoctl_completion",
}
SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"))
    for name in ASK
]


@pytest.fixture
def complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Callable[..., Path], cli: Cli
) -> Callable[..., set[str]]:
    """The words that a shell offers for the last word of a line, in a workspace with two dimensions."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "pleoctl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pleoctl "$@"\n')
    (bin_ / "pleoctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    workspace(dimensions={"selected": ["DEPT", "PROJ"]})
    (tmp_path / "reviewed-plan.json").write_text("{}")

    def ask(shell: str, *words: str) -> set[str]:
        script = tmp_path / f"completion.{shell}"
        script.write_text(cli("completion", shell).stdout)
        quiet = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
        arguments = ["-c", ASK[shell], *([] if shell == "fish" else ["_"]), str(script), "pleoctl", *words]
        done = subprocess.run(
            [shell, *quiet, *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
        )
        return {line.strip() for line in done.stdout.splitlines()}

    return ask


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_choices_are_completed(complete: Callable[..., set[str]], shell: str) -> None:
    """Commands by their beginning, the options of a command, and the values that an option takes."""
    assert complete(shell, "comp") >= {"completion"}
    assert complete(shell, "plan", "--max") >= {"--max-bytes"}
    assert complete(shell, "show", "--format", "ht") >= {"html"}


@pytest.mark.parametrize("shell", SHELLS)
def test_dimensions_of_the_workspace_are_completed(complete: Callable[..., set[str]], shell: str) -> None:
    """The codes are those of the workspace one is in."""
    found = complete(shell, "plan", "--dimension", "")
    assert found >= {"DEPT", "PROJ"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_files_are_completed(complete: Callable[..., set[str]]) -> None:
    """A plan's name is completed from the folder."""
    assert complete("fish", "show", "review") >= {"reviewed-plan.json"}


def test_outside_of_a_workspace_no_code_is_offered(complete: Callable[..., set[str]], tmp_path: Path) -> None:
    """A missing or broken workspace gives nothing, and no error on the line that is being typed."""
    (tmp_path / "pleoctl.yaml").write_text("kind: nonsense\n")
    assert complete("bash", "plan", "--dimension", "") <= {""}
