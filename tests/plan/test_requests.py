"""As few requests as can be (law 7): what a plan reads and an apply reads and writes, counted by the server."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import pytest

from engine import Engine, check_contract
from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Seed, Settings
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.plan.artifact import Plan
    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value

FREE = GuardLimits(count=10_000, share=1.0)


def accounts(numbers: range, **fields: Value) -> list[Json]:
    """Accounts of a seed."""
    return [{"externalId": f"e{n:04}", "code": f"{n}", "name": f"N{n}", **fields} for n in numbers]


def rows(numbers: range, name: str = "N") -> list[Row]:
    """Desired accounts."""
    return [Row(f"e{n:04}", {"code": f"{n}", "name": f"{name}{n}"}, file="d", line=n + 1) for n in numbers]


def values(numbers: range, name: str = "N") -> list[Row]:
    """Desired values."""
    return [Row(f"t{n:04}", {"code": f"t{n:04}", "name": f"{name}{n}"}, file="d", line=n + 1) for n in numbers]


def tags(numbers: range, **fields: Value) -> list[Json]:
    """Tags of a seed."""
    return [{"code": f"t{n:04}", "name": f"N{n}", **fields} for n in numbers]


def engine(pleo: Sandbox, root: Path, wanted: list[Row] | None, **dimensions: list[Row]) -> Engine:
    """An engine whose guard lets everything pass."""
    listed = [Dimension(Row(code, {"code": code, "name": code}), given) for code, given in dimensions.items()]
    state = checked(DesiredState(wanted, listed, ["d"]))
    return Engine(pleo, root, state, Scope(dimensions=tuple(dimensions) or None), FREE)


def planned(pleo: Sandbox, made: Engine) -> tuple[Plan, int]:
    """A plan with every archive approved, and the reads that the server saw for it."""
    archived = sum(change.action == "archive" for change in made.plan().changes)
    pleo.world.statistics.reset()
    plan = made.plan(archived or None)
    assert pleo.stats()["reads"] == plan.head.requests.read
    assert pleo.stats()["writes"] == 0
    return plan, pleo.stats()["reads"]


def applied(pleo: Sandbox, made: Engine, plan: Value) -> tuple[int, int]:
    """The reads and writes of carrying the plan out."""
    pleo.world.statistics.reset()
    done = made.apply(plan)
    stats = pleo.stats()
    assert done.outcome == "done"
    assert done.requests == {"read": stats["reads"], "write": stats["writes"], "retries": 0}
    assert stats["writes"] == plan.head.requests.write
    check_contract(pleo)
    return stats["reads"], stats["writes"]


@pytest.mark.parametrize("size", [0, 1, 100, 101, 250])
@pytest.mark.parametrize("archived", [False, True])
def test_reading_accounts(pleo: Sandbox, tmp_path: Path, size: int, archived: bool) -> None:
    """A hundred accounts a call, and one search more if no archived account came back (K7)."""
    hidden = [{"externalId": "old", "name": "Old", "archived": True}] if archived else []
    pleo.reset(Seed(accounts=[*hidden, *accounts(range(size))]), Settings())
    plan, reads = planned(pleo, engine(pleo, tmp_path, rows(range(size))))
    assert plan.changes == []
    assert reads == max(1, ceil((size + archived) / 100)) + (not archived)
    assert applied(pleo, engine(pleo, tmp_path, rows(range(size))), plan) == (0, 0)


@pytest.mark.parametrize("gone", [1, 100, 101, 250])
def test_archiving_accounts(pleo: Sandbox, tmp_path: Path, gone: int) -> None:
    """Planning asks twice per hundred who uses them (C4); applying reads them before and after, and puts each."""
    pleo.reset(
        Seed(accounts=[{"externalId": "old", "name": "Old", "archived": True}, *accounts(range(300))]), Settings()
    )
    made = engine(pleo, tmp_path, rows(range(gone, 300)))
    plan, reads = planned(pleo, made)
    assert reads == 4 + 2 * ceil(gone / 100)
    assert applied(pleo, made, plan) == (2 * ceil(gone / 100), gone)


@pytest.mark.parametrize(("new", "writes"), [(1, 1), (2, 1), (1000, 1), (1001, 2)])
def test_creating_accounts(pleo: Sandbox, tmp_path: Path, new: int, writes: int) -> None:
    """One alone, more in batches of a thousand; one full pass before, and what was written after."""
    pleo.reset(Seed(accounts=[{"externalId": "old", "name": "Old", "archived": True}]), Settings())
    made = engine(pleo, tmp_path, rows(range(new)))
    plan, reads = planned(pleo, made)
    assert reads == 1
    assert applied(pleo, made, plan) == (1 + ceil(new / 100), writes)


@pytest.mark.parametrize("size", [0, 100, 101])
def test_reading_tags(pleo: Sandbox, tmp_path: Path, size: int) -> None:
    """One list of groups, and a hundred tags a call over all selected groups together."""
    groups = [{"code": code, "name": code, "tags": tags(range(size))} for code in ("A", "B")]
    pleo.reset(Seed(tag_groups=[*groups, {"code": "C", "name": "C", "tags": tags(range(500))}]), Settings())
    made = engine(pleo, tmp_path, None, A=values(range(size)), B=values(range(size)), C=values(range(500)))
    made.scope = Scope(dimensions=("A", "B"), leave={"tagGroup": ("C",)})
    plan, reads = planned(pleo, made)
    assert plan.changes == []
    assert reads == 1 + max(1, ceil(2 * size / 100))


@pytest.mark.parametrize("action", ["archive", "unarchive"])
def test_250_tags_take_three_calls(pleo: Sandbox, tmp_path: Path, action: str) -> None:
    """Plain archives and unarchives go a hundred a call, and are read a hundred a call before and after."""
    unarchives = action == "unarchive"
    pleo.reset(Seed(tag_groups=[{"code": "A", "name": "A", "tags": tags(range(250), archived=unarchives)}]), Settings())
    made = engine(pleo, tmp_path, None, A=values(range(250 if unarchives else 0)))
    plan, reads = planned(pleo, made)
    assert reads == 1 + 3
    assert {change.action for change in plan.changes} == {action}
    assert applied(pleo, made, plan) == (3 + 3, 3)


def test_creating_tags_reads_their_group_once(pleo: Sandbox, tmp_path: Path) -> None:
    """One pass over the group before, one call each, and the new tags once after."""
    pleo.reset(Seed(tag_groups=[{"code": "A", "name": "A", "tags": tags(range(120))}]), Settings())
    made = engine(pleo, tmp_path, None, A=values(range(125)))
    plan, _ = planned(pleo, made)
    assert applied(pleo, made, plan) == (2 + 1, 5)


def test_renaming_reads_only_what_it_renames(pleo: Sandbox, tmp_path: Path) -> None:
    """Updates alone are read again by id, not by a full pass."""
    pleo.reset(
        Seed(accounts=accounts(range(300)), tag_groups=[{"code": "A", "name": "A", "tags": tags(range(300))}]),
        Settings(),
    )
    made = engine(
        pleo,
        tmp_path,
        [*rows(range(2), "New"), *rows(range(2, 300))],
        A=[*values(range(3), "New"), *values(range(3, 300))],
    )
    plan, _ = planned(pleo, made)
    assert applied(pleo, made, plan) == (2 * 2, 5)


def test_usage_is_asked_once_per_undecided_group(pleo: Sandbox, tmp_path: Path) -> None:
    """Two undecided pairs in one group are one request."""
    pairs = [{"code": code, "name": "N"} for code in ("X", "x", "Y", "y")]
    pleo.reset(Seed(tag_groups=[{"code": "A", "name": "A", "tags": pairs}, {"code": "B", "name": "B"}]), Settings())
    rows_of_a = [Row(code, {"code": code, "name": "N"}) for code in ("X", "Y")]
    _, reads = planned(pleo, engine(pleo, tmp_path, None, A=rows_of_a, B=[]))
    assert reads == 1 + 1 + 1


def test_a_partial_scope_reads_less(pleo: Sandbox, tmp_path: Path) -> None:
    """`--dimension` reads the groups and the tags of that one."""
    groups = [{"code": code, "name": code, "tags": tags(range(150))} for code in ("A", "B")]
    pleo.reset(Seed(accounts=accounts(range(300)), tag_groups=groups), Settings())
    made = engine(pleo, tmp_path, rows(range(300)), A=values(range(150)), B=values(range(150)))
    made.scope = Scope(without=frozenset({"account"}), dimensions=("A",), partial=True)
    _, reads = planned(pleo, made)
    assert reads == 1 + 2


def vendors(pleo: Sandbox, root: Path, numbers: range, drafts: int, name: str = "N") -> Engine:
    """An engine that wants these vendors and tax codes, of which Pleo has 250 and 120, some vendors as drafts."""
    live = [{"externalId": f"v{n:04}", "code": f"{n}", "name": f"N{n}"} for n in range(250)]
    for row in live[:drafts]:
        del row["externalId"]
    codes = [{"code": f"T{n}", "name": f"T{n}"} for n in range(120)]
    seeded = [{**row, **({"draft": True} if n < drafts else {})} for n, row in enumerate(live)]
    pleo.reset(Seed(vendors=seeded, tax_codes=codes))
    state = DesiredState(files=["d"])
    state.flat["vendor"] = [
        Row(f"v{n:04}", {"code": f"{n}", "name": f"{name}{n}", "defaultCurrency": "EUR"}, file="d") for n in numbers
    ]
    state.flat["taxCode"] = [
        Row(f"T{n}", {"code": f"T{n}", "name": f"T{n}", "rate": "0", "type": "inclusive"}, file="d") for n in range(120)
    ]
    return Engine(pleo, root, checked(state), Scope(), FREE)


def test_lists_of_vendors_and_tax_codes_are_read_once(pleo: Sandbox, tmp_path: Path) -> None:
    """One pass over each, in all states; nothing is read again where nothing is to be done."""
    made = vendors(pleo, tmp_path, range(250), 0)
    plan, reads = planned(pleo, made)
    assert (reads, plan.changes) == (ceil(250 / 100) + ceil(120 / 100), [])


def test_vendors_take_one_request_a_change(pleo: Sandbox, tmp_path: Path) -> None:
    """Archives, renames, confirmations with and without more to write; read again by id before and after."""
    made = vendors(pleo, tmp_path, range(240), 5)
    plan, _ = planned(pleo, made)
    assert plan.head.summary.archive == 10
    assert (plan.head.requests.write, plan.head.requests.confirm) == (15, 5)
    assert applied(pleo, made, plan) == (2, 15)
    made = vendors(pleo, tmp_path, range(250), 5, "New")
    plan, _ = planned(pleo, made)
    assert (plan.head.requests.write, plan.head.requests.confirm) == (255, 5)
    assert applied(pleo, made, plan) == (2 * ceil(250 / 100), 255)


def test_vendors_that_are_created_are_looked_for_in_one_pass(pleo: Sandbox, tmp_path: Path) -> None:
    """The whole list once before the first write, then by id what was made."""
    made = vendors(pleo, tmp_path, range(252), 0)
    plan, _ = planned(pleo, made)
    assert applied(pleo, made, plan) == (ceil(250 / 100) + 1, 2)
