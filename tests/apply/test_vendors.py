"""Vendors and tax codes under every reading of what Pleo does not publish: the plan is carried out, or says why not."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import pytest

import mixed
from ends_of import ends
from engine import Engine, check_contract
from pleoctl.desired.read import checked
from pleoctl.errors import Interrupted
from pleoctl.model.records import DesiredState, Row
from pleoctl.pleo import vendors
from pleoctl.remote.errors import LostAnswer
from pleoctl.sandbox import Edit, Fault, Seed, Settings
from pleoctl.testing.machine import Death

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value


def engine_of(pleo: Sandbox, root: Path, *rows: Json, kind: str = "vendor", **live: Value) -> Engine:
    """An engine that wants these rows of a Pleo with these records; keys stand first."""
    reading = Settings(seed_ids=1, **live.pop("reading", {}))
    pleo.reset(Seed(**live), reading)
    state = DesiredState(files=["d"])
    key = "externalId" if kind == "vendor" else "code"
    base = {"defaultCurrency": "EUR", "code": None} if kind == "vendor" else {"rate": "0.25", "type": "inclusive"}
    state.flat[kind] = [
        Row(row[key], {**base, **{n: v for n, v in row.items() if n != "externalId"}}, file="d", line=1) for row in rows
    ]
    return Engine(pleo, root, checked(state), limits=mixed.FREE)


def stored(pleo: Sandbox) -> dict[str | None, Json]:
    """Vendors by externalId."""
    return {vendor["externalId"]: vendor for vendor in pleo.state()["vendors"]}


@pytest.mark.parametrize("fault", [None, "lostAnswer", "truncatedBody"])
def test_a_draft_of_our_own_is_activated_at_once(pleo: Sandbox, tmp_path: Path, fault: Value) -> None:
    """Where Pleo makes a draft of what was created, also where the answer to either request was lost."""
    engine = engine_of(pleo, tmp_path, {"externalId": "v", "name": "New"}, reading={"vendor_create_state": "DRAFT"})
    for number in (1, 2) if fault else (1,):
        pleo.reset()
        plan = engine.plan()
        if fault:
            pleo.add_fault(Fault(kind=fault, method="POST", path="^(?!.*search$)", nth=number))
        assert ends(engine.apply(plan)) == {"vendor:v": "done"}
        assert stored(pleo)["v"]["draft"] is False
        assert len(stored(pleo)) == 1
        assert engine.plan().changes == []


def test_a_list_that_shows_a_draft_still_denies_nothing(pleo: Sandbox, tmp_path: Path) -> None:
    """Its activation may not show yet, which is not known to have failed; the next run finds it done."""
    engine = engine_of(pleo, tmp_path, {"externalId": "v", "name": "New"}, reading={"vendor_create_state": "DRAFT"})
    plan = engine.plan()
    pleo.add_fault(Fault(kind="lag", reads=99, method="POST", path="^(?!.*search$)", nth=2))
    assert ends(engine.apply(plan)) == {"vendor:v": "ambiguous"}
    assert stored(pleo)["v"]["draft"] is False
    pleo.clear_faults()
    assert ends(engine.apply(plan)) == {"vendor:v": "alreadyDone"}


def test_a_draft_that_lost_its_key_gets_it_when_it_is_activated(pleo: Sandbox, tmp_path: Path) -> None:
    """Where Pleo keeps no externalId of a draft, the record that a create made is ours: no run leaves one behind."""
    reading = {"vendor_create_state": "DRAFT", "vendor_draft_external_id": "dropped"}
    engine = engine_of(pleo, tmp_path, {"externalId": "v", "name": "New"}, reading=reading)
    assert ends(engine.apply(engine.plan())) == {"vendor:v": "done"}
    assert [vendor["draft"] for vendor in pleo.state()["vendors"]] == [False]
    assert list(stored(pleo)) == ["v"]
    assert engine.plan().changes == []


@pytest.mark.parametrize("fresh", [True, False], ids=["new plan", "same plan"])
@pytest.mark.parametrize("action", ["create", "confirm", "unarchive"])
def test_a_run_that_died_between_two_requests_is_ended_by_the_next(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, *, fresh: bool
) -> None:
    """A create that became a draft, an activation whose PUT never left, a PUT that did not bring the state."""
    live = {
        "create": [],
        "confirm": [{"code": "C", "name": "Old", "draft": True}],
        "unarchive": [{"externalId": "v", "code": "C", "name": "Old", "archived": True}],
    }[action]
    reading = {"vendor_create_state": "DRAFT", "vendor_put_state": "ignore"}
    row = {"externalId": "v", "code": "C", "name": "New"}
    engine = engine_of(pleo, tmp_path, row, vendors=live, reading=reading)
    plan = engine.plan()
    assert [change.action for change in plan.changes] == [action]
    second = "put_vendor" if action == "confirm" else "activate_vendor"

    def dies(*_arguments: object) -> NoReturn:
        raise LostAnswer("the machine went down")

    with monkeypatch.context() as patch:
        patch.setattr(vendors.VendorWrites, second, dies)
        assert ends(engine.apply(plan)) != {"vendor:v": "done"}
    again = engine.plan() if fresh else plan
    assert ends(engine.apply(again)) == {"vendor:v": "done"}
    assert (stored(pleo)["v"]["name"], stored(pleo)["v"]["draft"], stored(pleo)["v"]["archived"]) == (
        "New",
        False,
        False,
    )
    assert engine.plan().changes == []
    check_contract(pleo)


def test_a_draft_that_was_begun_is_not_made_again(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where Pleo would keep two vendors with one externalId: the run that goes on activates the one there is."""
    reading = {"vendor_create_state": "DRAFT", "vendor_unique": ()}
    engine = engine_of(pleo, tmp_path, {"externalId": "v", "name": "New"}, reading=reading)
    plan = engine.plan()

    def dies(*_arguments: object) -> NoReturn:
        raise LostAnswer("the machine went down")

    with monkeypatch.context() as patch:
        patch.setattr(vendors.VendorWrites, "activate_vendor", dies)
        engine.apply(plan)
    assert ends(engine.apply(plan)) == {"vendor:v": "done"}
    assert [vendor["draft"] for vendor in pleo.state()["vendors"]] == [False]


@pytest.mark.parametrize("unique", [(), ("externalId",), ("code",), ("name",), ("externalId", "code", "name")], ids=str)
@pytest.mark.parametrize("state", ["byExternalId", "ACTIVE", "DRAFT"])
@pytest.mark.parametrize("puts", ["set", "ignore"])
def test_every_reading_ends_alike(pleo: Sandbox, tmp_path: Path, unique: Value, state: Value, puts: Value) -> None:
    """What makes the 409, what a new vendor is, whether a PUT's state counts: the same vendors in the end."""
    rows = [{"externalId": f"v{n}", "code": f"C{n}", "name": f"Name {n}"} for n in range(4)]
    live = [
        {"externalId": "v0", "code": "C0", "name": "Old", "archived": True},
        {"code": "C1", "name": "Name 1", "draft": True},
        {"externalId": "v2", "code": "old", "name": "Name 2"},
    ]
    reading = {
        "vendor_unique": unique,
        "vendor_create_state": state,
        "vendor_put_state": puts,
        "vendor_list_default": "active",
        "vendor_activate_code": "ignore",
        "totals": False,
    }
    engine = engine_of(pleo, tmp_path, *rows, vendors=live, reading=reading)
    assert set(ends(engine.apply(engine.plan())).values()) == {"done"}
    assert {(v["externalId"], v["code"], v["name"], v["archived"], v["draft"]) for v in pleo.state()["vendors"]} == {
        (row["externalId"], row["code"], row["name"], False, False) for row in rows
    }
    assert engine.plan().changes == []
    check_contract(pleo)


def test_a_code_is_freed_before_it_is_taken(pleo: Sandbox, tmp_path: Path) -> None:
    """A chain of renumberings, a new vendor with a moved number, one with that of an archived vendor, in one run."""
    live = [{"externalId": f"v{n}", "code": f"C{n}", "name": f"V{n}"} for n in range(5)]
    rows = [{"externalId": f"v{n}", "code": f"C{n + 1}", "name": f"V{n}"} for n in range(3)]
    rows += [{"externalId": "v3", "code": "C9", "name": "V3"}, {"externalId": "new", "code": "C4", "name": "New"}]
    reading = {"vendor_unique_counts_archived": False}
    engine = engine_of(pleo, tmp_path, *rows, vendors=live, reading=reading)
    assert set(ends(engine.apply(engine.approved())).values()) == {"done"}
    assert engine.plan().changes == []


def test_a_look_alike_that_frees_a_code_goes_first(pleo: Sandbox, tmp_path: Path) -> None:
    """An archive waits for what looks like it (A6), unless that one waits for its code."""
    live = [{"externalId": "ext-a", "code": "C", "name": "A"}, {"externalId": "ext-b", "code": "D", "name": "B"}]
    rows = [{"externalId": "EXT-A", "code": "C", "name": "A"}, {"externalId": "EXT-B", "code": "E", "name": "B2"}]
    reading = {"vendor_unique_counts_archived": False}
    engine = engine_of(pleo, tmp_path, *rows, vendors=live, reading=reading)
    assert set(ends(engine.apply(engine.approved())).values()) == {"done"}
    assert engine.plan().changes == []


@pytest.mark.parametrize("unique", ["code", "name"])
@pytest.mark.parametrize("fault", [None, "lostAnswer", "droppedBefore"])
def test_a_vendor_whose_place_pleo_keeps_is_not_lost(
    pleo: Sandbox, tmp_path: Path, unique: Value, fault: Value
) -> None:
    """It was archived for one that Pleo then refused: it is active again, told as blocked, and no plan is stuck."""
    live = [{"externalId": "old", "code": "C", "name": "Acme"}, {"externalId": "x", "code": "X", "name": "X"}]
    rows = [
        {"externalId": "new", "code": "C" if unique == "code" else "D", "name": "Acme"},
        {"externalId": "x", "code": "X", "name": "X"},
    ]
    engine = engine_of(pleo, tmp_path, *rows, vendors=live, reading={"vendor_unique": ["externalId", unique]})
    plan = engine.approved()
    if fault:
        pleo.add_fault(Fault(kind=fault, method="POST", path="activate$", nth=1))
    applied = engine.apply(plan)
    assert ends(applied) == {"vendor:new": "failed", "vendor:old": "blocked"}
    assert (applied.outcome, stored(pleo)["old"]["archived"]) == ("partial", False)
    assert ends(engine.apply(engine.approved())) == {"vendor:new": "failed", "vendor:old": "blocked"}


@pytest.mark.parametrize("same_plan", [True, False])
@pytest.mark.parametrize("killed", [True, False])
def test_a_vendor_that_a_run_archived_before_it_was_cut_off_is_not_lost(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool, same_plan: bool
) -> None:
    """Whichever plan meets the refusal, it is active again and told; what people archive later stays so."""
    live = [{"externalId": "old", "code": "C", "name": "Acme"}, {"externalId": "x", "code": "X", "name": "X"}]
    rows = [{"externalId": "new", "code": "C", "name": "New"}, {"externalId": "x", "code": "X", "name": "X"}]
    engine = engine_of(pleo, tmp_path, *rows, vendors=live)
    plan, stop = engine.approved(), threading.Event()

    def cut_off(*_: Value) -> NoReturn:
        stop.set()
        raise Death if killed else Interrupted

    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(vendors.Operations, "create", cut_off)
        engine.apply(plan, stop)
    assert stored(pleo)["old"]["archived"] is True
    engine.time.sleep(60)
    receipt = engine.apply(plan if same_plan else engine.plan())
    assert stored(pleo)["old"]["archived"] is False
    assert ends(receipt) == {"vendor:new": "failed", **({"vendor:old": "blocked"} if same_plan else {})}
    (told,) = (finding for finding in receipt.findings if finding.code == "restored")
    assert "by run" in told.message
    pleo.world.edit(Edit(op="archive", kind="vendor", key="old"))
    engine.time.sleep(60)
    assert ends(engine.apply(engine.plan())) == {"vendor:new": "failed"}
    assert stored(pleo)["old"]["archived"] is True


def test_a_code_that_somebody_keeps_is_told(pleo: Sandbox, tmp_path: Path) -> None:
    """Refused with both vendors named: one that is archived, one without a key, two that want each other's."""
    live = [
        {"externalId": "past", "code": "P", "name": "Past", "archived": True},
        {"code": "H", "name": "By hand"},
        {"externalId": "a", "code": "1", "name": "A"},
        {"externalId": "b", "code": "2", "name": "B"},
    ]
    rows = [
        {"externalId": "n1", "code": "P", "name": "N1"},
        {"externalId": "n2", "code": "H", "name": "N2"},
        {"externalId": "a", "code": "2", "name": "A"},
        {"externalId": "b", "code": "1", "name": "B"},
        {"externalId": "fine", "code": "F", "name": "Fine"},
    ]
    engine = engine_of(pleo, tmp_path, *rows, vendors=live)
    applied = engine.apply(engine.plan())
    words = {str(r.change.address): r.error["message"] for r in applied.results if r.error}
    assert ends(applied)["vendor:fine"] == "done"
    assert "vendor:past in Pleo stands in the way of vendor:n1" in words["vendor:n1"]
    assert "vendor:#" in words["vendor:n2"]
    assert "vendor:b in Pleo stands in the way of vendor:a" in words["vendor:a"]
    assert {r.error["httpStatus"] for r in applied.results if r.error} == {409}
    assert engine.time.seconds == 1_000_000.0


def test_what_pleo_does_not_clear_is_failed(pleo: Sandbox, tmp_path: Path) -> None:
    """A field that is left out and stays: `cannot-clear`, told again by every run."""
    live = [{"externalId": "v", "name": "V", "country": "SE"}]
    row = {"externalId": "v", "name": "V", "country": None}
    engine = engine_of(pleo, tmp_path, row, vendors=live, reading={"put_omitted": "keep"})
    for _ in range(2):
        (result,) = engine.apply(engine.plan()).results
        assert (result.status, (result.error or {})["code"]) == ("failed", "cannot-clear")
        assert "country 'SE'" in (result.error or {})["message"]


def test_a_draft_that_somebody_else_confirmed_stops_the_run(pleo: Sandbox, tmp_path: Path) -> None:
    """Under another key the plan is stale; under the same key and as planned it is done already."""
    live = [{"code": "C", "name": "N", "draft": True}]
    engine = engine_of(pleo, tmp_path, {"externalId": "v", "code": "C", "name": "N"}, vendors=live)
    plan = engine.plan()
    identity = pleo.state()["vendors"][0]["id"]
    pleo.world.put("vendor", "", {"externalId": "x", "draft": False}, identity)
    assert engine.apply(plan).outcome == "stale"
    pleo.world.put("vendor", "", {"externalId": "v"}, identity)
    assert ends(engine.apply(plan)) == {"vendor:v": "alreadyDone"}


def test_two_drafts_for_one_row_and_one_for_two_are_held(pleo: Sandbox, tmp_path: Path) -> None:
    """A person has to say which is which; nothing is created beside them."""
    live = [
        {"code": "A", "name": "One", "draft": True},
        {"taxRegistrationNumber": "T", "name": "Two", "draft": True},
        {"code": "B", "taxRegistrationNumber": "U", "name": "Three", "draft": True},
        {"externalId": "d", "code": "D", "name": "There"},
        {"code": "D", "name": "Late", "draft": True},
    ]
    rows = [
        {"externalId": "a", "code": "A", "name": "A", "taxRegistrationNumber": "T"},
        {"externalId": "b", "code": "B", "name": "B"},
        {"externalId": "c", "code": "C", "name": "C", "taxRegistrationNumber": "U"},
        {"externalId": "d", "code": "D", "name": "There"},
    ]
    plan = engine_of(pleo, tmp_path, *rows, vendors=live, reading={"vendor_unique": ()}).plan()
    assert plan.changes == []
    assert plan.head.summary.held == 3
    told = {(w.code, w.address) for w in plan.head.warnings if w.code == "held-row"}
    assert told == {("held-row", f"vendor:{key}") for key in "abc"}
    assert [w.message for w in plan.head.warnings if w.code == "draft-vendor"] == [
        "vendor 'Late' (code 'D') was made in Pleo, and no active row of the accounting system is it"
    ]


def test_many_drafts_that_could_be_many_rows_are_told_in_few_words(pleo: Sandbox, tmp_path: Path) -> None:
    """Each row says which others it may be, and of how many."""
    live = [{"code": "A", "name": f"N{n}", "draft": True} for n in range(8)]
    rows = [{"externalId": f"v{n}", "code": "A", "name": "N"} for n in range(9)]
    plan = engine_of(pleo, tmp_path, *rows, vendors=live, reading={"vendor_unique": ()}).plan()
    assert (plan.changes, plan.head.summary.held) == ([], 9)
    told = {w.message for w in plan.head.warnings if w.code == "held-row" and "may be any of" in w.message}
    assert len(told) == 1
    assert "any of vendor:v0, vendor:v1, vendor:v2, vendor:v3, vendor:v4 and 4 others" in told.pop()


def test_a_tax_code_that_is_there_twice_is_held(pleo: Sandbox, tmp_path: Path) -> None:
    """As an account is (A38)."""
    live = [{"code": "V", "name": "One"}, {"code": "V", "name": "Two"}]
    engine = engine_of(pleo, tmp_path, {"code": "V", "name": "One"}, kind="taxCode", tax_codes=live)
    plan = engine.plan()
    assert (plan.changes, plan.head.summary.held) == ([], 2)


@pytest.mark.parametrize("conflict", ["none", 409])
@pytest.mark.parametrize("status", [200, 201])
def test_tax_codes_under_every_reading(pleo: Sandbox, tmp_path: Path, conflict: Value, status: Value) -> None:
    """Created, changed to the last decimal, brought back, archived."""
    live = [
        {"code": "A", "name": "A", "rate": 0.1},
        {"code": "B", "name": "B", "rate": 0.25, "archived": True},
        {"code": "C", "name": "C", "rate": 0.25},
    ]
    rows = [
        {"code": "A", "name": "A", "rate": "0.123456789012345"},
        {"code": "B", "name": "B"},
        {"code": "D", "name": "D", "rate": "0"},
    ]
    reading = {"tax_code_conflict": conflict, "v0_create_status": status}
    engine = engine_of(pleo, tmp_path, *rows, kind="taxCode", tax_codes=live, reading=reading)
    assert set(ends(engine.apply(engine.approved())).values()) == {"done"}
    codes = {t["code"]: (t["rate"], t["archived"]) for t in pleo.state()["taxCodes"]}
    assert codes == {"A": (0.123456789012345, False), "B": (0.25, False), "C": (0.25, True), "D": (0, False)}
    assert engine.plan().changes == []


def test_an_account_that_names_an_unknown_tax_code_is_told(pleo: Sandbox, tmp_path: Path) -> None:
    """One that this plan creates is known by then (X9); any other is refused, and the account stays (K9)."""
    engine = engine_of(
        pleo,
        tmp_path,
        {"code": "NEW", "name": "New"},
        kind="taxCode",
        accounts=[{"externalId": "a", "name": "A"}, {"externalId": "b", "name": "B"}],
        reading={"validate_tax_codes": True},
    )
    engine.desired.flat["account"] = [
        Row("a", {"code": None, "name": "A", "taxCodeExternalId": "NEW"}),
        Row("b", {"code": None, "name": "B", "taxCodeExternalId": "NONE"}),
    ]
    applied = engine.apply(engine.plan())
    assert ends(applied) == {"taxCode:NEW": "done", "account:a": "done", "account:b": "failed"}
    assert [account["archived"] for account in pleo.state()["accounts"]] == [False, False]


def test_a_vendor_that_somebody_archives_meanwhile_is_no_plan_of_ours(pleo: Sandbox, tmp_path: Path) -> None:
    """Law 2 holds for them as well."""
    live = [{"externalId": "v", "name": "Old"}]
    engine = engine_of(pleo, tmp_path, {"externalId": "v", "name": "New"}, vendors=live)
    plan = engine.plan()
    pleo.add_fault(Fault(kind="actor", edits=(Edit(op="archive", kind="vendor", key="v"),), nth=1))
    assert engine.apply(plan).outcome == "stale"
