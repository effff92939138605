"""Applying: what is stale, what is already done, how each change ends, and what a run leaves behind."""

from __future__ import annotations

import json
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

import mixed
from engine import Engine, check_contract
from pleoctl.desired.read import checked
from pleoctl.documents.schemas import validator
from pleoctl.errors import ExitCode, PleoctlError, Refused
from pleoctl.model import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.run.journal import Journal
from pleoctl.sandbox import Credential, Edit, Fault, Seed, Settings
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.run.receipt import Receipt, Result
    from pleoctl.sandbox import Sandbox


def result(applied: Receipt, address: str) -> Result:
    """How one change ended."""
    return next(r for r in applied.results if str(r.change.address) == address)


def ends(applied: Receipt) -> dict[str, str]:
    """Status by address."""
    return {str(r.change.address): r.status for r in applied.results}


# --- freshness -------------------------------------------------------------------------------------------------------

STALE: list[tuple[str, Edit, str, list[str]]] = [
    (
        "renamed",
        Edit(op="rename", kind="account", key="rename", fields={"name": "Elsewhere"}),
        "account:rename",
        ["name", '"Old name"', '"Elsewhere"'],
    ),
    (
        "recoded",
        Edit(op="update", kind="account", key="recode", fields={"code": "x"}),
        "account:recode",
        ["code", '"3"', '"x"'],
    ),
    ("archived", Edit(op="archive", kind="account", key="rename"), "account:rename", ["archived", "false", "true"]),
    ("unarchived", Edit(op="unarchive", kind="account", key="back"), "account:back", ["archived", "true", "false"]),
    (
        "gone renamed",
        Edit(op="rename", kind="account", key="gone/1", fields={"name": "Alive"}),
        "account:gone%2F1",
        ["name", '"Gone"', '"Alive"'],
    ),
    ("deleted", Edit(op="delete", kind="account", key="rename"), "account:rename", ["no longer in Pleo"]),
    (
        "created otherwise",
        Edit(op="create", kind="account", key="new/1", fields={"name": "Other"}),
        "account:new%2F1",
        ["exists", "name", '"New one"', '"Other"'],
    ),
    (
        "created archived",
        Edit(op="create", kind="account", key="new/1", fields={"name": "New one", "code": "7", "archived": True}),
        "account:new%2F1",
        ["archived", "false", "true"],
    ),
    (
        "tag renamed",
        Edit(op="rename", kind="tag", key=("DEPT", "NAME"), fields={"name": "Elsewhere"}),
        "tag:DEPT/NAME",
        ["name", '"Old name"', '"Elsewhere"'],
    ),
    (
        "tag created",
        Edit(op="create", kind="tag", key=("DEPT", "new1"), fields={"name": "Other"}),
        "tag:DEPT/NEW1",
        ["exists", '"New one"', '"Other"'],
    ),
    ("tag deleted", Edit(op="delete", kind="tag", key=("DEPT", "GONE")), "tag:DEPT/GONE", ["no longer in Pleo"]),
    (
        "group renamed",
        Edit(op="rename", kind="tagGroup", key="DEPT", fields={"name": "Elsewhere"}),
        "tagGroup:DEPT",
        ["name", '"Departments"', '"Elsewhere"'],
    ),
    (
        "group created",
        Edit(op="create", kind="tagGroup", key="fresh", fields={"name": "Other"}),
        "tagGroup:FRESH",
        ["exists", '"Fresh"', '"Other"'],
    ),
    ("group archived", Edit(op="archive", kind="tagGroup", key="DEPT"), "tagGroup:DEPT", ["archived", "false", "true"]),
]


@pytest.mark.parametrize(("edit", "address", "words"), [case[1:] for case in STALE], ids=[case[0] for case in STALE])
def test_a_stale_plan_writes_nothing(engine: Engine, edit: Edit, address: str, words: list[str]) -> None:
    """Record, field, the plan's value and the live value are named with the way on; exit 4 (law 2)."""
    plan = engine.plan()
    engine.pleo.world.edit(edit)
    before = engine.pleo.state()
    applied = engine.apply(plan)
    assert applied.outcome == "stale"
    assert applied.exit_code is ExitCode.STALE
    finding = next(f for f in applied.findings if f.address == address)
    assert all(word in finding.message for word in words), finding.message
    assert finding.hint
    assert "pleoctl plan" in finding.hint
    assert engine.pleo.state() == before
    assert engine.pleo.stats()["writes"] == 0


@pytest.mark.parametrize(
    ("edit", "address"),
    [
        (Edit(op="rename", kind="account", key="rename", fields={"name": "New name"}), "account:rename"),
        (Edit(op="archive", kind="account", key="gone/1"), "account:gone%2F1"),
        (Edit(op="create", kind="account", key="new/1", fields={"name": "New one", "code": "7"}), "account:new%2F1"),
        (Edit(op="create", kind="tag", key=("DEPT", "new1"), fields={"name": "New one"}), "tag:DEPT/NEW1"),
        (Edit(op="archive", kind="tagGroup", key="GONE"), "tagGroup:GONE"),
    ],
)
def test_what_someone_else_did_is_already_done(engine: Engine, edit: Edit, address: str) -> None:
    """Half done by another hand: that half is called so, the rest is carried out."""
    plan = engine.plan()
    engine.pleo.world.edit(edit)
    applied = engine.apply(plan)
    assert applied.outcome == "done"
    assert {a for a, status in ends(applied).items() if status == "alreadyDone"} == {address}
    assert engine.plan().changes == []


def test_fields_that_the_plan_does_not_hold_may_move(engine: Engine) -> None:
    """A tax code or metadata that someone changed is no reason to stop, and survives (law 5)."""
    plan = engine.plan()
    engine.pleo.put_account("rename", taxCodeExternalId="V99", metadata={"new": 1})
    assert engine.apply(plan).outcome == "done"
    account = next(a for a in engine.pleo.state()["accounts"] if a["externalId"] == "rename")
    assert (account["name"], account["taxCodeExternalId"], account["metadata"]) == ("New name", "V99", {"new": 1})


# --- creates ---------------------------------------------------------------------------------------------------------


def small(pleo: Sandbox, root: Path, **accounts: str) -> Engine:
    """Accounts by externalId and name, and nothing else."""
    rows = [Row(key, {"code": None, "name": name}) for key, name in accounts.items()]
    return Engine(pleo, root, checked(DesiredState(rows, None, ["d"])), Scope(), mixed.FREE)


@pytest.mark.parametrize("reading", [200, 409, "200-if-equal"])
@pytest.mark.parametrize("theirs", ["New", "Other"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_create_that_finds_its_account(pleo: Sandbox, tmp_path: Path, reading: Any, theirs: str, count: int) -> None:
    """Answered 200, 201 or 409, alone or in a batch: the account ends as planned and there is one of it (K8)."""
    pleo.reset(Seed(), Settings(account_create_existing=reading))
    engine = small(pleo, tmp_path, a="New", b="New") if count == 2 else small(pleo, tmp_path, a="New")
    plan = engine.plan()
    edit = Edit(op="create", kind="account", key="a", fields={"name": theirs, "code": "9", "metadata": {"k": 1}})
    pleo.add_fault(Fault(kind="actor", method="POST", path="accounts(/batch)?$", nth=1, edits=(edit,)))
    applied = engine.apply(plan)
    assert applied.outcome == "done"
    accounts = {a["externalId"]: a for a in pleo.state()["accounts"]}
    assert len(accounts) == len(pleo.state()["accounts"]) == count
    assert (accounts["a"]["name"], accounts["a"]["code"], accounts["a"]["metadata"]) == ("New", None, {"k": 1})


def test_a_batch_that_fails_in_parts(pleo: Sandbox, tmp_path: Path) -> None:
    """Good items are created, bad ones fail with Pleo's reasons, whatever the order of the answer."""
    pleo.reset(Seed(), Settings(batch_order="reversed", validate_tax_codes=("V25",)))
    rows = [Row(f"e{n}", {"code": None, "name": "N", "taxCodeExternalId": "V25" if n % 3 else "V9"}) for n in range(9)]
    engine = Engine(pleo, tmp_path, checked(DesiredState(rows, None, ["d"])), Scope(), mixed.FREE)
    applied = engine.apply(engine.plan())
    assert applied.outcome == "partial"
    assert applied.exit_code is ExitCode.PARTIAL
    assert {a for a, s in ends(applied).items() if s == "failed"} == {"account:e0", "account:e3", "account:e6"}
    assert "OTHER" in (result(applied, "account:e0").error or {})["message"]
    assert {str(c.address) for c in engine.plan().changes} == {"account:e0", "account:e3", "account:e6"}


def test_a_refused_batch_is_halved(pleo: Sandbox, tmp_path: Path) -> None:
    """A 400 on the whole call ends at the items that cause it; the others are created."""
    pleo.reset(Seed())
    engine = small(pleo, tmp_path, **{f"e{n}": "N" for n in range(16)})
    plan = engine.plan()
    pleo.add_fault(Fault(kind="status", status=400, method="POST", path="batch$", nth=1))
    applied = engine.apply(plan)
    assert applied.outcome == "done"
    assert pleo.stats()["byOperation"]["POST /v1/chart-of-accounts/batch"] == 3


# --- refusals --------------------------------------------------------------------------------------------------------


def test_an_expired_token_stops_the_run(engine: Engine) -> None:
    """401 in the middle: nothing more is written, what was not reached says so, running again does the rest (N9)."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="expireToken", method="PUT", nth=2))
    applied = engine.apply(plan)
    assert applied.outcome == "partial"
    assert set(ends(applied).values()) == {"done", "failed", "notAttempted"}
    codes = {(r.error or {})["code"] for r in applied.results if r.status == "failed"}
    assert codes == {"unauthorised"}
    engine.pleo.clear_faults()
    assert engine.apply(plan).outcome == "done"
    assert engine.plan().changes == []


def test_a_missing_scope_stops_its_kind_only(engine: Engine) -> None:
    """403 on accounts: the first is named with the scope, tags are carried out."""
    plan = engine.plan()
    scopes = ("accounts:read", "tag-group:read", "tag-group:write")
    engine.pleo.use(Settings(credentials=(Credential(scheme="apiKey", secret=engine.pleo.api_key, scopes=scopes),)))
    applied = engine.apply(plan)
    assert {r.status for r in applied.results if r.change.kind != "account"} == {"done"}
    accounts = [r for r in applied.results if r.change.kind == "account"]
    assert {r.status for r in accounts} == {"failed", "notAttempted"}
    assert all("accounts:write" in (r.error or {})["message"] for r in accounts if r.status == "failed")


def test_a_failed_group_blocks_its_tags(engine: Engine) -> None:
    """Tags of a group that could not be created are blocked and name it; everything else goes on."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="status", status=400, method="POST", path="/v0/tag-groups$"))
    applied = engine.apply(plan)
    status = ends(applied)
    assert status.pop("tagGroup:FRESH") == "failed"
    assert {status.pop("tag:FRESH/F1"), status.pop("tag:FRESH/F2")} == {"blocked"}
    assert set(status.values()) == {"done"}
    assert "tagGroup:FRESH" in (result(applied, "tag:FRESH/F1").error or {})["message"]
    engine.pleo.clear_faults()
    assert engine.apply(plan).outcome == "done"


def test_a_full_group_fails_the_values_that_do_not_fit(pleo: Sandbox, tmp_path: Path) -> None:
    """The maximum of active tags: Pleo's words stand in the receipt, archives went first to make room (T55)."""
    tags = [{"code": "A", "name": "A"}, {"code": "B", "name": "B"}]
    pleo.reset(Seed(tag_groups=[{"code": "G", "name": "G", "tags": tags}]), Settings(max_active_tags=2))
    values = [Row(code, {"code": code, "name": code}) for code in "BCD"]
    state = checked(DesiredState(None, [Dimension(Row("G", {"code": "G", "name": "G"}), values)], ["d"]))
    engine = Engine(pleo, tmp_path, state, Scope(dimensions=("G",)), mixed.FREE)
    applied = engine.apply(engine.plan())
    created = {a: s for a, s in ends(applied).items() if a != "tag:G/A"}
    assert sorted(created.values()) == ["done", "failed"]
    failed = next(r for r in applied.results if r.status == "failed")
    assert "maximum of 2 active tags" in (failed.error or {})["message"]
    assert (failed.error or {})["httpStatus"] == 400


# --- races -----------------------------------------------------------------------------------------------------------


def test_a_lost_write_that_someone_overwrote_is_a_conflict(engine: Engine) -> None:
    """After a lost answer the record is neither as planned nor as before: it is left to a new plan."""
    plan = engine.plan()
    edit = Edit(op="rename", kind="account", key="rename", fields={"name": "Third"})
    account = next(a["id"] for a in engine.pleo.state()["accounts"] if a["externalId"] == "rename")
    engine.pleo.add_fault(
        Fault(kind="lostAnswer", method="PUT", path=account, nth=1),
        Fault(kind="actor", method="PUT", path=account, nth=1, when="after", edits=(edit,)),
    )
    applied = engine.apply(plan)
    assert result(applied, "account:rename").status == "failed"
    assert (result(applied, "account:rename").error or {})["code"] == "conflict"
    assert next(a["name"] for a in engine.pleo.state()["accounts"] if a["externalId"] == "rename") == "Third"


def test_what_someone_undoes_meanwhile_is_seen(engine: Engine) -> None:
    """The verification after the last write finds records that are no longer as planned."""
    plan = engine.plan()
    edit = Edit(op="rename", kind="account", key="rename", fields={"name": "Third"})
    engine.pleo.add_fault(Fault(kind="actor", method="PUT", path="/v0/tag-groups/", nth=1, edits=(edit,)))
    applied = engine.apply(plan)
    assert result(applied, "account:rename").status == "failed"
    assert "'Third'" in (result(applied, "account:rename").error or {})["message"]


def test_a_list_that_never_shows_a_write_is_ambiguous(engine: Engine) -> None:
    """Confirmed but not shown: ambiguous, exit 5, and the next run settles it."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="lag", method="PUT", path="/v1/chart-of-accounts/", nth=1, reads=50))
    applied = engine.apply(plan)
    assert sorted(ends(applied).values()).count("ambiguous") == 1
    assert applied.exit_code is ExitCode.PARTIAL
    engine.pleo.clear_faults()
    assert set(ends(engine.apply(plan)).values()) == {"alreadyDone"}


# --- stopping --------------------------------------------------------------------------------------------------------


def test_a_stop_finishes_what_is_in_flight(engine: Engine) -> None:
    """The stop event ends the run after the writes in flight; the rest was not attempted; running again finishes."""
    plan, stop = engine.plan(), threading.Event()
    created = Journal.write

    def write(self: Journal, event: Any, addresses: Any, **details: Any) -> None:
        created(self, event, addresses, **details)
        if event == "sent":
            stop.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "write", write)
        applied = engine.apply(plan, stop)
    assert applied.outcome == "interrupted"
    assert set(ends(applied).values()) == {"done", "notAttempted"}
    assert engine.apply(plan).outcome == "done"
    assert engine.plan().changes == []


def test_a_stop_before_the_first_write_writes_nothing(engine: Engine) -> None:
    """Asked to stop while reading, a run writes nothing at all."""
    plan, stop = engine.plan(), threading.Event()
    stop.set()
    applied = engine.apply(plan, stop)
    assert set(ends(applied).values()) == {"notAttempted"}
    assert engine.pleo.stats()["writes"] == 0


# --- journal and run folder ------------------------------------------------------------------------------------------


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
    def write(self: Journal, written: Any, addresses: Any, **details: Any) -> None:
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
        assert events == ["intent", "sent", "confirmed"]


def test_no_secret_reaches_a_file(engine: Engine) -> None:
    """Neither the key nor its encoded form stands in any file of a run, also after a fault (law 8)."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="expireToken", method="PUT", nth=1))
    engine.apply(plan)
    content = b"".join(p.read_bytes() for p in engine.root.rglob("*") if p.is_file())
    assert engine.pleo.api_key.encode() not in content
    assert b"Basic" not in content


# --- refused plans ---------------------------------------------------------------------------------------------------


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
