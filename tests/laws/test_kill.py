"""Killed at any step of the journal, or asked to stop: the same plan again ends in the desired state."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from typing import TYPE_CHECKING

import pytest

import mixed
from clocks import Later
from pleoctl.cli.main import run
from pleoctl.machine import on
from pleoctl.run.journal import Journal
from pleoctl.sandbox import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

SAMPLES = 1000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 7


def killed(step: int, *arguments: str) -> int:
    """How a copy of this process ends that runs a command and is killed in front of its n-th line of the journal.

    That is before an intent, between intent and request, or between an answer and its confirmation, while other threads
    have requests in flight.
    """
    count, write = itertools.count(1), Journal.write

    def dying(self: Journal, *given: Value, **details: Value) -> None:
        if next(count) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, *given, **details)

    with warnings.catch_warnings():
        # A process with threads is copied without them; the copy needs none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        Journal.write = dying  # type: ignore[method-assign]
        try:
            run(list(arguments))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def folder(server: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """A workspace of the mixed plan with the plan in it."""
    server.reset(mixed.SEED, Settings(seed_ids=1))
    return mixed.write_workspace(workspace, desired, server)


def statuses(folder: Path) -> dict[str, str]:
    """Status by address in a receipt beside the workspace."""
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    return {change["address"]: change["status"] for change in receipt["changes"]}


def confirmed(folder: Path) -> set[str]:
    """What the journal of the one run so far calls done."""
    lines = [json.loads(line) for p in folder.rglob("journal.jsonl") for line in p.read_text().splitlines()]
    return {address for line in lines if line["event"] == "confirmed" for address in line["addresses"]}


@pytest.mark.parametrize("kept", [True, False], ids=["journal kept", "journal lost"])
def test_killed_at_any_step(server: Sandbox, folder: Path, cli: Cli, kept: bool) -> None:
    """The second run writes what is missing and nothing twice; the plan after it is empty (law 6)."""
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json").code == 0
    wanted = mixed.goal(server.state())
    steps = len(next(folder.rglob("journal.jsonl")).read_text().splitlines())
    assert steps >= 60
    stride = max(1, steps // SAMPLES)
    for step in range(1 + (stride // 2 if kept else 0), steps + 1, stride):
        server.reset(mixed.SEED)
        shutil.rmtree(folder / ".pleoctl")
        assert killed(step, "apply", "plan.json") == -signal.SIGKILL
        known = confirmed(folder)
        if not kept:
            shutil.rmtree(folder / ".pleoctl")
        with on(Later(31)):
            again = cli("apply", "plan.json", "--receipt", "receipt.json")
        assert again.code == 0, (step, again.stderr)
        assert {statuses(folder)[address] for address in known} <= {"alreadyDone"}
        assert mixed.goal(server.state()) == wanted, step
        assert server.stats()["deletes"] == 0
        assert server.stats()["violations"] == []
    with on(Later(62)):
        assert cli("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_the_writes_in_flight_finish(
    server: Sandbox, folder: Path, cli: Cli, number: signal.Signals, code: int
) -> None:
    """Writes in flight are finished and journaled, the rest is not attempted; running again does it."""
    cli("plan", "-o", "plan.json")
    server.world.statistics.reset()
    server.use(Settings(seed_ids=1, latency_seconds=0.15))
    command = [sys.executable, "-m", "pleoctl", "apply", "plan.json", "--receipt", "receipt.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not server.stats()["writes"] and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert "Traceback" not in said[1]
    assert set(statuses(folder).values()) == {"done", "notAttempted"}
    done = {address for address, status in statuses(folder).items() if status == "done"}
    assert confirmed(folder) == done
    server.use(Settings(seed_ids=1))
    # Creates that Pleo does not guard are looked for again only once lists have caught up.
    with on(Later(31)):
        assert cli("apply", "plan.json").code == 0
    with on(Later(62)):
        assert cli("plan", "--detailed-exitcode").code == 0
