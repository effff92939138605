"""The decision table of all kinds, against a table written down here: any mix of rows and records, each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.errors import PleoctlError
from pleoctl.model.kinds import KINDS
from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.reconcile import LiveState, Scope, reconcile, simulate
from pleoctl.reconcile.simulate import concerned, prove

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.kind import Kind
    from pleoctl.reconcile import Reconciliation
    from shapes import Json

WANTED = ("active", "inactive", "held", "gone")
THERE = ("none", "same", "differs", "archived", "archived, differs", "draft", "no key")
#: What becomes of a record, by its row and by how it stands; everything else is no change.
TABLE = {
    ("active", "none"): "create",
    ("active", "differs"): "update",
    ("active", "archived"): "unarchive",
    ("active", "archived, differs"): "unarchive",
    ("active", "draft"): "confirm",
    ("inactive", "same"): "archive",
    ("inactive", "differs"): "archive",
    ("gone", "same"): "archive",
    ("gone", "differs"): "archive",
}
KEYS = ("a", "b", "c", "d", "e", "f")
ALIKE = ("a", "A", "a ", "b", "\u00e4", "a\u0308", "B\u00df", "bss")
GROUP = "G"


def stands(kind: Kind) -> tuple[str, ...]:
    """How records of a kind may stand."""
    left_out = ({"draft"} if not kind.has_drafts else set()) | ({"no key"} if not kind.keyed else set())
    return tuple(one for one in THERE if one not in left_out)


def fields(kind: Kind, key: str, name: str = "Name") -> dict[str, str | None]:
    """A whole set of fields."""
    known: Json = {"name": name, "rate": "0.25", "type": "inclusive", "defaultCurrency": "EUR"}
    return {one.name: key if one.name == "code" else known.get(one.name) for one in kind.fields if not one.optional}


def record(kind: Kind, key: str, stand: str) -> Live:
    """A record in Pleo."""
    said = fields(kind, key, "Other" if "differs" in stand else "Name")
    known = "" if stand in {"draft", "no key"} else key
    if kind.has_drafts:
        archived = "ARCHIVED" if "archived" in stand else "ACTIVE"
        said |= {"externalId": known or None, "state": "DRAFT" if stand == "draft" else archived}
    return Live(f"id-{key}", known, "archived" in stand, said, "id-g" if kind.parent else None)


def decided(kind: Kind, world: dict[str, tuple[str, str]]) -> tuple[Reconciliation, Callable[[], Reconciliation]]:
    """What the rooms decide of a world, and what asks them again after it."""
    rows = [
        Row(key, fields(kind, key), wanted != "inactive", "why" if wanted == "held" else None, file="d", line=1)
        for key, (wanted, _) in world.items()
        if wanted != "gone"
    ]
    records = [record(kind, key, stand) for key, (_, stand) in world.items() if stand != "none"]
    state, live, scope = DesiredState(files=["d"]), LiveState(), Scope()
    if kind.is_flat:
        state.flat[kind.name], live.flat[kind.name] = rows, records
    elif kind.parent:
        state.dimensions = [Dimension(Row(GROUP, {"code": GROUP, "name": GROUP}), rows)]
        live.groups = [Live("id-g", GROUP, archived=False, fields={"code": GROUP, "name": GROUP})]
        live.tags = {"id-g": records}
        scope = Scope(dimensions=(GROUP,))
    else:
        state.dimensions, live.groups = [Dimension(row, []) for row in rows], records
        scope = Scope(dimensions=tuple(row.key or "" for row in rows), rename_groups=True)
    result = reconcile(state, live, scope)
    return result, lambda: reconcile(state, simulate(live, result.changes), scope)


@pytest.mark.parametrize("name", KINDS)
@given(st.data())
def test_every_kind_goes_by_one_table(name: str, data: st.DataObject) -> None:
    """Each key is decided by its own row and record, whatever stands beside it; then nothing is left to do."""
    kind = KINDS[name]
    one = st.tuples(st.sampled_from(WANTED), st.sampled_from(stands(kind)))
    world = data.draw(st.dictionaries(st.sampled_from(KEYS), one))
    # A record without a key has no row; its kind's rows cannot mean it.
    world = {key: ("gone" if stand == "no key" else wanted, stand) for key, (wanted, stand) in world.items()}
    result, again = decided(kind, world)
    expected = {key: TABLE[pair] for key, pair in world.items() if pair in TABLE}
    assert {c.address.key: c.action for c in result.changes if c.kind == name} == expected
    assert again().changes == []


@pytest.mark.parametrize("name", KINDS)
def test_every_pair_is_in_the_table(name: str) -> None:
    """The table's rows one by one, so that no draw leaves one out."""
    kind = KINDS[name]
    for wanted in WANTED:
        for stand in stands(kind):
            if stand != "no key" or wanted == "gone":
                result, _ = decided(kind, {"a": (wanted, stand)})
                actions = [c.action for c in result.changes if c.kind == name]
                expected = TABLE.get((wanted, stand))
                assert actions == ([expected] if expected else []), (wanted, stand)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.is_flat])
@given(st.data())
def test_what_changes_can_move_is_all_that_is_decided_again(name: str, data: st.DataObject) -> None:
    """After changes that do too little or too much, the part they concern tells as much as the whole."""
    kind = KINDS[name]
    one = st.tuples(st.sampled_from(WANTED), st.sampled_from([s for s in stands(kind) if s not in {"draft", "no key"}]))
    world = data.draw(st.dictionaries(st.sampled_from(ALIKE), one))
    rows = [Row(k, fields(kind, k), w != "inactive", "why" if w == "held" else None) for k, (w, _) in world.items()]
    if data.draw(st.booleans()):
        rows.append(Row(None, fields(kind, "x"), hold="no key"))
    live, desired = LiveState(), DesiredState()
    desired.flat[name] = rows
    live.flat[name] = [record(kind, key, stand) for key, (_, stand) in world.items() if stand != "none"]
    changes = reconcile(desired, live, Scope()).changes
    for change in changes:
        change.after = {**change.after, **data.draw(st.sampled_from(({}, {"name": "Wrong"}, {"archived": True})))}
    again = reconcile(desired, simulate(live, changes), Scope()).changes
    part, before = concerned(desired, live, changes)
    assert reconcile(part, simulate(before, changes), Scope()).changes == again


def test_changes_that_miss_their_goal_are_no_plan() -> None:
    """What would have to be changed once more after a plan is told, and no such plan is shown."""
    desired, live = DesiredState([Row("a", {"code": "1", "name": "New"})]), LiveState()
    live.flat["account"] = [Live("1", "a", archived=False, fields={"code": "1", "name": "Old"})]
    result = reconcile(desired, live, Scope())
    prove(desired, live, Scope(), result)
    result.changes[0].after = {**result.changes[0].after, "name": "Wrong"}
    with pytest.raises(PleoctlError, match="does not converge: account:a"):
        prove(desired, live, Scope(), result)
