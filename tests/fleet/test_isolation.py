"""Companies in processes of their own: the same ends, a deadline, a memory limit, an environment that is their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder

LOOK = """
import os, pathlib
whole = str(dict(os.environ)) + pathlib.Path('/proc', str(os.getppid()), 'environ').read_text()
pathlib.Path('seen.txt').write_text(whole)
"""


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator lets workspaces run programs."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")


def runs(fleet: FleetFolder, program: str) -> None:
    """Let the books of north be a program."""
    source = {"type": "exec", "accounts": {"command": ["python3", "-c", program]}}
    fleet["north"].write(source=source)


def test_a_process_comes_to_the_same_end(fleet: FleetFolder, cli: Cli) -> None:
    """Plans with their ids, refusals with their words."""
    fleet["north"].write(pleo={"url": fleet["north"].pleo.url, "auth": {"apiKey": "env:PLEO_FLEET_WEST__KEY"}})
    threads = cli("fleet", "plan", "--format", "json").json["companies"]
    processes = cli("fleet", "plan", "--isolation", "process", "--format", "json").json["companies"]
    assert processes == threads


def test_a_company_that_does_not_end_is_ended(fleet: FleetFolder, cli: Cli) -> None:
    """Its run may have written, so it is partial."""
    fleet.write(isolation="process", deadlineSeconds=1)
    runs(fleet, "import subprocess; subprocess.run(['sleep', '600'])")
    said = cli("fleet", "sync", "--select", "north", "--format", "json")
    assert (said.code, said.json["companies"][0]["outcome"]) == (5, "partial")
    assert "did not end within 1 s" in said.json["companies"][0]["error"]["message"]


def test_a_company_gets_no_more_memory_than_it_may_have(fleet: FleetFolder, cli: Cli) -> None:
    """Its programs neither."""
    fleet.write(isolation="process", memoryMiB=512)
    runs(fleet, "bytearray(2 << 30)")
    said = cli("fleet", "sync", "--select", "north", "--format", "json")
    assert (said.code, said.json["companies"][0]["error"]["code"]) == (1, "source")


def test_a_program_sees_no_other_companys_names(fleet: FleetFolder, cli: Cli) -> None:
    """Neither in its own environment nor in that of the process that started it."""
    runs(fleet, LOOK)
    cli("fleet", "sync", "--isolation", "process", "--select", "north")
    seen = (fleet["north"].folder / "seen.txt").read_text()
    assert "PLEO_FLEET_NORTH__KEY" in seen
    assert "SOUTH" not in seen
    assert "WEST" not in seen
