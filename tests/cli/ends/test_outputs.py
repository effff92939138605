"""Where outputs go: standard output, pipes, full disks, links, folders that are gone."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renames import code_of, renamed, shell

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_a_plan_can_go_to_standard_output(name: str, plan: Path, cli: Cli) -> None:
    """Its bytes alone, what people read on stderr, and no file of that name."""
    before = sorted(plan.parent.iterdir())
    said = cli("plan", "-o", name)
    assert (said.code, said.stdout.encode()) == (0, plan.read_bytes())
    assert "12 to update" in said.stderr
    assert sorted(plan.parent.iterdir()) == before
    assert cli("plan", "-o", name, "--format", "json")[:2] == (0, plan.read_text())


def test_a_plan_can_go_into_a_pipe(plan: Path) -> None:
    """A shell's process substitution gets the bytes; a reader that goes away is no error."""
    done = shell("pleoctl plan -o >(cat >copy.json); code=$?; wait $!; exit $code")
    assert (done.returncode, done.stderr) == (0, "")
    assert (plan.parent / "copy.json").read_bytes() == plan.read_bytes()
    assert "Saved to" not in done.stdout
    assert code_of("pleoctl plan -o >(true)") == 0
    assert code_of("pleoctl plan -o - >/dev/full") == 1


def test_other_outputs_can_go_to_standard_output(plan: Path, cli: Cli) -> None:
    """Receipts, reports, entries and imports like plans."""
    assert cli("map", "items.json", "-o", "-").stdout == cli("map", "items.json").stdout
    assert cli("validate", "--junit", "-").stdout.startswith("<?xml")
    assert cli("import", "-o", "-").stdout.startswith("apiVersion: pleoctl/v1\nkind: DesiredState")
    assert json.loads(cli("apply", str(plan), "--receipt", "-").stdout)["outcome"] == "done"
    assert not (plan.parent / "-").exists()


def test_events_can_go_to_standard_output(plan: Path) -> None:
    """Alone there, what people read on stderr, no file of that name; what cannot be written there is an error."""
    assert code_of("pleoctl apply plan.json --events - >/dev/full") == 1
    done = shell("pleoctl apply plan.json --events - 2>said.txt")
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["event"] == "finished"
    assert "12 changes stand in Pleo" in (plan.parent / "said.txt").read_text()
    assert not (plan.parent / "-").exists()


@pytest.mark.parametrize(
    "command",
    [
        "plan -o x.json --junit x.json",
        "plan -o x.json --metrics ./x.json",
        "plan -o - --sarif /dev/stdout",
        "validate --junit x.json --sarif through",
        "apply plan.json --receipt x.json --events x.json",
    ],
)
def test_two_outputs_do_not_go_to_one_place(command: str, plan: Path, cli: Cli, pleo: Sandbox) -> None:
    """One would be lost: refused as a slip of the command line before anything is read or written."""
    (plan.parent / "through").symlink_to("x.json")
    said = cli(*command.split())
    assert said.code == 64
    assert "two outputs go to one place" in said.stderr
    assert not (plan.parent / "x.json").exists()
    assert renamed(pleo) == 0
    assert cli("validate", "--junit", "/dev/null", "--sarif", "/dev/null").code == 0


def test_a_file_behind_standard_output_is_no_file_that_exists(plan: Path) -> None:
    """`import -o /dev/stdout >file` writes it like `-o -`, without --force."""
    assert shell("pleoctl import -o /dev/stdout >live.yaml").returncode == 0
    assert (plan.parent / "live.yaml").read_text().startswith("apiVersion: pleoctl/v1\nkind: DesiredState")


UNWRITABLE = (
    "plan -o {}",
    "plan -o {} --detailed-exitcode",
    "plan --junit {}",
    "plan --sarif {}",
    "plan --gitlab-report {}",
    "validate --junit {}",
    "validate --sarif {}",
    "map items.json --format csv -o {}",
    "import -o {}",
    "mapping test --junit {}",
    "apply plan.json --receipt {}",
)


@pytest.mark.parametrize("command", UNWRITABLE)
@pytest.mark.usefixtures("plan")
def test_an_output_that_cannot_be_written_is_told(command: str, cli: Cli) -> None:
    """A finding that names the file, and never exit 0; what the command did or found is told as ever."""
    said = cli(*command.format("/dev/full").split())
    assert said.code == 1
    assert "/dev/full: cannot be written: no space left on device (free some space" in said.stderr
    assert "bug" not in said.stderr
    if command.startswith("apply"):
        assert "Apply done: 12 done." in said.stdout


OBSTACLES = {
    "loop.json": "is a link that leads to itself (remove it",
    "loop/x.json": "cannot be written: loop is a link that leads to itself (remove it",
    "pleoctl.yaml/x.json": "cannot be written: pleoctl.yaml is not a folder (remove it",
    "as": "cannot be written: is a directory (name a file in it)",
    "through/deep/x.json": "x.json: cannot be written: through is not a folder (remove it",
    f"{'x' * 300}.json": "file name too long (give a shorter name)",
}


@pytest.mark.parametrize("command", ["plan -o {}", "map items.json --format csv -o {}", "apply plan.json --receipt {}"])
def test_what_stands_in_the_way_of_an_output_is_told(command: str, plan: Path, cli: Cli) -> None:
    """A sentence with the fix: links in a circle, files as folders, folders as files; the links stay."""
    for name in ("loop.json", "loop"):
        (plan.parent / name).symlink_to(name)
    (plan.parent / "through").symlink_to("pleoctl.yaml")
    (plan.parent / "as").mkdir(exist_ok=True)
    for name, words in OBSTACLES.items():
        said = cli(*command.format(name).split())
        assert said.code == 1
        assert words in said.stderr
    assert (plan.parent / "loop.json").is_symlink()


def test_an_output_may_lie_behind_a_link_to_what_is_not_there_yet(plan: Path, cli: Cli) -> None:
    """The folder is made where the link leads; the link stays."""
    (plan.parent / "later").symlink_to("made")
    longest = f"{'x' * 250}.json"
    for name in ("x.json", longest):
        assert cli("plan", "-o", f"later/{name}").code == 0
        assert (plan.parent / "made" / name).read_bytes() == plan.read_bytes()


@pytest.mark.parametrize("command", UNWRITABLE)
def test_an_output_that_leads_out_of_the_workspace_is_refused(
    command: str, plan: Path, cli: Cli, pleo: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through a link that a branch may have planted: exit 3, nothing written there, and nothing to Pleo."""
    outside = tmp_path_factory.mktemp("outside")
    (plan.parent / "out").symlink_to(outside)
    said = cli(*command.format("out/file").split())
    assert said.code == 3
    assert "out/file leads outside the workspace" in said.stderr
    assert not list(outside.iterdir())
    assert renamed(pleo) == 0


def test_outputs_outside_the_workspace_are_as_good_as_any(
    plan: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A path that says where it leads, links on its way and links within the workspace included."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "link").symlink_to(outside)
    (plan.parent / "inner").symlink_to(".")
    for file in (
        outside / "a.json",
        outside / "link/b.json",
        Path("inner/c.json"),
        Path(os.path.relpath(outside)) / "d",
    ):
        assert cli("plan", "-o", str(file)).code == 0
        assert file.read_bytes() == plan.read_bytes()


def test_nothing_else_is_written_out_of_the_workspace(
    folder: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither a file of `init` nor the workspace itself, where a link stands in its place."""
    outside = tmp_path_factory.mktemp("outside")
    (folder / "new").mkdir()
    (folder / "new/.gitignore").symlink_to(outside / "made")
    said = cli("init", "new")
    assert (said.code, "new/.gitignore leads outside the workspace" in said.stderr) == (3, True)
    assert list(outside.iterdir()) == []
    (folder / "pleoctl.yaml").rename(outside / "theirs.yaml")
    (folder / "pleoctl.yaml").symlink_to(outside / "theirs.yaml")
    theirs = (outside / "theirs.yaml").read_bytes()
    assert cli("import", "--force").code == 3
    assert (outside / "theirs.yaml").read_bytes() == theirs


@pytest.mark.parametrize(
    "command", ["plan", "validate", "log", "show plan.json", "init x", "map i.json -o x", "plan -o x"]
)
def test_a_deleted_working_directory_is_told(
    command: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence with the fix."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    said = cli(*command.split())
    assert said.code in {1, 78}
    assert re.search(r"folder no longer exists|file does not exist|no such file", said.stdout + said.stderr)
    assert "bug" not in said.stderr
