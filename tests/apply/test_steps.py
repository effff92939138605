"""Single steps: what an answer that is not as wanted means, and what a doubt that stays does to the rest."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.apply.steps import Update
from pleoctl.desired.read import checked
from pleoctl.errors import PleoError
from pleoctl.model.kinds import ACCOUNT
from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.pleo.writer import PleoWriter
from pleoctl.reconcile import Scope
from pleoctl.run.settle import Failed
from pleoctl.sandbox import Edit, Fault, Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value


def renaming(pleo: Sandbox, root: Path) -> Engine:
    """Account a is to be renamed, account e to be archived."""
    pleo.reset(Seed(accounts=[{"externalId": key, "name": "Old"} for key in "abcde"]))
    rows = [Row(key, {"code": None, "name": "New" if key == "a" else "Old"}) for key in "abcd"]
    return Engine(pleo, root, checked(DesiredState(rows, None, ["d"])), Scope(), mixed.FREE)


def test_what_pleo_stored_otherwise_is_failed_and_named(pleo: Sandbox, tmp_path: Path) -> None:
    """An answer of 200 that shows another name than was sent is no success; both names are told."""
    (wanted,) = [change for change in renaming(pleo, tmp_path).plan().changes if change.action == "update"]
    live = Live("id-1", "a", archived=False, fields={"code": None, "name": "Old"})
    other = replace(live, fields={**live.fields, "name": "NEW"})
    api = SimpleNamespace(kind=ACCOUNT, put=lambda _record, _after: other, by_id=lambda _ids: [other])
    context: Any = SimpleNamespace(apis={"account": api})
    (end,) = Update(context, wanted, live).send([wanted.address]).values()
    assert isinstance(end, Failed)
    assert end.code == "not-stored"
    assert end.message == "Pleo stored something else: name is 'NEW' instead of 'New'"


def test_a_doubt_that_cannot_be_looked_into_stops_the_run(pleo: Sandbox, tmp_path: Path) -> None:
    """Where even looking fails nothing more is sent; what a last look finds is done, running again does the rest."""
    engine = renaming(pleo, tmp_path)
    plan = engine.plan()
    pleo.add_fault(Fault(kind="lostAnswer", method="PUT", nth=1))
    pleo.add_fault(Fault(kind="status", status=404, method="POST", path=":search$", nth=2))
    applied = engine.apply(plan)
    assert ends(applied) == {"account:a": "done", "account:e": "notAttempted"}
    pleo.clear_faults()
    assert engine.apply(plan).outcome == "done"
    assert engine.plan().changes == []


def test_a_pleo_that_cannot_be_reached_stops_the_run(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that was never sent is failed, the rest is not attempted, and running again does both."""
    engine = renaming(pleo, tmp_path)
    plan = engine.plan()

    def unreachable(*_arguments: object) -> Live:
        raise PleoError("Pleo could not be reached")

    with monkeypatch.context() as patch:
        patch.setattr(PleoWriter, "put_account", unreachable)
        applied = engine.apply(plan)
    assert ends(applied) == {"account:a": "failed", "account:e": "notAttempted"}
    assert engine.apply(plan).outcome == "done"


def department(pleo: Sandbox, root: Path, codes: str, *values: Row) -> Engine:
    """A group with a tag for each letter in Pleo, of which these values are wanted."""
    tags = [{"code": code, "name": code} for code in codes]
    pleo.reset(Seed(tag_groups=[{"code": "DEPT", "name": "Department", "tags": tags}]))
    group = Dimension(Row("DEPT", {"code": "DEPT", "name": "Department"}), list(values))
    state = checked(DesiredState(None, [group], ["d"]))
    return Engine(pleo, root, state, Scope(dimensions=("DEPT",)), mixed.FREE)


def test_a_refused_bulk_call_goes_on_singly(pleo: Sandbox, tmp_path: Path) -> None:
    """One bad tag must not keep the others: what a refused call named is written tag by tag (T65)."""
    engine = department(pleo, tmp_path, "ABCD", Row("A", {"code": "A", "name": "A"}))
    plan = engine.plan()
    pleo.add_fault(Fault(kind="status", status=400, method="POST", path="/v0/tags/archive$", nth=1))
    assert set(ends(engine.apply(plan)).values()) == {"done"}
    assert pleo.stats()["byOperation"]["PUT /v0/tags/{tagId}"] == 3
    assert engine.plan().changes == []


def test_what_a_bulk_call_leaves_undone_goes_on_singly(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer of 200 that shows a tag as it was is no success."""
    engine = department(pleo, tmp_path, "ABCD", Row("A", {"code": "A", "name": "A"}))
    plan = engine.plan()
    bulk = PleoWriter.archive_tags

    def half(self: PleoWriter, ids: list[str], *, archived: bool) -> dict[str, Live]:
        return bulk(self, ids[:1], archived=archived) | {tag.id: tag for tag in self.tags_by_id(ids[1:])}

    monkeypatch.setattr(PleoWriter, "archive_tags", half)
    applied = engine.apply(plan)
    assert (applied.findings, set(ends(applied).values())) == ([], {"done"})
    assert pleo.stats()["byOperation"]["PUT /v0/tags/{tagId}"] == 2


def test_a_tag_that_looks_like_a_refused_one_is_taken(pleo: Sandbox, tmp_path: Path) -> None:
    """Pleo compares codes less strictly than people write them: nothing is made beside it, and nobody waits."""
    engine = department(pleo, tmp_path, "", Row("CAF\u00c9", {"code": "CAF\u00c9", "name": "Caf\u00e9"}))
    plan = engine.plan()
    pleo.put_tag("DEPT", "CAFE\u0301", name="Coffee")
    pleo.add_fault(Fault(kind="status", status=409, method="POST", path="^(?!.*search$)", nth=1))
    began = engine.time.seconds
    applied = engine.apply(plan)
    assert [r.error for r in applied.results] == [None]
    assert engine.time.seconds == began
    assert [tag["name"] for tag in pleo.state()["tags"]] == ["Caf\u00e9"]


def creating(pleo: Sandbox, root: Path) -> Engine:
    """Two accounts are to be created, in one batch."""
    pleo.reset(Seed())
    return Engine(pleo, root, checked(DesiredState([Row(k, {"code": None, "name": k}) for k in "ab"], None, ["d"])))


def test_what_the_answer_to_a_batch_leaves_out_is_created_singly(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it shows as created is not sent again, what it says nothing of is."""
    engine = creating(pleo, tmp_path)
    batch = PleoWriter.create_accounts
    monkeypatch.setattr(PleoWriter, "create_accounts", lambda self, items: batch(self, items[:1]))
    assert set(ends(engine.apply(engine.plan())).values()) == {"done"}
    counts = pleo.stats()["byOperation"]
    assert [number for operation, number in counts.items() if operation.startswith("POST")].count(1) >= 2
    assert sorted(account["name"] for account in pleo.state()["accounts"]) == ["a", "b"]


@pytest.mark.parametrize(("status", "end", "calls"), [(400, "done", 3), (422, "failed", 1)])
def test_a_refused_batch_is_halved_down_to_one_where_a_record_may_be_why(
    pleo: Sandbox, tmp_path: Path, status: int, end: str, calls: int
) -> None:
    """Two records, too; what is refused for another reason is not sent again."""
    engine = creating(pleo, tmp_path)
    plan = engine.plan()
    pleo.add_fault(Fault(kind="status", status=status, method="POST", path="^(?!.*search$)", nth=1))
    assert set(ends(engine.apply(plan)).values()) == {end}
    counts = pleo.stats()["byOperation"]
    assert (
        sum(
            number for operation, number in counts.items() if operation.startswith("POST") and "search" not in operation
        )
        == calls
    )


def test_a_create_that_was_refused_after_all_is_found_at_once(pleo: Sandbox, tmp_path: Path) -> None:
    """An answer of 409 to a record that is there as planned: done, without a wait."""
    pleo.reset(Seed())
    engine = Engine(pleo, tmp_path, checked(DesiredState([Row("a", {"code": None, "name": "A"})], None, ["d"])))
    plan = engine.plan()
    pleo.add_fault(Fault(kind="status", status=409, commit=True, method="POST", path="chart-of-accounts$", nth=1))
    began = engine.time.seconds
    assert ends(engine.apply(plan)) == {"account:a": "done"}
    assert engine.time.seconds == began
    assert [account["name"] for account in pleo.state()["accounts"]] == ["A"]


def test_a_write_that_goes_again_keeps_what_pleo_has_by_now(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost, then written again: the tax code that somebody set in between and nobody manages here stays (law 5)."""
    pleo.reset(Seed(accounts=[{"externalId": "a", "name": "Old", "taxCodeExternalId": "before"}]), Settings())
    engine = Engine(pleo, tmp_path, checked(DesiredState([Row("a", {"code": None, "name": "New"})], None, ["d"])))
    plan = engine.plan()
    pleo.add_fault(Fault(kind="droppedBefore", method="PUT", nth=1))
    look = Update.look

    def looking(self: Update, ids: Value) -> object:
        pleo.put("account", "a", taxCodeExternalId="theirs")
        return look(self, ids)

    monkeypatch.setattr(Update, "look", looking)
    assert ends(engine.apply(plan)) == {"account:a": "done"}
    (account,) = pleo.state()["accounts"]
    assert (account["name"], account["taxCodeExternalId"]) == ("New", "theirs")


def test_a_record_that_vanished_under_a_write_is_failed(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost, and gone when it was looked for: somebody else was here."""
    engine = renaming(pleo, tmp_path)
    plan = engine.plan()
    pleo.add_fault(Fault(kind="droppedBefore", method="PUT", nth=1))
    look = Update.look

    def looking(self: Update, ids: Value) -> object:
        pleo.edit(Edit(op="delete", kind="account", key="a"))
        return look(self, ids)

    monkeypatch.setattr(Update, "look", looking)
    applied = engine.apply(plan)
    assert ends(applied)["account:a"] == "failed"
    assert "another client changed it" in str(next(r.error for r in applied.results if r.error))


@pytest.mark.parametrize("end", ["done", "stopped", "halted"])
def test_only_a_run_that_came_to_its_end_reads_again_what_it_wrote(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """One that has to stop, or was asked to, asks Pleo nothing more."""
    engine, stop = renaming(pleo, tmp_path), threading.Event()
    plan = engine.plan()
    put = PleoWriter.put_account

    def last(self: PleoWriter, record: str, body: Json) -> Live:
        if body["archived"] and end == "halted":
            raise PleoError("Pleo could not be reached")
        made = put(self, record, body)
        if not body["archived"] and end == "stopped":
            stop.set()
        return made

    monkeypatch.setattr(PleoWriter, "put_account", last)
    applied = engine.apply(plan, stop)
    assert ends(applied)["account:a"] == "done"
    assert applied.outcome == {"done": "done", "stopped": "interrupted", "halted": "partial"}[end]
    assert applied.requests["read"] == 1 + (end == "done")
