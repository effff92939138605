"""Rows of the table of goals: commands beside thousands of kept runs, which nothing ever removes."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, against, pleoctl, workspace
from plan import company

from pleoctl.documents.canonical import indented_bytes
from pleoctl.run.chain import sealed
from pleoctl.run.places import JOURNAL, PLAN, RECEIPT, moment_of
from pleoctl.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 4_000
EVERY = timedelta(minutes=5)
_CHANGES = 3


def kept_runs() -> Iterator[Result]:
    """A plan, an apply and a list beside 4,000 runs, and the same without."""
    seed, desired = company(300, 0, 0)
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=seed) as pleo:
        many, none = Path(name) / "many", Path(name) / "none"
        for folder in (many, none):
            folder.mkdir()
            workspace(folder, pleo, desired)
            pleoctl(folder, "plan", "-o", "plan.json", "--brief")
        _keep(many / ".pleoctl" / "runs", RUNS, pleo.company)
        for command in (["plan", "--brief"], ["apply", "plan.json"], ["log"]):
            ratio = against(partial(pleoctl, many, *command), partial(pleoctl, none, *command))
            yield Result(f"{command[0]} beside {RUNS:,} kept runs / beside none", ratio, 1.25)


def _keep(runs: Path, count: int, company_id: str) -> None:
    """A chain of so many runs, as a job every few minutes leaves them."""
    previous: str | None = None
    for number in range(count):
        began = datetime.now(UTC) - (count - number) * EVERY
        run = f"{moment_of(began)}-0000-0000"
        (runs / run).mkdir(parents=True)
        addresses = [f"account:e{change}" for change in range(_CHANGES)]
        at = began.isoformat()
        lines = [{"at": at, "event": event, "addresses": addresses} for event in ("intent", "sent", "confirmed")]
        states = {"before": {"archived": False, "name": "A"}, "after": {"archived": False, "name": "B"}}
        change = {"action": "update", "status": "done", "pleoId": "x", "error": None, **states}
        content = {
            "formatVersion": 1,
            "kind": "Receipt",
            "planId": "sha256:0",
            "runId": run,
            "company": company_id,
            "outcome": "done",
            "changes": [{"address": address, **change} for address in addresses],
            "requests": {"read": 1, "write": 1, "retries": 0},
            "startedAt": at,
            "finishedAt": at,
            "previous": previous,
            "journal": None,
        }
        receipt = sealed(content)
        previous = receipt["id"]
        (runs / run / PLAN).write_text("{}\n")
        (runs / run / JOURNAL).write_text("".join(json.dumps(line) + "\n" for line in lines))
        (runs / run / RECEIPT).write_bytes(indented_bytes(receipt))
        os.utime(runs / run / JOURNAL, (began.timestamp(), began.timestamp()))


ROWS = {"kept": kept_runs}
