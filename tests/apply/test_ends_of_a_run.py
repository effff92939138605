"""How a run ends: stopped, without a disk, refused; and what it leaves."""

from __future__ import annotations

import dataclasses
import json
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ends_of import ends
from engine import Engine, check_contract
from pleoctl.apply.ledger import Ledger
from pleoctl.apply.run import check_plan
from pleoctl.desired.read import checked
from pleoctl.documents.schemas import validator
from pleoctl.errors import ExitCode, PleoctlError, Refused
from pleoctl.model.records import DesiredState, Row
from pleoctl.plan.artifact import Plan
from pleoctl.run.journal import Journal
from pleoctl.sandbox import Fault, Seed
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value


def test_a_list_that_never_shows_a_write_is_ambiguous(engine: Engine) -> None:
    """Confirmed but not shown: ambiguous, exit 5, and the next run settles it."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="lag", method="PUT", path="/v1/chart-of-accounts/", nth=1, reads=50))
    applied = engine.apply(plan)
    assert sorted(ends(applied).values()).count("ambiguous") == 1
    assert applied.exit_code is ExitCode.PARTIAL
    engine.pleo.clear_faults()
    assert set(ends(engine.apply(plan)).values()) == {"alreadyDone"}


def test_a_stop_finishes_what_is_in_flight(engine: Engine) -> None:
    """The stop event ends the run after the writes in flight; the rest was not attempted; running again finishes."""
    plan, stop = engine.plan(), threading.Event()
    created = Journal.write

    def write(self: Journal, event: Value, addresses: Value, **details: Value) -> None:
        created(self, event, addresses, **details)
        if event == "sent":
            stop.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "write", write)
        applied = engine.apply(plan, stop)
    assert (applied.outcome, applied.findings) == ("interrupted", [])
    assert set(ends(applied).values()) == {"done", "notAttempted"}
    assert engine.apply(plan).outcome == "done"
    assert engine.plan().changes == []


def test_a_stop_that_comes_too_late_is_none(pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked to stop when all was written, a run is done, and says that nobody looked; once more, it looks."""
    pleo.reset(Seed(accounts=[{"externalId": "a", "name": "Old"}]))
    state = checked(DesiredState([Row("a", {"code": None, "name": "New"})], None, ["d"]))
    engine, stop = Engine(pleo, tmp_path, state), threading.Event()
    told = Ledger.tell

    def tell(self: Ledger, event: Value, addresses: Value, **details: Value) -> None:
        told(self, event, addresses, **details)
        stop.set()

    plan = engine.plan()
    monkeypatch.setattr(Ledger, "tell", tell)
    applied = engine.apply(plan, stop)
    assert (applied.outcome, [finding.code for finding in applied.findings]) == ("done", ["not-verified"])
    again = engine.apply(plan)
    assert (again.outcome, again.findings) == ("done", [])


def test_a_run_that_had_to_end_looks_no_more(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote is confirmed by Pleo's own answers; nothing else is read or sent once the disk is full."""
    plan = engine.plan()
    _break_journal(monkeypatch, "confirmed")
    engine.pleo.world.statistics.reset()
    engine.apply(plan)
    halted = engine.pleo.stats()["reads"]
    monkeypatch.undo()
    engine.pleo.world.statistics.reset()
    engine.apply(plan)
    assert engine.pleo.stats()["reads"] > halted


@pytest.mark.parametrize(
    ("target", "expected", "words"),
    [
        ({"company": "another"}, None, "the plan is for company"),
        ({"url": "https://elsewhere.example"}, None, "the plan is for url"),
        ({}, "sha256:another", "not sha256:another"),
    ],
)
def test_a_plan_for_elsewhere_is_refused(engine: Engine, target: Json, expected: str | None, words: str) -> None:
    """Another company, another Pleo, another plan than the one that was reviewed; its own in any case passes."""
    plan = engine.plan()
    with pytest.raises(Refused, match=words):
        check_plan(plan, dataclasses.replace(engine.target, **target), expected)
    check_plan(plan, dataclasses.replace(engine.target, url=engine.target.url.upper()), plan.id)


def test_a_stop_before_the_first_write_writes_nothing(engine: Engine) -> None:
    """Asked to stop while reading, a run writes nothing at all."""
    plan, stop = engine.plan(), threading.Event()
    stop.set()
    applied = engine.apply(plan, stop)
    assert set(ends(applied).values()) == {"notAttempted"}
    assert engine.pleo.stats()["writes"] == 0


def test_without_a_run_folder_nothing_is_sent(engine: Engine) -> None:
    """A place that cannot be written stops the run before the first request."""
    (engine.root / ".pleoctl").write_text("in the way")
    plan = engine.plan()
    engine.pleo.world.statistics.reset()
    with pytest.raises(PleoctlError, match="nothing was sent"):
        engine.apply(plan)
    assert engine.pleo.stats()["total"] == 0


@pytest.mark.parametrize("event", ["intent", "sent"])
def test_a_full_disk_writes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch, event: str) -> None:
    """If what is about to be sent cannot be journaled, it is not sent, and the run says why."""
    plan = engine.plan()
    _break_journal(monkeypatch, event)
    applied = engine.apply(plan)
    assert engine.pleo.stats()["writes"] == 0
    assert set(ends(applied).values()) == {"notAttempted"}
    assert applied.outcome == "partial"
    assert any("journal" in finding.message for finding in applied.findings)


@pytest.mark.parametrize("event", ["confirmed", "failed"])
def test_a_disk_that_fills_later_loses_no_outcome(engine: Engine, monkeypatch: pytest.MonkeyPatch, event: str) -> None:
    """What Pleo answered is told as it was although it could not be journaled; nothing more is sent."""
    plan = engine.plan()
    if event == "failed":
        engine.pleo.add_fault(Fault(kind="status", status=400, method="POST", path="batch$|accounts$"))
    _break_journal(monkeypatch, event)
    applied = engine.apply(plan)
    state = {a["externalId"] for a in engine.pleo.state()["accounts"]}
    new = {"account:new%2F1": "new/1" in state, "account:new%2F2": "new/2" in state}
    assert {a: s == "done" for a, s in ends(applied).items() if a in new} == new
    assert "notAttempted" in ends(applied).values()
    assert any("journal" in finding.message for finding in applied.findings)
    monkeypatch.undo()
    engine.pleo.clear_faults()
    assert engine.apply(plan).outcome == "done"


def _break_journal(monkeypatch: pytest.MonkeyPatch, event: str) -> None:
    def write(self: Journal, written: Value, addresses: Value, **details: Value) -> None:
        if written == event:
            raise self._unwritable(OSError(28, "No space left on device"))
        original(self, written, addresses, **details)

    original = Journal.write
    monkeypatch.setattr(Journal, "write", write)


def test_a_run_leaves_plan_journal_and_receipt(engine: Engine) -> None:
    """Three files for the owner's eyes, kept out of version control; the receipt keeps to its schema."""
    plan = engine.plan()
    applied = engine.apply(plan)
    folder = engine.root / ".pleoctl/runs" / applied.run_id
    assert {p.name for p in folder.iterdir()} == {"plan.json", "journal.jsonl", "receipt.json"}
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    assert (engine.root / ".pleoctl" / ".gitignore").read_text() == "*\n"
    assert (folder / "plan.json").read_bytes() == plan.bytes
    receipt = json.loads((folder / "receipt.json").read_text())
    assert list(validator("receipt").iter_errors(receipt)) == []
    assert receipt["planId"] == plan.id
    assert [c["address"] for c in receipt["changes"]] == [str(c.address) for c in plan.changes]
    assert all(c["pleoId"] for c in receipt["changes"])


def test_the_journal_tells_what_happened_to_each_change(engine: Engine) -> None:
    """Intent, then sent, then confirmed, in this order for every address."""
    applied = engine.apply(engine.plan())
    folder = engine.root / ".pleoctl/runs" / applied.run_id
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    for change in applied.results:
        events = [line["event"] for line in lines if str(change.change.address) in line["addresses"]]
        # A confirmation that brings more than the key is two requests.
        assert events in (["intent", "sent", "confirmed"], ["intent", "sent", "sent", "confirmed"])


def test_no_secret_reaches_a_file(engine: Engine) -> None:
    """Neither the key nor its encoded form stands in any file of a run, also after a fault (law 8)."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="expireToken", method="PUT", nth=1))
    engine.apply(plan)
    content = b"".join(p.read_bytes() for p in engine.root.rglob("*") if p.is_file())
    assert engine.pleo.api_key.encode() not in content
    assert b"Basic" not in content


def test_a_plan_whose_guard_did_not_pass_is_refused(engine: Engine) -> None:
    """Such a plan may be looked at, not applied."""
    engine.limits = GuardLimits(count=0)
    plan = engine.plan()
    assert not plan.guard_passed
    with pytest.raises(Refused, match="guard did not pass"):
        engine.apply(plan)


def test_the_workspace_guard_is_asked_again(engine: Engine) -> None:
    """A plan made under looser limits does not pass a stricter workspace."""
    plan = engine.plan()
    engine.limits = GuardLimits(protect=("account:gone/1", "tag:dept/gone"))
    with pytest.raises(Refused) as caught:
        engine.apply(plan)
    assert "protected" in {f.code for f in caught.value.findings}
    assert engine.pleo.stats()["writes"] == 0


def test_the_mixed_plan_keeps_the_contract(engine: Engine) -> None:
    """Receipt without a fault, every change is done, Pleo saw nothing outside its contract, and all is in line."""
    applied = engine.apply(engine.plan())
    assert set(ends(applied).values()) == {"done"}
    assert engine.plan().changes == []
    check_contract(engine.pleo)


@pytest.mark.parametrize(("address", "theirs"), [("account:gone%2F1", "keep"), ("tag:DEPT/GONE", "KEEP")])
def test_a_change_whose_id_is_another_records_is_refused(engine: Engine, address: str, theirs: str) -> None:
    """Protection goes by address: a forged plan that archives another record under it ends before it writes."""
    plan = engine.plan()
    records = engine.pleo.state()["accounts"] + engine.pleo.state()["tags"]
    record = next(r for r in records if theirs in {r.get("externalId"), r.get("code")})
    forged = [
        replace(c, id=record["id"], before={**(c.before or {}), "name": record["name"], "code": record["code"]})
        if str(c.address) == address
        else c
        for c in plan.changes
    ]
    applied = engine.apply(Plan.of(plan.head, forged))
    assert applied.outcome == "refused"
    assert any("do not belong together" in finding.message for finding in applied.findings)
    assert engine.pleo.stats()["writes"] == 0
