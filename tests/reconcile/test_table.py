"""The decision table, row by row, for every kind (A12-A19, T22-T31, T36-T49)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.model.addresses import Address
from pleoctl.model.records import DesiredState, Live, Row
from pleoctl.reconcile import LiveState, Reconciliation, Scope, reconcile
from table_rows import counted, row, shown

if TYPE_CHECKING:
    from shapes import Value


def live(key: str, name: str | None = "Name", *, identity: str = "", **more: Value) -> Live:
    """A record in Pleo; ``code`` and ``tax`` for accounts."""
    fields = {"code": more.pop("code", "1"), "name": name, "taxCodeExternalId": more.pop("tax", None)}
    return Live(identity or f"id-{key}", key, more.pop("archived", False), fields, **more)


def accounts(rows: list[Row], records: list[Live]) -> Reconciliation:
    """The chart of accounts alone."""
    return reconcile(DesiredState(rows), LiveState(records), Scope())


def test_a12_equal_accounts_need_nothing() -> None:
    """Active and equal: no change."""
    result = accounts([row("e")], [live("e")])
    assert (shown(result), counted(result, "account")) == ([], {"unchanged": 1})


@pytest.mark.parametrize(
    ("want", "fields"),
    [
        (row("e", "New"), ["name"]),
        (row("e", code="2"), ["code"]),
        (row("e", code=None), ["code"]),
        (row("e", "New", code="2"), ["code", "name"]),
        (row("e", tax="V25"), ["taxCodeExternalId"]),
        (row("e", "name"), ["name"]),
        (Row("e", {"name": "Name"}, file="desired-state.yaml", line=4), ["code"]),
    ],
)
def test_a13_different_accounts_are_updated(want: Row, fields: list[str]) -> None:
    """Name, code and a managed tax code are brought in line, one change a record."""
    result = accounts([want], [live("e")])
    assert shown(result) == [("account:e", "update", fields)]
    change = result.changes[0]
    assert change.reason == f"{' and '.join(fields)} differ{'s' if len(fields) == 1 else ''}"
    assert str(change.origin) == "desired-state.yaml:4"
    assert (change.before or {}).keys() == change.after.keys()


def test_a29_an_unmanaged_tax_code_is_not_compared() -> None:
    """Without the field in the row, Pleo's tax code is neither a difference nor part of the change."""
    assert shown(accounts([row("e")], [live("e", tax="V25")])) == []
    change = accounts([row("e", "New")], [live("e", tax="V25")]).changes[0]
    assert "taxCodeExternalId" not in change.after


def test_a29_null_clears_a_tax_code() -> None:
    """A managed tax code that is null in the accounting system is cleared in Pleo."""
    change = accounts([row("e", tax=None)], [live("e", tax="V25")]).changes[0]
    assert (change.fields, change.after["taxCodeExternalId"]) == (["taxCodeExternalId"], None)


@pytest.mark.parametrize(("name", "fields"), [("Name", ["archived"]), ("New", ["archived", "name"])])
def test_a14_a15_returning_accounts_are_unarchived_in_one_change(name: str, fields: list[str]) -> None:
    """Archived in Pleo, active again: one change that unarchives and carries the new values."""
    result = accounts([row("e", name)], [live("e", archived=True)])
    assert shown(result) == [("account:e", "unarchive", fields)]


def test_a16_new_accounts_are_created() -> None:
    """Active and not in Pleo: created with all that is managed."""
    change = accounts([row("e", tax="V25")], []).changes[0]
    assert (change.action, change.id, change.before, change.key) == ("create", None, None, "e")
    assert change.after == {"archived": False, "code": "1", "name": "Name", "taxCodeExternalId": "V25"}


@pytest.mark.parametrize("rows", [[], [row("e", "New", active=False)]])
def test_a17_gone_accounts_are_archived(rows: list[Row]) -> None:
    """Gone or inactive: archived with the values that Pleo has (A31)."""
    result = accounts(rows, [live("e")])
    assert shown(result) == [("account:e", "archive", ["archived"])]
    assert result.changes[0].after == {"archived": True, "code": "1", "name": "Name"}
    assert (result.changes[0].origin is None) == (not rows)


@pytest.mark.parametrize(("rows", "count"), [([], {"ignored": 1}), ([row("e", active=False)], {"unchanged": 1})])
def test_a18_gone_and_archived_needs_nothing(rows: list[Row], count: dict[str, int]) -> None:
    """Archived accounts that nobody wants stay as they are."""
    result = accounts(rows, [live("e", archived=True)])
    assert (shown(result), counted(result, "account")) == ([], count)


def test_a19_inactive_accounts_are_never_created() -> None:
    """Inactive and not in Pleo: nothing."""
    assert shown(accounts([row("e", active=False)], [])) == []


@pytest.mark.parametrize("key", ["E", "e ", "é", "e\u0301"])
def test_a6_account_ids_match_byte_for_byte(key: str) -> None:
    """Ids that look alike are different accounts, and are reported."""
    other = "e\u0301" if key == "é" else "é" if key == "e\u0301" else "e"
    result = accounts([row(key)], [live(other)])
    assert [c.action for c in result.changes] == (["archive", "create"] if other < key else ["create", "archive"])
    assert {note.code for note in result.notes} == {"doubtful-code"}


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("present", [False, True])
def test_held_rows_leave_their_record_alone(archived: bool, present: bool) -> None:
    """Whatever Pleo holds under the key of a held row stays, and the plan names it."""
    records = [live("e", "Other", archived=archived)] if present else []
    result = accounts([row("e", hold="name is blank")], records)
    assert (shown(result), counted(result, "account")) == ([], {"held": 1})
    assert [(str(h.address), h.reason) for h in result.held] == [("account:e", "name is blank")]


def test_a_row_without_a_key_holds_back_archives_only() -> None:
    """It may mean any record, so nothing of its kind is archived; everything else goes on."""
    result = accounts(
        [row(None, hold="no id"), row("a", "New"), row("b")], [live("a"), live("x"), live("y", archived=True)]
    )
    assert shown(result) == [("account:a", "update", ["name"]), ("account:b", "create", ["archived", "code", "name"])]
    assert {str(h.address) for h in result.held} == {"None", "account:x"}


@pytest.mark.parametrize("rows", [[], [row("e", "New")], [row("e", active=False)]])
def test_a38_accounts_that_pleo_has_twice_are_held(rows: list[Row]) -> None:
    """No rule says which of two accounts with one id counts, so none of them is touched."""
    result = accounts(rows, [live("e", identity="1"), live("e", identity="2", archived=True)])
    assert (shown(result), counted(result, "account")) == ([], {"held": 2})
    assert "2 accounts with this externalId" in result.held[0].reason


def test_archived_twins_that_nobody_wants_are_ignored() -> None:
    """Two archived accounts of one id are no trouble as long as no row wants them."""
    result = accounts([], [live("e", identity="1", archived=True), live("e", identity="2", archived=True)])
    assert counted(result, "account") == {"ignored": 2}


def test_accounts_that_are_not_managed_are_not_touched() -> None:
    """Without `accounts` in the desired state nothing is archived; with an empty list everything is."""
    assert shown(reconcile(DesiredState(None), LiveState([live("e")]), Scope())) == []
    assert shown(accounts([], [live("e")])) == [("account:e", "archive", ["archived"])]


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("a/b", "account:a%2Fb"),
        ("a#b", "account:a%23b"),
        ("a%b", "account:a%25b"),
        ("a\nb", "account:a%0Ab"),
        ("é ü", "account:é ü"),
        ("a:b", "account:a:b"),
        ("\x85", "account:%C2%85"),
    ],
)
def test_addresses_encode_what_would_break_them(key: str, address: str) -> None:
    """Slashes, hashes, per cents and control characters are percent-encoded, nothing else."""
    assert accounts([row(key)], []).changes[0].address == Address.parse(address)
