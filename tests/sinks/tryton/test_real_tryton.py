"""Export jobs into a real Tryton: draft and posted moves, a closed period, an attachment, a kill, the trial balance."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from export_pleo import COMPANY, World, item_id, money, payload, serving
from job_rules import SKR
from pleoctl.sandbox import Sandbox, Seed, Settings
from real_tryton import INSTALLED, PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from real_tryton import Tryton
    from shapes import Json, Value
    from tests.conftest import Cli

pytestmark = [
    pytest.mark.tryton,
    pytest.mark.skipif(not INSTALLED, reason="Tryton is not installed; PLEOCTL_TRYTON names its virtual environment"),
]

MOVE = "model.account.move"


def items(first: int, number: int, day: str = "2026-03-15") -> list[Json]:
    """Card purchases of some euros on 4930."""
    made = []
    for n in range(first, first + number):
        item = payload(n, date=f"{day}T12:00:00Z", amount=money(10_000 + n))
        item["accountingEntryLines"][0]["account"]["code"] = "4930"
        made.append(json.loads(json.dumps(item).replace('"SEK"', '"EUR"')))
    return made


@pytest.fixture
def world() -> Iterator[World]:
    """A Pleo without jobs."""
    made = World(0)
    made.jobs.clear()
    with serving(made) as running:
        yield running


@pytest.fixture
def folder(world: World, tryton_server: Tryton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace between the two, which posts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TRYTON_PASSWORD", PASSWORD)
    monkeypatch.setenv("THE_PLEO_KEY", "key")
    (tmp_path / "mapping.yaml").write_text(SKR)
    write(tmp_path, world, tryton_server)
    return tmp_path


def write(folder: Path, world: World | Sandbox, tryton: Tryton, **posting: Value) -> None:
    """The workspace file."""
    sink = {"type": "tryton", "baseUrl": tryton.url, "database": "pleo", "user": "admin", "company": 1}
    workspace = {
        "apiVersion": "pleoctl/v1",
        "kind": "Workspace",
        "company": getattr(world, "company", COMPANY),
        "pleo": {"url": world.url, "auth": {"apiKey": "env:THE_PLEO_KEY"}},
        "mapping": "mapping.yaml",
        "posting": {"draft": False, **posting},
        "sink": {**sink, "password": "env:TRYTON_PASSWORD", "journal": journal(tryton), "dimensions": ["KST"]},
    }
    (folder / "pleoctl.yaml").write_text(json.dumps(workspace))


def journal(tryton: Tryton) -> str:
    """The name of a general journal."""
    rows = tryton.call("model.account.journal.search_read", [["type", "=", "general"]], 0, 1, None, ["name"], {})
    return str(rows[0]["name"])


def moves(tryton: Tryton, wanted: list[Json]) -> list[Json]:
    """The moves of these items, in their order."""
    fields = ["description", "state", "date", "origin"]
    found = []
    for item in wanted:
        domain = [["description", "like", f"%[{item['accountingEntryId']}]"]]
        found += tryton.call(f"{MOVE}.search_read", domain, 0, None, [["id", "ASC"]], fields, {})
    return found


def balance(tryton: Tryton, ids: list[int]) -> Counter[tuple[str, str]]:
    """Hundredths by account and side, added up from the lines and not from what a state says."""
    found: Counter[tuple[str, str]] = Counter()
    fields = ["account.code", "debit", "credit"]
    rows = tryton.call(f"{MOVE}.line.search_read", [["move", "in", ids]], 0, None, None, fields, {})
    for row in rows:
        for side in ("debit", "credit"):
            found[row["account."]["code"], side] += int(Decimal(row[side]["decimal"]) * 100)
    return +found


def test_a_killed_run_is_taken_up_and_the_trial_balance_is_the_plans(
    folder: Path, tryton_server: Tryton, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill -9 among thirty moves, run again: each once, posted, and the accounts hold what the plan says."""
    rows = [{"accountingEntryId": item_id(n), "amount": 10_000 + n, "account": "4930"} for n in range(1000, 1030)]
    seed = Seed(export_jobs=[{"id": "6b1f2c1e-0000-4000-8000-000000000010", "items": rows}])
    with Sandbox() as pleo:
        pleo.reset(seed, Settings())
        monkeypatch.setenv("THE_PLEO_KEY", pleo.api_key)
        write(folder, pleo, tryton_server)
        plan = cli("jobs", "plan", "--format", "json").json
        before = tryton_server.call(f"{MOVE}.search_count", [], {})
        child = subprocess.Popen([sys.executable, "-m", "pleoctl", "jobs", "run"], env=os.environ.copy())
        while tryton_server.call(f"{MOVE}.search_count", [], {}) < before + 7 and child.poll() is None:
            threading.Event().wait(0.02)
        child.send_signal(signal.SIGKILL)
        assert child.wait(30) == -signal.SIGKILL
        done = cli("jobs", "run")
        assert done.code == 0, done.stdout + done.stderr
        told = pleo.state()["exportReports"]
    found = moves(tryton_server, rows)
    assert len(found) == len(rows)
    assert {row["state"] for row in found} == {"posted"}
    assert balance(tryton_server, [row["id"] for row in found]) == {
        (total["account"], side): total[side]
        for total in plan["summary"]["totals"]
        for side in ("debit", "credit")
        if total[side]
    }
    reported = Counter(report["accountingEntryId"] for report in told if report.get("accountingEntryId"))
    assert reported == {row["accountingEntryId"]: 1 for row in rows}
    assert [report["event"] for report in told if report.get("event")] == ["started", "completed"]


def test_drafts_tags_attachments_and_the_look_up(folder: Path, world: World, tryton_server: Tryton, cli: Cli) -> None:
    """A draft with its file and its cost centre; planned again there is nothing to book."""
    (wanted,) = items(2000, 1)
    world.files["/receipt"] = b"%PDF-1.4"
    wanted["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    wanted["accountingEntryLines"][0]["tags"] = [{"id": "g", "groupCode": "KST", "code": "100"}]
    world.add("6b1f2c1e-0000-4000-8000-000000000020", [wanted])
    write(folder, world, tryton_server, draft=True)
    done = cli("jobs", "run")
    assert done.code == 0, done.stdout + done.stderr
    (move,) = moves(tryton_server, [wanted])
    assert move["state"] == "draft"
    resource = [["resource", "=", f"account.move,{move['id']}"]]
    (file,) = tryton_server.call("model.ir.attachment.search_read", resource, 0, None, None, ["name", "data_size"], {})
    assert (file["name"], file["data_size"]) == ("1.pdf", 8)
    lines = [["move_line.move", "=", move["id"]]]
    fields = ["account.code", "debit"]
    (centre,) = tryton_server.call("model.analytic_account.line.search_read", lines, 0, None, None, fields, {})
    assert (centre["account."]["code"], centre["debit"]["decimal"]) == ("100", "120.00")
    world.add("6b1f2c1e-0000-4000-8000-000000000021", [wanted])
    assert [one["action"] for one in cli("jobs", "plan", "--format", "json").json["changes"]] == ["report"]
    tryton_server.call(f"{MOVE}.delete", [move["id"]], {})
    assert [one["action"] for one in cli("jobs", "plan", "--format", "json").json["changes"]] == ["book"]


@pytest.mark.parametrize(("choice", "day"), [("fail", None), ("nextOpen", (2026, 3, 1))])
def test_a_closed_period_of_a_real_tryton(
    choice: str,
    day: tuple[int, int, int] | None,
    folder: Path,
    world: World,
    tryton_server: Tryton,
    cli: Cli,
) -> None:
    """January is closed: refused, or booked on the first of March."""
    wanted = items(3000 if day else 3100, 1, "2026-01-20")
    world.add("6b1f2c1e-0000-4000-8000-000000000030", wanted)
    write(folder, world, tryton_server, closedPeriod=choice)
    assert cli("jobs", "run").code == (0 if day else 5)
    found = [(row["date"]["year"], row["date"]["month"], row["date"]["day"]) for row in moves(tryton_server, wanted)]
    assert found == ([day] if day else [])
    told = world.statuses[wanted[0]["accountingEntryId"]][0]
    assert told["status"] == ("successful" if day else "failed")


@pytest.mark.usefixtures("folder")
def test_a_move_that_was_cancelled_in_tryton(world: World, tryton_server: Tryton, cli: Cli) -> None:
    """Cancelled with Tryton's own wizard: neither of the two moves counts, and the item is booked anew."""
    wanted = items(4000, 1)
    world.add("6b1f2c1e-0000-4000-8000-000000000040", wanted)
    assert cli("jobs", "run").code == 0
    (move,) = moves(tryton_server, wanted)
    session, start, _ = tryton_server.call("wizard.account.move.cancel.create", {})
    context = {"active_model": "account.move", "active_id": move["id"], "active_ids": [move["id"]]}
    answer = {start: {"description": None, "reversal": True}}
    tryton_server.call("wizard.account.move.cancel.execute", session, answer, "cancel", context)
    assert len(moves(tryton_server, wanted)) == 2
    world.add("6b1f2c1e-0000-4000-8000-000000000041", wanted)
    assert [one["action"] for one in cli("jobs", "plan", "--format", "json").json["changes"]] == ["book"]
    assert cli("jobs", "run").code == 0
    assert [row["state"] for row in moves(tryton_server, wanted)] == ["posted"] * 3


@pytest.mark.usefixtures("folder", "world")
def test_the_sink_tells_what_it_can(cli: Cli) -> None:
    """`sink check` reaches the books and names their currency."""
    said = cli("sink", "check", "--format", "json")
    assert said.code == 0, said.stderr
    assert (said.json["result"]["currency"], said.json["result"]["tags"]) == ("EUR", ["KST"])
