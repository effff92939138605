"""Any live state × any desired state × any reading of Pleo: plan, apply, and the second plan is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from engine import Engine, check_contract, check_untouched, refused_by_pleo
from pleoctl.documents.schemas import validator
from pleoctl.plan.artifact import read_plan
from pleoctl.sandbox import Settings
from worlds import readings, seeds, wishes

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.model.records import DesiredState
    from pleoctl.reconcile import Scope
    from pleoctl.sandbox import Sandbox, Seed


@given(seeds(), wishes(), readings)
def test_the_second_plan_is_empty(
    server: Sandbox, tmp_path: Path, seed: Seed, wish: tuple[DesiredState, Scope], reading: Settings
) -> None:
    """Applying a plan leaves nothing for the next one but what Pleo refused; nothing else moves (laws 2 to 6)."""
    server.reset(seed, reading)
    before = server.state()
    engine = Engine(server, tmp_path, *wish)
    plan = engine.approved()
    applied = engine.apply(plan)
    refused = refused_by_pleo(applied)
    again = engine.approved()
    assert {change.address for change in again.changes} <= refused
    assert applied.outcome == ("partial" if refused else "done")
    check_untouched(before, server.state(), [plan], cascades=reading.archive_cascade == "cascade")
    check_contract(server)


@given(seeds(), wishes(), readings)
def test_the_same_inputs_give_the_same_plan(
    server: Sandbox, tmp_path: Path, seed: Seed, wish: tuple[DesiredState, Scope], reading: Settings
) -> None:
    """Two plans are equal to the byte, keep to their schema, read back as they were, and planning writes nothing."""
    server.reset(seed, reading)
    engine = Engine(server, tmp_path, *wish)
    plan = engine.plan()
    assert engine.plan().bytes == plan.bytes
    assert list(validator("plan").iter_errors(plan.document)) == []
    file = tmp_path / "plan.json"
    file.write_bytes(plan.bytes)
    read = read_plan(file)
    assert read.bytes == plan.bytes
    assert read == plan
    stats = server.stats()
    assert stats["writes"] == 0
    assert stats["reads"] == 2 * plan.head.requests.read
    check_contract(server)


@given(seeds(), wishes())
def test_a_plan_announces_its_writes(
    server: Sandbox, tmp_path: Path, seed: Seed, wish: tuple[DesiredState, Scope]
) -> None:
    """Where Pleo does as it is told, applying takes exactly the writes that the plan counts (law 7)."""
    server.reset(seed, Settings(vendor_unique=()))
    engine = Engine(server, tmp_path, *wish)
    plan = engine.approved()
    engine.apply(plan)
    assert server.stats()["writes"] == plan.head.requests.write


@given(seeds(), wishes())
def test_a_plan_applied_twice_is_already_done(
    server: Sandbox, tmp_path: Path, seed: Seed, wish: tuple[DesiredState, Scope]
) -> None:
    """Applying the same plan again writes nothing and calls every change already done."""
    server.reset(seed, Settings(vendor_unique=()))
    engine = Engine(server, tmp_path, *wish)
    plan = engine.approved()
    engine.apply(plan)
    writes = server.stats()["writes"]
    again = engine.apply(plan)
    assert set(again.counts()) <= {"alreadyDone"}, [str(finding) for finding in again.findings]
    assert again.outcome == "done"
    assert server.stats()["writes"] == writes
