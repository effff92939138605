"""Unarchiving a tag group may carry its tags along (K24); and what of a group is read before anything is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Fault, Seed, Settings
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Sandbox


def group_of(pleo: Sandbox, root: Path, count: int, values: list[Row], *, archived: bool) -> Engine:
    """One group with tags T0, T1, …, in the state of the group, and the values that the books list."""
    tags = [{"code": f"T{number}", "name": "Name", "archived": archived} for number in range(count)]
    seed = Seed(tag_groups=[{"code": "G", "name": "G", "archived": archived, "tags": tags}])
    pleo.reset(seed, Settings(archive_cascade="cascade"))
    state = checked(DesiredState(None, [Dimension(Row("G", {"code": "G", "name": "G"}), values)], ["d"]))
    return Engine(pleo, root, state, Scope(dimensions=("G",)), mixed.FREE)


@pytest.mark.parametrize("refused", [False, True])
def test_tags_that_come_along_are_archived_again(pleo: Sandbox, tmp_path: Path, refused: bool) -> None:
    """Nobody asked for them: 100 a call, or one by one where a call is refused; the plan itself has the group alone."""
    engine = group_of(pleo, tmp_path, 3, [], archived=True)
    plan = engine.plan()
    assert [str(change.address) for change in plan.changes] == ["tagGroup:G"]
    if refused:
        pleo.add_fault(Fault(kind="status", status=400, method="POST", path="/v0/tags/archive$"))
    applied = engine.apply(plan)
    assert (ends(applied), applied.findings) == ({"tagGroup:G": "done"}, [])
    assert all(tag["archived"] for tag in pleo.state()["tags"])
    calls = pleo.stats()["byOperation"]
    assert (calls["POST /v0/tags/archive"], calls.get("PUT /v0/tags/{tagId}", 0)) == ((1, 3) if refused else (1, 0))
    assert archived_again(engine, applied) == [{tag["id"] for tag in pleo.state()["tags"]}] * (2 if refused else 1)
    assert engine.plan().changes == []


def archived_again(engine: Engine, applied: Receipt) -> list[set[str]]:
    """What the run's journal says before each request that archives what came along."""
    text = (engine.root / ".pleoctl/runs" / applied.run_id / "journal.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    return [set(line["pleoIds"]) for line in lines if line.get("operation") == "archive again"]


def test_a_tag_that_is_wanted_stays_with_its_group(pleo: Sandbox, tmp_path: Path) -> None:
    """It was archived with the others and the books list it: the others alone are archived again."""
    engine = group_of(pleo, tmp_path, 3, [Row("T1", {"code": "T1", "name": "Name"})], archived=True)
    applied = engine.apply(engine.plan())
    assert ends(applied) == {"tagGroup:G": "done", "tag:G/T1": "done"}
    assert standing(pleo) == {"T0": True, "T1": False, "T2": True}
    assert [len(ids) for ids in archived_again(engine, applied)] == [2]


def standing(pleo: Sandbox) -> dict[str, bool]:
    """Which tags are archived."""
    return {tag["code"]: tag["archived"] for tag in pleo.state()["tags"]}


def test_a_tag_that_somebody_else_unarchived_stays(pleo: Sandbox, tmp_path: Path) -> None:
    """It was active before the run unarchived its group, so it did not come along with that."""
    engine = group_of(pleo, tmp_path, 3, [], archived=True)
    plan = engine.plan()
    pleo.put("tag", ("G", "T0"), archived=False)
    assert ends(engine.apply(plan)) == {"tagGroup:G": "done"}
    assert standing(pleo) == {"T0": False, "T1": True, "T2": True}


def test_a_tag_that_was_active_in_an_archived_group_stays(pleo: Sandbox, tmp_path: Path) -> None:
    """After a killed run as well: the plan names those that were archived when it was made."""
    engine = group_of(pleo, tmp_path, 3, [Row("T1", {"code": "T1", "name": "Name"})], archived=True)
    pleo.put("tag", ("G", "T1"), archived=False)
    plan = engine.plan()
    assert [str(change.address) for change in plan.changes] == ["tagGroup:G"]
    killed_after_the_group(pleo)
    engine.apply(plan)
    assert standing(pleo) == {"T0": True, "T1": False, "T2": True}


def test_what_a_killed_run_archived_again_does_not_count(pleo: Sandbox, tmp_path: Path) -> None:
    """Two of three are left to do, as many as the guard lets pass."""
    engine = group_of(pleo, tmp_path, 3, [], archived=True)
    plan = engine.plan()
    killed_after_the_group(pleo)
    pleo.put("tag", ("G", "T0"), archived=True)
    engine.limits = GuardLimits(count=2, share=1.0)
    applied = engine.apply(plan)
    assert applied.findings == []
    assert [len(ids) for ids in archived_again(engine, applied)] == [2]
    assert all(standing(pleo).values())


@pytest.mark.parametrize(("archived", "refused", "looks"), [(True, False, 3), (False, False, 2), (True, True, 1)])
def test_tags_are_looked_at_again_where_they_may_have_come_along(
    pleo: Sandbox, tmp_path: Path, *, archived: bool, refused: bool, looks: int
) -> None:
    """Once, beside the looks before and after the writes; not if all were active or Pleo refused the group."""
    engine = group_of(pleo, tmp_path, 2, [Row("T1", {"code": "T1", "name": "Name"})], archived=True)
    tags = [{"code": "T0", "name": "Name", "archived": archived}, {"code": "T1", "name": "Old"}]
    pleo.reset(Seed(tag_groups=[{"code": "G", "name": "G", "archived": True, "tags": tags}]), Settings())
    plan = engine.approved()
    if refused:
        pleo.add_fault(Fault(kind="status", status=400, method="PUT", path="/v0/tag-groups/"))
    pleo.world.statistics.reset()
    applied = engine.apply(plan)
    assert pleo.stats()["byOperation"]["POST /v0/tags:search"] == looks
    assert archived_again(engine, applied) == []


def test_tags_of_a_renamed_group_are_not_looked_at_again(pleo: Sandbox, tmp_path: Path) -> None:
    """Renaming carries nothing along, whatever else is written into the group."""
    engine = group_of(pleo, tmp_path, 1, [Row("New", {"code": "New", "name": "New"})], archived=False)
    tags = [{"code": "T0", "name": "Name", "archived": True}]
    pleo.reset(Seed(tag_groups=[{"code": "G", "name": "Old", "tags": tags}]), Settings())
    engine.scope = Scope(dimensions=("G",), rename_groups=True)
    plan = engine.plan()
    pleo.world.statistics.reset()
    assert ends(engine.apply(plan)) == {"tagGroup:G": "done", "tag:G/New": "done"}
    assert pleo.stats()["byOperation"]["POST /v0/tags:search"] == 2


def test_a_tag_that_cannot_be_archived_again_is_told(pleo: Sandbox, tmp_path: Path) -> None:
    """The group is done all the same; the finding names what came along, and the next plan mends it."""
    engine = group_of(pleo, tmp_path, 1, [], archived=True)
    pleo.add_fault(Fault(kind="status", status=400, path="/v0/tags/"))
    applied = engine.apply(engine.plan())
    assert ends(applied) == {"tagGroup:G": "done"}
    assert "came along with its unarchived group" in applied.findings[0].message
    pleo.clear_faults()
    assert [change.action for change in engine.approved().changes] == ["archive"]


def killed_after_the_group(pleo: Sandbox) -> None:
    """As a run leaves Pleo that dies once its group is unarchived: the tags have come along."""
    pleo.put_group("G", archived=False)
    for tag in pleo.state()["tags"]:
        pleo.put("tag", ("G", tag["code"]), archived=False)


def test_tags_that_came_along_with_a_killed_run_are_archived_again(pleo: Sandbox, tmp_path: Path) -> None:
    """Also where nothing remembers that run: the plan says which tags stay archived, so the next plan is empty."""
    engine = group_of(pleo, tmp_path, 3, [Row("T1", {"code": "T1", "name": "Name"})], archived=True)
    plan = engine.plan()
    killed_after_the_group(pleo)
    applied = engine.apply(plan)
    assert (ends(applied), applied.findings) == ({"tagGroup:G": "alreadyDone", "tag:G/T1": "alreadyDone"}, [])
    assert standing(pleo) == {"T0": True, "T1": False, "T2": True}
    assert engine.plan().changes == []


@pytest.mark.parametrize("limits", [GuardLimits(count=2, share=1.0), GuardLimits(protect=("tag:G/T0",))])
def test_the_guard_holds_for_tags_that_came_along(pleo: Sandbox, tmp_path: Path, limits: GuardLimits) -> None:
    """A forged plan could name any tags: more than the guard lets pass, or a protected one, stay active."""
    engine = group_of(pleo, tmp_path, 3, [], archived=True)
    plan = engine.plan()
    killed_after_the_group(pleo)
    engine.limits = limits
    applied = engine.apply(plan)
    assert ends(applied) == {"tagGroup:G": "alreadyDone"}
    assert [finding.code for finding in applied.findings] == ["not-restored"]
    assert not any(tag["archived"] for tag in pleo.state()["tags"])


def test_a_tag_that_is_only_renamed_is_read_by_itself(pleo: Sandbox, tmp_path: Path) -> None:
    """Its group of three pages is not: one read before the write and one after it (law 7)."""
    values = [
        Row(f"T{number}", {"code": f"T{number}", "name": "New" if number == 7 else "Name"}) for number in range(250)
    ]
    engine = group_of(pleo, tmp_path, 250, values, archived=False)
    plan = engine.plan()
    pleo.world.statistics.reset()
    assert ends(engine.apply(plan)) == {"tag:G/T7": "done"}
    assert (pleo.stats()["reads"], pleo.stats()["writes"]) == (2, 1)
