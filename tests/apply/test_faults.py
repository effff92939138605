"""Each fault at each write of a plan with every action of every kind: the same run settles it."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

import mixed
from engine import check_contract, check_untouched
from pleoctl.model.kinds import KINDS
from pleoctl.run.receipt import PROBLEMS
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from engine import Engine
    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

FAULTS: dict[str, Json] = {
    "lost": {"kind": "lostAnswer"},
    "dropped": {"kind": "droppedBefore"},
    "503 done": {"kind": "status", "status": 503, "commit": True},
    "500 not done": {"kind": "status", "status": 500},
    "429": {"kind": "status", "status": 429, "retry_after": 5},
    "cut": {"kind": "truncatedBody"},
    "html": {"kind": "htmlBody"},
    "late list": {"kind": "lag", "reads": 2},
}
# Creates of kinds of which nothing says that Pleo refuses a second record, and what waits for them.
UNGUARDED = {
    "taxCode:NEW": {"taxCode:NEW"},
    "tagGroup:FRESH": {"tagGroup:FRESH", "tag:FRESH/F1", "tag:FRESH/F2"},
    "vendor:new": {"vendor:new"},
}
NOT_CARRIED_OUT = {"dropped", "500 not done"}
# By default each fault begins at another write, so that together they strike every one; each of them does in the
# thorough profile.
STEP = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else len(FAULTS)
WRITES = {"POST": r"^(?!.*:search$)", "PUT": ""}
READINGS = {
    "defaults": Settings(seed_ids=1),
    "contrary": Settings(
        seed_ids=1,
        account_create_existing=409,
        account_archived_default="active",
        put_omitted="keep",
        batch_existing="created-if-equal",
        batch_order="reversed",
        omit_nulls=True,
        tag_conflict_ignores_case=False,
        tag_conflict_counts_archived=False,
        group_conflict=409,
        archive_cascade="cascade",
        v0_create_status=200,
        bulk_archive_status=202,
        bulk_archive_answers="changed",
        bulk_archive_unknown_ids="ignore",
        totals=False,
        tax_code_conflict=409,
        validate_tax_codes=False,
        vendor_unique=("name",),
        vendor_create_state="DRAFT",
        vendor_list_default="active",
        vendor_put_state="ignore",
        vendor_activate_code="ignore",
    ),
}


def test_the_plan_has_every_action_of_every_kind(engine: Engine) -> None:
    """What the sweeps below stand on."""
    found = Counter((c.kind, c.action) for c in engine.plan().changes)
    assert set(found) == {(name, action) for name, kind in KINDS.items() for action in kind.waves}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_at_every_write(engine: Engine, name: str, reading: str) -> None:
    """The run itself ends done, in the same state as without a fault, with at most three requests more."""
    pleo, settings = engine.pleo, READINGS[reading]
    if name == "late list":
        # Tags that came along unseen with their group are a matter of the next plan.
        settings = msgspec.structs.replace(settings, archive_cascade="none")
    pleo.reset(settings=settings)
    before, plan = pleo.state(), engine.plan()
    pleo.world.statistics.reset()
    assert engine.apply(plan).outcome == "done"
    wanted, total = mixed.goal(pleo.state()), pleo.stats()["total"]
    writes = Counter(entry["method"] for entry in pleo.stats()["log"] if ":search" not in entry["path"])
    for method, path in WRITES.items():
        for number in range(1 + list(FAULTS).index(name) % STEP, writes[method] + 1, STEP):
            pleo.reset(settings=settings)
            pleo.add_fault(Fault(method=method, path=path, nth=number, **FAULTS[name]))
            applied = engine.apply(plan)
            place = (
                method,
                number,
                [(str(r.change.address), r.status, r.error) for r in applied.results if r.error],
            )
            assert pleo.stats()["total"] <= total + 3, place
            if name in NOT_CARRIED_OUT and (unsure := UNGUARDED.keys() & _problems(applied)):
                # Nobody can tell these from records that a list does not show yet; the next run can.
                assert _problems(applied) in [UNGUARDED[address] for address in unsure]
                applied = engine.apply(plan)
            assert applied.outcome == "done", place
            assert mixed.goal(pleo.state()) == wanted, place
            check_untouched(before, pleo.state(), [plan], cascades=settings.archive_cascade == "cascade")
            check_contract(pleo)
    pleo.clear_faults()
    assert engine.plan().changes == []


def _problems(applied: Receipt) -> set[str]:
    return {str(r.change.address) for r in applied.results if r.status in PROBLEMS}


@pytest.mark.parametrize("when", ["before", "after"])
def test_answers_slower_than_the_timeout(engine: Engine, when: Literal["before", "after"]) -> None:
    """An answer that comes too late is a lost one, and is looked up; a record is never made twice."""
    pleo, plan, before = engine.pleo, engine.plan(), engine.pleo.state()
    # A create of a tag group that arrives after everybody has looked is beyond what anyone could tell.
    path = "^/v1/chart-of-accounts/|^/v0/tags/" if when == "before" else r"^(?!.*:search$)"
    pleo.add_fault(*(Fault(kind="slow", method=m, path=path, nth=2, seconds=0.5, when=when) for m in ("POST", "PUT")))
    engine.timeout = 0.3
    assert engine.apply(plan).outcome == "done"
    pleo.clear_faults()
    time.sleep(0.3)
    check_untouched(before, pleo.state(), [plan])
    engine.timeout = 10
    assert engine.plan().changes == []


def test_a_lost_bulk_call_is_sent_again_as_one(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """A dropped archive of 250 tags costs one look and one call more, not 100 single ones."""
    tags = [{"code": f"t{n}", "name": f"Tag {n}"} for n in range(600)]
    pleo.reset(Seed(tag_groups=[{"code": "D", "name": "D", "tags": tags}]))
    folder = workspace(pleo, dimensions={"selected": ["D"]})
    desired(folder, dimensions=[{"code": "D", "name": "D", "values": tags[:350]}])
    assert cli("plan", "-o", "plan.json", "--allow-archive", "250").code == 0
    pleo.add_fault(Fault(kind="droppedBefore", method="POST", path="^/v0/tags/archive$", nth=2))
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert json.loads((folder / "receipt.json").read_text())["requests"]["write"] == 4
