"""What a run tells while it goes on: progress, and the lines of its journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.apply.run import Hooks, apply_plan
from pleoctl.desired.read import checked
from pleoctl.machine import on
from pleoctl.model.records import DesiredState, Row
from pleoctl.pleo.writer import PleoWriter
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Edit, Fault, Seed

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Sandbox
    from shapes import Json


def told(engine: Engine, plan: Plan) -> tuple[Receipt, list[tuple[int, int]], list[Json]]:
    """The receipt, the progress, and the events that a listener hears."""
    progress: list[tuple[int, int]] = []
    events: list[Json] = []
    writer = engine.client(PleoWriter)
    try:
        with on(engine.time):
            hooks = Hooks(progress=lambda done, total: progress.append((done, total)), listen=events.append)
            return apply_plan(plan, engine.target, writer, hooks), progress, events
    finally:
        writer.close()


def lines(engine: Engine, applied: Receipt) -> list[Json]:
    """The journal of a run."""
    journal = engine.root / ".pleoctl/runs" / applied.run_id / "journal.jsonl"
    return [json.loads(line) for line in journal.read_text().splitlines()]


@pytest.mark.parametrize("blocked", [False, True])
def test_progress_counts_every_end_once(engine: Engine, blocked: bool) -> None:
    """What is done already counts from the start; done, failed and blocked changes count one each, up to all."""
    plan = engine.plan()
    engine.pleo.edit(Edit(op="archive", kind="account", key="gone/1"))
    if blocked:
        engine.pleo.add_fault(Fault(kind="status", status=400, method="POST", path="tag-groups$"))
    applied, progress, events = told(engine, plan)
    assert ("blocked" in ends(applied).values()) == blocked
    total = len(plan.changes)
    assert progress == [(number, total) for number in range(2, total + 1)]
    assert (events[0]["event"], events[0]["changes"]) == ("started", total)
    assert (events[-1]["event"], events[-1]["outcome"]) == ("finished", "partial" if blocked else "done")


def test_progress_ends_with_all_where_what_was_blocked_goes_on(engine: Engine) -> None:
    """A group that was denied and stored is seen at the end; its tags are taken back and counted once more."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="status", status=400, commit=True, method="POST", path="tag-groups$", nth=1))
    applied, progress, events = told(engine, plan)
    assert (applied.outcome, events[-1]["outcome"]) == ("done", "done")
    total = len(plan.changes)
    assert [number for number, _ in progress][-3:] == [total, total - 1, total]


def test_the_journal_has_lines_only_of_what_was_sent(engine: Engine) -> None:
    """A change that was never sent has no line but its intent: a blocked tag has none at all."""
    plan = engine.plan()
    engine.pleo.add_fault(Fault(kind="status", status=400, method="POST", path="tag-groups$"))
    applied = engine.apply(plan)
    blocked = {address for address, status in ends(applied).items() if status == "blocked"}
    assert blocked
    found = lines(engine, applied)
    assert {line["event"] for line in found} <= {"intent", "sent", "confirmed", "failed", "ambiguous", "verified"}
    assert not blocked & {address for line in found for address in line["addresses"]}


@pytest.mark.parametrize("groups", [False, True])
def test_only_a_create_that_nothing_guards_makes_later_runs_wait(pleo: Sandbox, tmp_path: Path, groups: bool) -> None:
    """Accounts are guarded by their externalId: no line of theirs asks the next run to wait, or says it need not."""
    engine = mixed.engine(pleo, tmp_path)
    pleo.reset(mixed.SEED)
    if not groups:
        engine.scope = Scope()
        engine.desired.flat = {"account": engine.desired.flat["account"]}
    applied = engine.apply(engine.plan())
    found = lines(engine, applied)
    assert any(line.get("unguarded") for line in found) == groups
    assert any(line["event"] == "verified" for line in found) == groups


def test_an_accounts_code_is_compared_with_its_case(pleo: Sandbox, tmp_path: Path) -> None:
    """Unlike codes of tags, that of an account is a value like any other: another case is written, once."""
    pleo.reset(Seed(accounts=[{"externalId": "a", "code": "ab", "name": "A"}]))
    state = checked(DesiredState([Row("a", {"code": "AB", "name": "A"})], None, ["d"]))
    engine = Engine(pleo, tmp_path, state, Scope(), mixed.FREE)
    assert ends(engine.apply(engine.plan())) == {"account:a": "done"}
    assert pleo.state()["accounts"][0]["code"] == "AB"
    assert engine.plan().changes == []
