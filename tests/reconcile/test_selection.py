"""What of a desired state a scope takes in: selected, left alone, held, without a key; each was broken once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.reconcile import LiveState, Reconciliation, Scope, reconcile
from pleoctl.reconcile.dimensions import groups_to_read
from pleoctl.reconcile.duplicates import keep_group, keep_tag

if TYPE_CHECKING:
    from shapes import Json, Value


def row(key: str | None, name: str = "Name", **more: Value) -> Row:
    """A row of any kind."""
    return Row(key, {"code": key, "name": name}, file="f", line=1, **more)


def live(key: str, name: str = "Name", *, identity: str = "", archived: bool = False, **more: Value) -> Live:
    """A record of any kind."""
    return Live(identity or key, key, archived, {"code": key, "name": name}, **more)


def wanted(key: str | None, *values: str, **more: Value) -> Dimension:
    """A dimension with values of these codes."""
    return Dimension(row(key, **more), [row(value) for value in values])


def sync(listed: list[Dimension], records: list[Live], *codes: str, **scope: Value) -> Reconciliation:
    """The groups and tags of these codes; every group has a tag T that no row wants."""
    tags = {r.id: [live("T", identity=f"t{r.id}", parent=r.id)] for r in records}
    state = DesiredState(dimensions=listed, files=["f"])
    return reconcile(state, LiveState(groups=records, tags=tags), Scope(dimensions=codes, **scope))


def done(result: Reconciliation) -> list[tuple[str, str]]:
    """Address and action of each change."""
    return [(str(change.address), change.action) for change in result.changes]


def noted(result: Reconciliation) -> list[tuple[str, str]]:
    """Code and address of each note."""
    return [(note.code, str(note.address)) for note in result.notes]


@pytest.mark.parametrize("partial", [False, True])
def test_a_dimension_without_a_key_is_held_and_holds_archives_back(partial: bool) -> None:
    """The group that it means may be any, also one outside of a partial scope."""
    result = sync([wanted("D", "T"), wanted(None, hold="no code")], [live("D"), live("Old")], "D", partial=partial)
    assert done(result) == []
    assert result.counts["tagGroup"]["held"] >= 1
    assert "no code" in {held.reason for held in result.held}


@pytest.mark.parametrize("dimensions", [None, [], [wanted("E")]])
def test_a_selected_dimension_that_is_not_listed_is_an_error(dimensions: list[Dimension] | None) -> None:
    """It names the first desired file, where the dimension should stand."""
    state = DesiredState(dimensions=dimensions, files=["f", "g"])
    with pytest.raises(InvalidFile) as caught:
        reconcile(state, LiveState(groups=[live("D")], tags={}), Scope(dimensions=("D",)))
    (finding,) = caught.value.findings
    assert str(finding).startswith("f: ")
    assert "'D' is not in the desired state" in finding.message


@pytest.mark.parametrize(("more", "action"), [({"active": False}, ["archive"]), ({"hold": "blank name"}, [])])
def test_a_dimension_that_needs_no_values_may_have_none(more: Json, action: list[str]) -> None:
    """An inactive one is archived, a held one stays; only for an active one the missing values are an error."""
    result = sync([Dimension(row("D", **more), None)], [live("D")], "D")
    assert [change.action for change in result.changes] == action
    with pytest.raises(InvalidFile) as caught:
        sync([Dimension(row("D"), None)], [live("D")], "D")
    assert "has no values key" in caught.value.findings[0].message


def test_no_dimensions_and_none_selected_is_nothing_to_do() -> None:
    """A desired state without the section, in a workspace that selects nothing."""
    result = reconcile(DesiredState(files=["f"]), LiveState(groups=[], tags={}), Scope(dimensions=()))
    assert (done(result), noted(result)) == ([], [])


def test_a_group_left_alone_is_not_made_not_archived_and_told() -> None:
    """Its row counts for nothing, whether it is selected or not, and whether Pleo has it or not."""
    left = {"tagGroup": ("D", "E", "F")}
    result = sync([wanted("D", "new"), wanted("E"), wanted("F", "x")], [live("D"), live("E")], "D", "F", leave=left)
    assert done(result) == []
    assert [str(address) for address in result.left] == ["tagGroup:D", "tagGroup:E"]


def test_an_account_left_alone_is_neither_changed_nor_archived() -> None:
    """Nor made, where only the desired state has it; the others are as always."""
    rows = [row("a", "New"), row("c", "New"), row("e", "New"), row(None, hold="no id")]
    state = DesiredState(rows, files=["f"])
    records = [live("a"), live("b"), live("e")]
    scope = Scope(leave={"account": ("a", "b", "d")})
    result = reconcile(state, LiveState(records), scope)
    assert done(result) == [("account:c", "create"), ("account:e", "update")]
    assert [str(address) for address in result.left] == ["account:a", "account:b"]


def test_a_kind_outside_the_scope_is_left_as_it_is() -> None:
    """Also where both sides are known."""
    state = DesiredState([row("a", "New")], files=["f"])
    assert done(reconcile(state, LiveState([live("a"), live("b")]), Scope(without=frozenset({"account"})))) == []


def test_tags_are_those_of_their_own_group() -> None:
    """Each selected dimension meets the tags of the group with its code."""
    result = sync([wanted("D", "T"), wanted("E", "x")], [live("D"), live("E")], "D", "E")
    assert done(result) == [("tag:E/T", "archive"), ("tag:E/x", "create")]
    assert [change.id for change in result.changes] == ["tE", None]
    assert [change.parent and change.parent.id for change in result.changes] == ["E", "E"]


def test_tags_of_an_inactive_dimension_stay() -> None:
    """Its group goes; what hangs below it is no change of its own."""
    assert done(sync([wanted("D", "x", active=False)], [live("D")], "D")) == [("tagGroup:D", "archive")]


def test_look_alike_groups_are_held_with_their_tags_and_noted_once() -> None:
    """Nothing below them moves, and no other note speaks of one of them."""
    result = sync([wanted("D", "x")], [live("D", "Other"), live("D ", "Other", identity="2")], "D")
    assert done(result) == []
    assert noted(result) == [("doubtful-code", "tagGroup:D"), ("doubtful-code", "tagGroup:D ")]


@pytest.mark.parametrize(
    ("more", "notes"),
    [
        ({}, [("group-name-differs", "tagGroup:D")]),
        ({"hold": "blank"}, []),
        ({"active": False}, []),
    ],
)
def test_another_name_of_a_group_is_noted_where_it_counts(more: Json, notes: list[tuple[str, str]]) -> None:
    """Not for a dimension that is held or inactive."""
    result = sync([Dimension(row("D", "Mine", **more), [])], [live("D")], "D")
    assert noted(result) == notes


@pytest.mark.parametrize("archived", [True, False])
def test_a_group_made_by_hand_is_noted_while_it_is_active(archived: bool) -> None:
    """An archived one is of no matter."""
    result = sync([wanted("D", "T")], [live("D"), live("H", archived=archived)], "D")
    assert noted(result) == ([] if archived else [("hand-made-group", "tagGroup:H")])


def test_of_several_tags_with_the_name_one_of_them_is_kept() -> None:
    """Even if all of them are archived and one with another name is active (T45)."""
    records = [live("x", identity="1", archived=True), live("x", identity="2", archived=True), live("x", "Other")]
    assert keep_tag(row("x"), records, dict).id == "1"


def test_a_group_of_which_no_count_is_known_has_no_tags() -> None:
    """It loses against one with a tag (T31)."""
    records = [live("D", identity="1"), live("D", identity="2", raw={"totalTagsCount": 1})]
    assert keep_group(row("D"), records).id == "2"


@pytest.mark.parametrize(
    ("dimension", "left", "read"),
    [
        (wanted("D", "x"), (), ["2"]),
        (wanted("d"), (), ["2"]),
        (wanted("D", active=False), (), []),
        (wanted("D", hold="blank"), (), []),
        (wanted("D"), ("D",), []),
        (wanted("N"), (), []),
    ],
)
def test_tags_are_read_only_of_groups_whose_tags_count(
    dimension: Dimension, left: tuple[str, ...], read: Value
) -> None:
    """Of several groups with the code the one that is kept; none of a group that goes, is held or is left alone."""
    records = [live("D", identity="1", archived=True), live("D", identity="2"), live("E", identity="3")]
    state = DesiredState(dimensions=[dimension, wanted("E")], files=["f"])
    scope = Scope(dimensions=(dimension.row.key or "",), leave={"tagGroup": left})
    assert groups_to_read(state, records, scope) == read
    assert groups_to_read(DesiredState(files=["f"]), records, Scope()) == []
