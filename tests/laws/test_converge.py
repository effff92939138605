"""Any live state × any desired state × any reading of Pleo: plan, apply, and the second plan is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import Engine, check_contract, check_untouched, refused_by_pleo
from hypothesis import example, given
from worlds import readings, seeds, wishes

from pleoctl.apply.executor import TRIES

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.model import DesiredState
    from pleoctl.reconcile import Scope
    from pleoctl.sandbox import Sandbox, Seed, Settings

assert TRIES > 1
del example


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
    assert applied.receipt.outcome == ("partial" if refused else "done")
    check_untouched(before, server.state(), [plan], cascades=reading.archive_cascade == "cascade")
    check_contract(server)
