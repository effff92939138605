"""Rules of the table that no other test would miss: each was broken once to see a test fail here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.reconcile import LiveState, Reconciliation, Scope, reconcile

if TYPE_CHECKING:
    from shapes import Value


def row(key: str | None, name: str = "Name", **more: Value) -> Row:
    """A row of any kind."""
    return Row(key, {"code": key, "name": name}, file="f", line=1, **more)


def live(key: str, *, archived: bool = False, parent: str | None = "g", identity: str = "") -> Live:
    """A record of any kind."""
    return Live(identity or key, key, archived, {"code": key, "name": "Name"}, parent)


def tags(rows: list[Row], records: list[Live]) -> Reconciliation:
    """The tags of one group."""
    state = DesiredState(dimensions=[Dimension(row("D"), rows)], files=["f"])
    return reconcile(state, LiveState(groups=[live("D", identity="g")], tags={"g": records}), Scope(dimensions=("D",)))


def accounts(rows: list[Row], records: list[Live]) -> Reconciliation:
    """The chart of accounts."""
    return reconcile(DesiredState(rows), LiveState(records), Scope())


def told(result: Reconciliation) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """Actions by address, and all counts of tags."""
    return [(str(c.address), c.action) for c in result.changes], {k: n for k, n in result.counts["tag"].items() if n}


@pytest.mark.parametrize(("wanted", "other"), [("X ", "X"), ("X", "\u00a0x"), ("e\u0301", "\u00e9"), ("É", "e\u0301")])
@pytest.mark.parametrize("archived", [True, False])
def test_a_wanted_key_beside_a_look_alike_is_held(wanted: str, other: str, archived: bool) -> None:
    """Creating it could make the duplicate that people cannot see, also where the look-alike is archived."""
    assert told(tags([row(wanted)], [live(other, archived=archived)])) == ([], {"held": 2})


def test_an_archived_look_alike_is_no_doubt_once_each_row_has_its_own_record() -> None:
    """The record that is wanted is there: what is archived beside it stays, and nothing is held."""
    records = [live("X"), live("X ", archived=True)]
    assert told(tags([row("X", "New")], records)) == ([("tag:D/X", "update")], {"update": 1, "ignored": 1})


def test_two_active_look_alikes_are_held_whatever_is_wanted() -> None:
    """Even where one of them has its row."""
    assert told(tags([row("X", "New")], [live("X"), live("X ")])) == ([], {"held": 2})
    assert told(tags([], [live("X"), live("X ")])) == ([], {"held": 2})
    assert told(tags([], [live("X", archived=True), live("X ", archived=True)])) == ([], {"ignored": 2})


def test_everything_is_counted_once() -> None:
    """Each action, what stays, and each row without a key."""
    rows = [row("a"), row("b"), row("c", "New"), row("d"), row(None, hold="has no code"), row(None)]
    records = [live("b"), live("c"), live("d", archived=True), live("e", archived=True)]
    assert told(tags(rows, records)) == (
        [("tag:D/a", "create"), ("tag:D/c", "update"), ("tag:D/d", "unarchive")],
        {"create": 1, "unchanged": 1, "update": 1, "unarchive": 1, "ignored": 1, "held": 2},
    )


def test_a_reason_names_every_field_and_the_state() -> None:
    """One field differs, several differ; what comes back says so first."""
    have = Live("i", "k", False, {"code": "1", "name": "Old", "taxCodeExternalId": None})
    want = Row("k", {"code": "2", "name": "New", "taxCodeExternalId": None})
    assert accounts([want], [have]).changes[0].reason == "code and name differ"
    have.fields["code"] = "2"
    assert accounts([want], [have]).changes[0].reason == "name differs"
    have.archived = True
    back = "active in the accounting system, archived in Pleo"
    assert accounts([want], [have]).changes[0].reason == f"{back}; name differs"
    have.fields["name"] = "New"
    assert accounts([want], [have]).changes[0].reason == back
    assert accounts([], [live("k")]).changes[0].reason == "not in the desired state"


def test_a_held_row_without_a_record_is_one_and_duplicates_count_each() -> None:
    """Of a held row all records stay."""
    assert told(tags([row("a", hold="why")], [])) == ([], {"held": 1})
    assert told(tags([row("a", hold="why")], [live("a"), live("A", identity="2")])) == ([], {"held": 2})


def test_doubt_is_told_of_every_look_alike_in_words_of_its_kind() -> None:
    """Groups and tags are held and told so; accounts are different ones and go on."""
    notes = tags([row("X ")], [live("X")]).notes
    assert [(str(note.address), note.origin and str(note.origin)) for note in notes] == [
        ("tag:D/X", None),
        ("tag:D/X ", "f:1"),
    ]
    alike = "differ only in case, blanks or Unicode form: 'X', 'X '"
    assert {note.reason for note in notes} == {f"codes that {alike}; all are left as they are"}
    found = accounts([row("X ")], [live("X", archived=True)])
    assert {note.reason for note in found.notes} == {f"externalIds that {alike}"}
    assert [change.action for change in found.changes] == ["create"]


def test_what_is_held_back_and_duplicates_at_rest_are_counted() -> None:
    """A row without a key holds each archive, which counts; an archived duplicate is unchanged beside its kept twin."""
    result = tags([row(None, hold="has no code")], [live("gone"), live("away", archived=True)])
    assert told(result) == ([], {"held": 2, "ignored": 1})
    why = "would be archived, but a row without code (f:1) may mean any tag"
    assert [held.reason for held in result.held] == ["has no code", why]
    assert told(tags([row("a")], [live("a"), live("A", archived=True, identity="2")])) == ([], {"unchanged": 2})


def test_held_values_of_a_held_dimension_are_named_all_the_same() -> None:
    """Whoever reads the plan sees every row that cannot be used, with its own reason."""
    values = [row("a", hold="name is blank"), row("b"), row(None, hold="has no code")]
    state = DesiredState(dimensions=[Dimension(row("D", hold="why"), values)], files=["f"])
    live_state = LiveState(groups=[live("D", identity="g")], tags={})
    result = reconcile(state, live_state, Scope(dimensions=("D",)))
    named = {(str(held.address), held.reason) for held in result.held}
    assert named == {("tagGroup:D", "why"), ("tag:D/a", "name is blank"), ("None", "has no code")}
    assert result.counts["tag"]["held"] == 2
