"""The laws with one fault at a random call: running again ends well, nothing is lost, nothing doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import given

from engine import Engine, check_contract, check_untouched, refused_by_pleo
from pleoctl.errors import PleoctlError
from worlds import faults, readings, seeds, wishes

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.model.records import DesiredState
    from pleoctl.reconcile import Scope
    from pleoctl.sandbox import Fault, Sandbox, Seed, Settings


@given(seeds(), wishes(), readings, faults())
def test_running_again_converges(
    server: Sandbox, tmp_path: Path, seed: Seed, wish: tuple[DesiredState, Scope], reading: Settings, fault: Fault
) -> None:
    """After one fault while applying, the same plan and then a new one settle everything but what Pleo refuses."""
    server.reset(seed, _honest(reading, fault))
    before = server.state()
    engine = Engine(server, tmp_path, *wish)
    plan = engine.approved()
    server.add_fault(fault)
    try:
        engine.apply(plan)
    except PleoctlError:
        assert server.stats()["writes"] == 0
    server.clear_faults()
    refused = refused_by_pleo(engine.apply(plan))
    second = engine.approved()
    if reading.archive_cascade == "none":
        assert {change.address for change in second.changes} <= refused
    refused = refused_by_pleo(engine.apply(second))
    assert {change.address for change in engine.approved().changes} <= refused
    check_untouched(before, server.state(), [plan, second], cascades=reading.archive_cascade == "cascade")
    check_contract(server)


@given(seeds(), wishes(), readings, faults())
def test_a_plan_sees_all_of_pleo_or_fails(
    server: Sandbox, tmp_path: Path, seed: Seed, wish: tuple[DesiredState, Scope], reading: Settings, fault: Fault
) -> None:
    """A fault while reading makes a plan fail or leaves it as it is; it never changes what it would do (law 1)."""
    server.reset(seed, _honest(reading, fault))
    engine = Engine(server, tmp_path, *wish)
    plan = engine.plan()
    server.add_fault(fault)
    try:
        struck = engine.plan()
    except PleoctlError as error:
        assert fault.kind == "expireToken", error  # noqa: PT017 - both ends are right, each for its fault
    else:
        assert struck.changes == plan.changes
        assert struck.head.live == plan.head.live
    assert server.stats()["writes"] == 0


def _honest(reading: Settings, fault: Fault) -> Settings:
    # A page that falsely says it is the last can only be told by the total.
    return msgspec.structs.replace(reading, totals=True) if fault.kind == "earlyEnd" else reading
