"""What moved between a plan and its run: told field by field, and nothing is written (law 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.plan.artifact import Plan
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Sandbox
    from shapes import Json


def told(applied: Receipt) -> list[str]:
    """What a run found stale."""
    assert applied.outcome == "stale"
    return [finding.message for finding in applied.findings if finding.code == "stale"]


def tagged(pleo: Sandbox, root: Path, groups: list[Json], *wanted: Row) -> Engine:
    """An engine for these groups, with these values wanted in the first."""
    pleo.reset(Seed(tag_groups=groups), Settings())
    first = Dimension(Row("G", {"code": "G", "name": "G"}), list(wanted))
    others = [Dimension(Row(g["code"], {"code": g["code"], "name": g["name"]}), None) for g in groups[1:]]
    state = checked(DesiredState(None, [first, *others], ["d"]))
    return Engine(pleo, root, state, Scope(dimensions=("G",), rename_groups=True), mixed.FREE)


def test_what_moved_is_told_in_full(pleo: Sandbox, tmp_path: Path) -> None:
    """A record that exists by now, that changed, that is gone: what the plan knew and what Pleo has."""
    pleo.reset(Seed(accounts=[{"externalId": "a", "code": "1", "name": "Old"}]))
    rows = [Row("a", {"code": "1", "name": "Neü"}), Row("b", {"code": None, "name": "B"})]
    engine = Engine(pleo, tmp_path, checked(DesiredState(rows, None, ["d"])))
    plan = engine.plan()
    pleo.put("account", "a", name="Ä")
    pleo.put("account", "b", name="Bä", code="2")
    assert told(engine.apply(plan)) == [
        'account:a changed: name: the plan saw "Old", Pleo has "Ä"',
        'account:b exists by now: code: the plan wants null, Pleo has "2"; name: the plan wants "B", Pleo has "Bä"',
    ]
    pleo.reset(Seed(accounts=[{"externalId": "b", "name": "B"}]))
    assert told(engine.apply(plan)) == ["account:a is no longer in Pleo"]
    assert pleo.stats()["writes"] == 0


def test_a_tag_of_a_group_to_be_unarchived_may_have_come_along(pleo: Sandbox, tmp_path: Path) -> None:
    """Unarchiving the group may have brought the tag along, nothing else; nothing renames it but somebody else."""
    tag = {"code": "T", "name": "Old", "archived": True}
    groups = [{"code": "G", "name": "G", "archived": True, "tags": [tag]}]
    engine = tagged(pleo, tmp_path, groups, Row("T", {"code": "T", "name": "New"}))
    plan = engine.plan()
    pleo.put("tag", ("G", "T"), name="Theirs")
    assert told(engine.apply(plan)) == ['tag:G/T changed: name: the plan saw "Old", Pleo has "Theirs"']
    pleo.put("tag", ("G", "T"), name="Old", archived=False)
    assert told(engine.apply(plan)) == ["tag:G/T changed: archived: the plan saw true, Pleo has false"]
    pleo.put("tagGroup", "G", archived=False)
    assert ends(engine.apply(plan)) == {"tagGroup:G": "alreadyDone", "tag:G/T": "done"}


def test_a_tag_that_somebody_archived_did_not_come_along(pleo: Sandbox, tmp_path: Path) -> None:
    """Whether its group is unarchived by then or not, the plan is stale."""
    groups = [{"code": "G", "name": "G", "archived": True, "tags": [{"code": "T", "name": "Old"}]}]
    engine = tagged(pleo, tmp_path, groups, Row("T", {"code": "T", "name": "New"}))
    plan = engine.plan()
    for archived in (True, False):
        pleo.put("tag", ("G", "T"), archived=True)
        pleo.put("tagGroup", "G", archived=archived)
        assert told(engine.apply(plan)) == ["tag:G/T changed: archived: the plan saw false, Pleo has true"]


def test_a_group_that_is_renamed_has_its_tags_left_unread(pleo: Sandbox, tmp_path: Path) -> None:
    """Nothing is written into it (law 7)."""
    groups = [{"code": "G", "name": "Old", "tags": [{"code": "T", "name": "T"}]}]
    engine = tagged(pleo, tmp_path, groups, Row("T", {"code": "T", "name": "T"}))
    plan = engine.plan()
    pleo.world.statistics.reset()
    assert ends(engine.apply(plan)) == {"tagGroup:G": "done"}
    assert "POST /v0/tags:search" not in pleo.stats()["byOperation"]


def test_a_tag_of_another_group_is_refused(pleo: Sandbox, tmp_path: Path) -> None:
    """A forged plan that names a tag of one group and holds the id of its namesake in another writes nothing."""
    tags = [{"code": "T", "name": "T"}]
    groups = [{"code": code, "name": code, "tags": tags} for code in "GH"]
    engine = tagged(pleo, tmp_path, groups)
    plan = engine.approved()
    change = next(change for change in plan.changes if change.kind == "tag")
    theirs = next(tag["id"] for tag in pleo.state()["tags"] if tag["id"] != change.id)
    forged = [replace(change, id=theirs) if change is one else one for one in plan.changes]
    applied = engine.apply(Plan.of(plan.head, forged))
    assert applied.outcome == "refused"
    assert any("do not belong together" in finding.message for finding in applied.findings)
    assert pleo.stats()["writes"] == 0


def supplier(pleo: Sandbox, root: Path, live: Json) -> Engine:
    """An engine that wants one vendor."""
    pleo.reset(Seed(vendors=[live]), Settings(seed_ids=1))
    state = DesiredState(files=["d"])
    state.flat["vendor"] = [Row("v", {"code": "2", "name": "New", "defaultCurrency": "EUR"}, file="d", line=1)]
    return Engine(pleo, root, checked(state), limits=mixed.FREE)


@pytest.mark.parametrize(
    ("live", "moved"),
    [
        ({"externalId": "v", "archived": True}, {"name": "Third"}),
        ({"externalId": "v", "archived": True}, {"name": "Third", "archived": False}),
        ({"externalId": "v"}, {"name": "New"}),
        ({"draft": True}, {"draft": False}),
        ({"draft": True}, {"name": "Third"}),
    ],
)
def test_a_vendor_that_somebody_else_changed_stops_the_run(
    pleo: Sandbox, tmp_path: Path, live: Json, moved: Json
) -> None:
    """What is neither as the plan saw it nor what the first of a run's own two writes leaves is somebody else's."""
    engine = supplier(pleo, tmp_path, {"code": "2", "name": "Old", **live})
    if moved == {"name": "New"}:
        pleo.put("vendor", "v", code="1")
    plan = engine.plan()
    pleo.world.put("vendor", "", moved, pleo.state()["vendors"][0]["id"])
    pleo.world.statistics.reset()
    (words,) = told(engine.apply(plan))
    assert "vendor:v changed: " in words
    assert pleo.stats()["writes"] == 0
