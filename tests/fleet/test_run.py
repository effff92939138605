"""A fleet in this process: what each company comes to, which are chosen, what is kept."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from pleoctl.fleet import run as run_module
from pleoctl.fleet.crew import How
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.receipt import CompanyResult, FleetReceipt
from pleoctl.fleet.run import FleetRun
from pleoctl.fleet.work import Task

if TYPE_CHECKING:
    from pleoctl.fleet.fleet import Opened
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder


def test_sync_brings_every_company_in_line(fleet: FleetFolder, cli: Cli) -> None:
    """Each by its own books and key; the receipt names them all and lies beside fleet.yaml."""
    fleet["south"].write(rows=3)
    said = cli("fleet", "sync", "--format", "json")
    assert (said.code, said.json["command"], said.json["exitCode"], said.json["findings"]) == (0, "fleet sync", 0, [])
    assert [one["outcome"] for one in said.json["result"]["companies"]] == ["done"] * 3
    assert fleet["south"].accounts == ["N0", "N1", "N2"]
    assert fleet["west"].accounts == ["N0"]
    (kept,) = (fleet.root / ".pleoctl" / "fleet").glob("[0-9]*.json")
    assert json.loads(kept.read_text()) == said.json["result"]
    assert all((fleet.root / one["receipt"]).is_file() for one in said.json["result"]["companies"])
    for look in ("text", "markdown", "html"):
        shown = cli("show", kept, "--format", look)
        assert (shown.code, all(f"companies/{name}/pleoctl.yaml" in shown.stdout for name in fleet.companies)) == (
            0,
            True,
        )
    assert cli("show", kept, "--format", "json").stdout == kept.read_text()
    growing = fleet.root / "growing.json"
    growing.write_text(json.dumps({**said.json["result"], "finishedAt": ""}))
    assert cli("show", growing).stdout.endswith("of `fleet sync`, not finished.\n")
    said = cli("undo", kept, "--workspace", fleet["west"].folder)
    assert (said.code, "the receipt of a fleet's run" in said.stderr) == (78, True)


def test_a_receipt_that_grows_tells_who_is_at_work(fleet: FleetFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are not over, which were begun: so it can be seen who hangs."""
    found, begun, told = Fleet(fleet.root / "fleet.yaml"), threading.Event(), threading.Event()
    written: list[list[str]] = []

    def work(one: Opened) -> CompanyResult:
        if "north" not in one.company.path:
            begun.set()
            told.wait(30)
        return CompanyResult(path=one.company.path)

    def write(_run: FleetRun, receipt: FleetReceipt) -> None:
        written.append([one.outcome for one in receipt.companies])
        told.set()

    def progress(number: int, _of: int) -> None:
        if number:
            begun.wait(30)

    monkeypatch.setattr(run_module, "_WRITE_SECONDS", -1.0)
    monkeypatch.setattr(run_module, "worker", lambda *_: work)
    monkeypatch.setattr(FleetRun, "_write", write)
    run = FleetRun(found, Task("sync", found.root), How(1, "thread", threading.Event()))
    made = run.go(found.opened(), progress)
    assert written[0] == ["done", "running", "waiting"]
    assert [one.outcome for one in made.companies] == ["done"] * 3


def test_who_writes_beside_the_fleet_is_warned(fleet: FleetFolder, cli: Cli) -> None:
    """Its database keeps the machines apart, and where its url is not known a command by hand cannot ask it."""
    assert "keeps runs apart" not in cli("sync", "--workspace", "companies/north").stderr
    fleet.write(database="env:PLEOCTL_DATABASE")
    for command in (["sync"], ["apply", "plan.json"]):
        cli("plan", "--workspace", "companies/north", "-o", "plan.json")
        said = cli(*command, "--workspace", "companies/north")
        assert (said.code, said.stderr.count("env:PLEOCTL_DATABASE is not known here")) == (0, 1), said.stderr
    fleet.write(database="env:PLEOCTL_DATABASE", companies=["companies/south/pleoctl.yaml"])
    assert "keeps runs apart" not in cli("sync", "--workspace", "companies/north").stderr


@pytest.mark.parametrize("command", [["drift", "--receipt"], ["status", "--metrics"], ["drift", "--metrics"]])
def test_no_output_replaces_what_a_fleet_reads_or_leaves_its_folder(
    fleet: FleetFolder, cli: Cli, tmp_path_factory: pytest.TempPathFactory, command: list[str]
) -> None:
    """Neither fleet.yaml (64) nor, in a run, a company's workspace; a link out of the folder is refused (3)."""
    names = ["fleet.yaml"] if command[0] == "status" else ["fleet.yaml", "companies/west/pleoctl.yaml"]
    outside = tmp_path_factory.mktemp("outside")
    (fleet.root / "link").symlink_to(outside)
    for name in names:
        before = (fleet.root / name).read_bytes()
        said = cli("fleet", *command, name)
        assert (said.code, "would be overwritten" in said.stderr) == (64, True)
        assert (fleet.root / name).read_bytes() == before
    assert cli("fleet", *command, "link/file").code == 3
    (fleet.root / ".pleoctl").mkdir(exist_ok=True)
    for name in ("fleet-last.json", "fleet-last.lock"):
        place = fleet.root / ".pleoctl" / name
        place.unlink(missing_ok=True)
        place.symlink_to(outside / name)
        assert cli("fleet", "drift").code == 3
        place.unlink()
    assert list(outside.iterdir()) == []
