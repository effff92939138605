"""Applying: what is stale, what is already done, how each change ends, and what a run leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.desired.read import checked
from pleoctl.errors import ExitCode
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Credential, Edit, Fault, Seed, Settings
from pleoctl.sandbox.auth import ALL_SCOPES

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.run.receipt import Receipt, Result
    from pleoctl.sandbox import Sandbox
    from shapes import Value


def result(applied: Receipt, address: str) -> Result:
    """How one change ended."""
    return next(r for r in applied.results if str(r.change.address) == address)


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
        "tag archived",
        Edit(op="archive", kind="tag", key=("DEPT", "NAME")),
        "tag:DEPT/NAME",
        ["archived", "false", "true"],
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


@pytest.mark.parametrize("name", ["One", "Other"])
def test_tags_that_came_along_with_their_group_are_not_stale(pleo: Sandbox, tmp_path: Path, name: str) -> None:
    """A run that died after unarchiving a group may have unarchived its tags too: the next one settles them (K24)."""
    tags = [{"code": "B1", "name": "One", "archived": True}]
    pleo.reset(Seed(tag_groups=[{"code": "BACK", "name": "Back", "archived": True, "tags": tags}]))
    wanted = Dimension(Row("BACK", {"code": "BACK", "name": "Back"}), [Row("B1", {"code": "B1", "name": name})])
    engine = Engine(pleo, tmp_path, checked(DesiredState(None, [wanted], ["d"])), Scope(dimensions=("BACK",)))
    plan = engine.plan()
    pleo.edit(Edit(op="unarchive", kind="tagGroup", key="BACK"), Edit(op="unarchive", kind="tag", key=("BACK", "B1")))
    found = ends(engine.apply(plan))
    assert found == {"tagGroup:BACK": "alreadyDone", "tag:BACK/B1": "alreadyDone" if name == "One" else "done"}
    assert engine.plan().changes == []


def test_fields_that_the_plan_does_not_hold_may_move(engine: Engine) -> None:
    """A tax code or metadata that someone changed is no reason to stop, and survives (law 5)."""
    plan = engine.plan()
    engine.pleo.put_account("rename", taxCodeExternalId="V99", metadata={"new": 1})
    assert engine.apply(plan).outcome == "done"
    account = next(a for a in engine.pleo.state()["accounts"] if a["externalId"] == "rename")
    assert (account["name"], account["taxCodeExternalId"], account["metadata"]) == ("New name", "V99", {"new": 1})


def small(pleo: Sandbox, root: Path, **accounts: str) -> Engine:
    """Accounts by externalId and name, and nothing else."""
    rows = [Row(key, {"code": None, "name": name}) for key, name in accounts.items()]
    return Engine(pleo, root, checked(DesiredState(rows, None, ["d"])), Scope(), mixed.FREE)


@pytest.mark.parametrize("reading", [200, 409, "200-if-equal"])
@pytest.mark.parametrize("theirs", ["New", "Other"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_create_that_finds_its_account(
    pleo: Sandbox, tmp_path: Path, reading: Value, theirs: str, count: int
) -> None:
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
    scopes = tuple(scope for scope in ALL_SCOPES if scope != "accounts:write")
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
