"""Where a run leaves its files when the disk is full, cannot be written, or is not where it seems to be."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.schemas import validator
from pleoctl.machine import connection_name
from pleoctl.sandbox import Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

NUMBER = 30


@pytest.fixture
def folder(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> Path:
    """A workspace and in it a plan that renames thirty accounts, one after another."""
    rows = [{"externalId": f"acc-{n}", "code": f"{n}", "name": f"Account {n}"} for n in range(NUMBER)]
    pleo.reset(Seed(accounts=rows), Settings())
    made: Path = workspace(pleo)
    desired(made, accounts=[{**row, "name": f"{row['name']} new"} for row in rows])
    assert cli("plan", "-o", "plan.json").code == 0
    return made


def renamed(pleo: Sandbox) -> set[str]:
    """Addresses of the accounts that Pleo shows with their new names."""
    return {f"account:{a['externalId']}" for a in pleo.state()["accounts"] if a["name"].endswith(" new")}


# --- a full disk ----------------------------------------------------------------------------------------------------

# No file may grow beyond so many bytes: from the start, or from the moment at which the plan is kept. Python would keep
# modules that were not loaded before as bytecode that is cut off there, for whoever loads them next.
FULL = """
import resource, sys
from pleoctl.run.journal import Journal
def fill():
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
when, opened = sys.argv.pop(1), Journal.__init__
def full(*arguments):
    fill()
    opened(*arguments)
Journal.__init__ = full
if when == "start":
    fill()
from pleoctl.__main__ import main
main()
"""


def with_a_full_disk(when: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command on a disk that fills up at the ``start`` or ``later``."""
    command = [sys.executable, "-c", FULL, when, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_disk_that_fills_up_leaves_a_partial_run(folder: Path, pleo: Sandbox, cli: Cli) -> None:
    """Exit 5 and the receipt on stdout: done is what Pleo has, the rest is not attempted; undo works, and apply."""
    done = with_a_full_disk("later", "apply", "plan.json", "--format", "json")
    assert done.returncode == 5
    receipt = json.loads(done.stdout)
    assert receipt["outcome"] == "partial"
    assert {c["address"] for c in receipt["changes"] if c["status"] == "done"} == renamed(pleo)
    assert 0 < len(renamed(pleo)) < NUMBER
    assert {c["status"] for c in receipt["changes"]} == {"done", "notAttempted"}
    assert "the journal cannot be written (file too large); nothing more is sent to Pleo" in done.stderr
    assert "the receipt could be kept nowhere" in done.stderr
    assert "set PLEOCTL_STATE_DIR to a folder that can be written, and run the same again" in done.stderr
    assert f"`pleoctl log {receipt['runId']}` tells by the journal what this run sent" in done.stderr
    assert f"Run {receipt['runId']}; apply its plan again" in cli("log", receipt["runId"]).stdout
    assert "bug" not in done.stderr
    (folder / "receipt.json").write_text(done.stdout)
    assert cli("undo", "receipt.json", "-o", "undo.json").code == 0
    assert len(json.loads((folder / "undo.json").read_text())["changes"]) == len(renamed(pleo))
    assert cli("apply", "plan.json").code == 0
    assert len(renamed(pleo)) == NUMBER


def test_a_disk_that_is_full_from_the_start_sends_nothing(folder: Path, pleo: Sandbox) -> None:
    """Exit 1 and a sentence, in text and JSON; no empty run stays behind."""
    done = with_a_full_disk("start", "apply", "plan.json")
    assert (done.returncode, renamed(pleo)) == (1, set())
    assert "nothing was sent to Pleo" in done.stderr
    assert "set PLEOCTL_STATE_DIR" in done.stderr
    told = with_a_full_disk("start", "apply", "plan.json", "--format", "json")
    assert json.loads(told.stdout)["exitCode"] == 1
    assert list((folder / ".pleoctl/runs").iterdir()) == []


@pytest.mark.usefixtures("folder")
def test_the_receipt_says_what_stderr_could_not(cli: Cli) -> None:
    """What there is to tell beside the changes: why a plan was refused, which file could not be written."""
    refused = json.loads(cli("apply", "plan.json", "--expect-id", "sha256:wrong", "--format", "json").stdout)
    assert [finding["code"] for finding in refused["findings"]] == ["refused"]
    done = json.loads(cli("apply", "plan.json", "--receipt", "/dev/full", "--format", "json").stdout)
    assert [(finding["code"], finding["file"]) for finding in done["findings"]] == [("not-written", "/dev/full")]
    again = json.loads(cli("apply", "plan.json", "--format", "json").stdout)
    assert "findings" not in again
    for receipt in (refused, done, again):
        assert list(validator("receipt").iter_errors(receipt)) == []


def test_a_bug_in_the_middle_of_a_run_loses_no_receipt(
    folder: Path, pleo: Sandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written stands in it; exit 5 where something is left to do, else 1."""
    monkeypatch.setattr("pleoctl.apply.run.verify", lambda *_: 1 / 0)
    said = cli("apply", "plan.json")
    assert said.code == 1
    assert "unexpected ZeroDivisionError" in said.stderr
    (receipt,) = folder.glob(".pleoctl/runs/*/receipt.json")
    statuses = {change["status"] for change in json.loads(receipt.read_text())["changes"]}
    assert (statuses, len(renamed(pleo))) == ({"done"}, NUMBER)


# --- a workspace that cannot be written -----------------------------------------------------------------------------


@pytest.fixture
def read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace on a file system that takes no new folder."""
    make = os.mkdir

    def mkdir(path: Value, *arguments: Value, **options: Value) -> None:
        if str(path).startswith(str(folder)):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        make(path, *arguments, **options)

    monkeypatch.setattr("os.mkdir", mkdir)
    return folder


def test_a_read_only_workspace_can_be_applied(read_only: Path, pleo: Sandbox, environment: Path, cli: Cli) -> None:
    """The user's state folder takes the run, which is told; `log` and `undo` find it there."""
    said = cli("apply", "plan.json")
    assert said.code == 0
    assert len(renamed(pleo)) == NUMBER
    (run,) = (environment / "runs" / connection_name(pleo.url, pleo.company)).glob("*/")
    assert f"the run is kept in {run}" in said.stderr
    assert "read-only file system" in said.stderr
    assert {path.name for path in run.iterdir()} == {"plan.json", "journal.jsonl", "receipt.json"}
    assert [r["runId"] for r in json.loads(cli("log", "--format", "json").stdout)["result"]] == [run.name]
    assert cli("undo", run.name).code == 0
    assert not (read_only / ".pleoctl").exists()


def test_a_refused_plan_leaves_its_receipt_there_as_well(read_only: Path, environment: Path, cli: Cli) -> None:
    """Exit 3."""
    assert cli("apply", str(read_only / "plan.json"), "--expect-id", "sha256:wrong").code == 3
    (receipt,) = environment.glob("runs/*/*/receipt.json")
    assert json.loads(receipt.read_text())["outcome"] == "refused"


def test_a_receipt_goes_where_there_is_room(
    folder: Path, environment: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's own folder is gone by the end: the receipt is kept with the user's state, and the run listed once."""
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if done():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    def done() -> bool:
        return any(".receipt.json" in path.name for path in (folder / ".pleoctl").rglob(".*.tmp"))

    monkeypatch.setattr("os.fsync", fsync)
    said = cli("apply", "plan.json")
    assert said.code == 0
    assert "the receipt is kept in" in said.stderr
    (receipt,) = environment.glob("runs/*/*/receipt.json")
    runs = json.loads(cli("log", "--format", "json").stdout)["result"]
    assert [(run["runId"], run["outcome"]) for run in runs] == [(receipt.parent.name, "done")]


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", [".pleoctl", ".pleoctl/runs"])
@pytest.mark.parametrize("command", ["apply plan.json", "apply plan.json --expect-id sha256:x", "plan", "log"])
def test_runs_that_lie_outside_through_a_link_are_refused(
    folder: Path, link: str, command: str, pleo: Sandbox, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A branch may have planted it: exit 3 before anything is written, there or in Pleo."""
    outside = tmp_path_factory.mktemp("outside")
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(outside)
    said = cli(*command.split())
    assert said.code == 3
    assert "leads outside the workspace" in said.stderr
    assert list(outside.iterdir()) == []
    assert renamed(pleo) == set()


def test_the_ignore_file_is_not_written_through_a_link(
    folder: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A link that leads nowhere yet would make a file outside."""
    outside = tmp_path_factory.mktemp("outside")
    (folder / ".pleoctl").mkdir()
    (folder / ".pleoctl/.gitignore").symlink_to(outside / "made")
    assert cli("apply", "plan.json").code == 0
    assert list(outside.iterdir()) == []


def test_links_within_the_workspace_are_followed(folder: Path, cli: Cli) -> None:
    """They are the user's own."""
    (folder / "state").mkdir()
    (folder / ".pleoctl").symlink_to("state")
    assert cli("apply", "plan.json").code == 0
    assert list((folder / "state/runs").glob("*/receipt.json"))
