"""The decision table, row by row, for every kind (A12-A19, T22-T31, T36-T49)."""

from __future__ import annotations

from typing import Any

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.model import Address, Bucket, DesiredState, Dimension, Live, Row
from pleoctl.reconcile import LiveState, Reconciliation, Scope, reconcile

TODAY = "2026-03-15"


def row(key: str | None, name: str = "Name", *, code: str | None = "1", **more: Any) -> Row:
    """An account row; ``tax`` makes the tax code managed."""
    fields = {"code": code, "name": name}
    if "tax" in more:
        fields["taxCodeExternalId"] = more.pop("tax")
    return Row(key, fields, file="desired-state.yaml", line=4, **more)


def value(key: str | None, name: str = "Name", **more: Any) -> Row:
    """A row of a dimension or of one of its values."""
    return Row(key, {"code": key, "name": name}, file="desired-state.yaml", line=9, **more)


def live(key: str, name: str | None = "Name", *, identity: str = "", **more: Any) -> Live:
    """A record in Pleo; ``code`` and ``tax`` for accounts."""
    fields = {"code": more.pop("code", "1"), "name": name, "taxCodeExternalId": more.pop("tax", None)}
    return Live(identity or f"id-{key}", key, more.pop("archived", False), fields, **more)


def tag(key: str, name: str | None = "Name", *, identity: str = "", archived: bool = False, created: str = "") -> Live:
    """A tag of the group DEPT."""
    return Live(identity or f"id-{key}", key, archived, {"code": key, "name": name}, "g", created)


def group(
    key: str, name: str = "Department", *, identity: str = "g", archived: bool = False, created: str = "", tags: int = 0
) -> Live:
    """A tag group with so many tags."""
    fields: dict[str, str | None] = {"code": key, "name": name}
    return Live(identity, key, archived, fields, created=created, raw={"totalTagsCount": tags})


def accounts(rows: list[Row], records: list[Live]) -> Reconciliation:
    """The chart of accounts alone."""
    return reconcile(DesiredState(rows), LiveState(records), Scope())


def tags(rows: list[Row], records: list[Live], usage: dict[str, int] | None = None) -> Reconciliation:
    """The tags of the selected group DEPT, which is active."""
    state = DesiredState(dimensions=[Dimension(value("DEPT", "Department"), rows)], files=["desired-state.yaml"])
    found = LiveState(groups=[group("DEPT")], tags={"g": records}, usage=lambda _: usage or {})
    return reconcile(state, found, Scope(dimensions=("DEPT",), today=TODAY))


def groups(listed: list[Dimension], records: list[Live], **scope: Any) -> Reconciliation:
    """Tag groups without tags; every dimension is selected unless ``dimensions`` says which."""
    codes = tuple(d.row.key for d in listed if d.row.key is not None)
    given = {"dimensions": codes, "today": TODAY} | scope
    state = DesiredState(dimensions=listed, files=["desired-state.yaml"])
    return reconcile(state, LiveState(groups=records, tags={r.id: [] for r in records}), Scope(**given))


def dimension(key: str | None, name: str = "Department", *, values: list[Row] | None = None, **more: Any) -> Dimension:
    """A dimension without values."""
    return Dimension(value(key, name, **more), [] if values is None else values)


def shown(result: Reconciliation) -> list[tuple[str, str, list[str]]]:
    """Address, action and fields of each change."""
    return [(str(c.address), c.action, c.fields) for c in result.changes]


def counted(result: Reconciliation, kind: str) -> dict[str, int]:
    """What is not a change."""
    return {k: n for k, n in result.counts[kind].items() if n and k in {"unchanged", "ignored", "held"}}


# --- accounts --------------------------------------------------------------------------------------------------------


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
    ],
)
def test_a13_different_accounts_are_updated(want: Row, fields: list[str]) -> None:
    """Name, code and a managed tax code are brought in line, one change a record."""
    result = accounts([want], [live("e")])
    assert shown(result) == [("account:e", "update", fields)]
    change = result.changes[0]
    assert change.reason == f"{' and '.join(fields)} differ{'s' if len(fields) == 1 else ''}"
    assert change.origin == "desired-state.yaml:4"
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


# --- tag groups ------------------------------------------------------------------------------------------------------


def test_t22_a_selected_group_is_kept() -> None:
    """Active and selected: nothing, whatever the case of its code."""
    assert shown(groups([dimension("dept")], [group("DEPT")])) == []


@pytest.mark.parametrize("rename", [False, True])
def test_t23_t29_an_archived_group_is_unarchived(rename: bool) -> None:
    """Unarchived under Pleo's own name, unless groups are to be renamed."""
    result = groups([dimension("DEPT", "New")], [group("DEPT", archived=True)], rename_groups=rename)
    assert shown(result) == [("tagGroup:DEPT", "unarchive", ["archived", "name"] if rename else ["archived"])]


def test_t24_a_missing_group_is_created_with_its_tags() -> None:
    """The group comes with code and name; its tags name it as a parent without an id."""
    result = groups([dimension("DEPT", values=[value("ENG"), value("OLD", active=False)])], [])
    assert [(str(c.address), c.action) for c in result.changes] == [
        ("tagGroup:DEPT", "create"),
        ("tag:DEPT/ENG", "create"),
    ]
    parent = result.changes[1].parent
    assert parent is not None
    assert (str(parent.address), parent.id) == ("tagGroup:DEPT", None)


@pytest.mark.parametrize(
    ("rows", "selected", "reason"),
    [
        ([dimension("DEPT")], (), "its dimension is not selected"),
        ([dimension("DEPT", active=False)], ("DEPT",), "its dimension is inactive in the accounting system"),
        ([], (), "the accounting system has no such dimension"),
    ],
)
def test_t25_t26_other_active_groups_are_archived(
    rows: list[Dimension], selected: tuple[str, ...], reason: str
) -> None:
    """Deselected, inactive or unknown: an active group is archived with the reason, its tags untouched (K24)."""
    result = groups(rows, [group("DEPT"), group("OLD", identity="o", archived=True)], dimensions=selected)
    assert [(str(c.address), c.action, c.reason) for c in result.changes] == [("tagGroup:DEPT", "archive", reason)]


def test_t27_a_group_made_by_hand_is_warned_about() -> None:
    """A group without any dimension is archived by the rule, and marked."""
    result = groups([dimension("DEPT")], [group("DEPT"), group("REGION", identity="r")])
    assert [(n.code, str(n.address)) for n in result.notes] == [("hand-made-group", "tagGroup:REGION")]


@pytest.mark.parametrize(("rename", "changes"), [(False, []), (True, [("tagGroup:DEPT", "update", ["name"])])])
def test_k4_group_names_are_reported_or_renamed(rename: bool, changes: list[Any]) -> None:
    """By default a name that differs is a note; with renameGroups it is an update."""
    result = groups([dimension("DEPT", "New")], [group("DEPT")], rename_groups=rename)
    assert shown(result) == changes
    assert [n.code for n in result.notes] == ([] if rename else ["group-name-differs"])


def test_left_groups_are_neither_synchronised_nor_archived() -> None:
    """`leave` keeps a group out of the plan, ignoring case, and is listed."""
    result = groups(
        [dimension("DEPT")], [group("DEPT"), group("Legacy", identity="l")], leave={"tagGroup": ("LEGACY",)}
    )
    assert (shown(result), result.left) == ([], [Address("tagGroup", "Legacy")])
    assert result.active[Bucket("tagGroup")] == 1


@pytest.mark.parametrize(
    ("records", "kept"),
    [
        ([group("D", identity="1", archived=True, tags=9), group("d", identity="2")], "2"),
        ([group("D", identity="1", tags=1), group("d", identity="2", tags=2)], "2"),
        ([group("D", identity="1", created="2025"), group("d", identity="2", created="2024")], "2"),
        ([group("D", identity="2"), group("d", identity="1")], "1"),
    ],
)
def test_t31_of_two_groups_one_is_kept_by_a_fixed_order(records: list[Live], kept: str) -> None:
    """Active before archived, then more tags, then older, then the smaller id; the other active one is archived."""
    result = groups([dimension("D")], records)
    other = next(r for r in records if r.id != kept)
    assert shown(result) == ([] if other.archived else [(f"tagGroup:D#{other.id}", "archive", ["archived"])])
    assert "duplicate-groups" in {n.code for n in result.notes}


def test_a_held_dimension_keeps_its_group_and_tags() -> None:
    """Neither the group nor its tags move."""
    result = groups([dimension("DEPT", hold="name is blank", values=[value("ENG")])], [group("DEPT")])
    assert (shown(result), counted(result, "tagGroup")) == ([], {"held": 1})


@pytest.mark.parametrize("pair", [("PROJ", "PROJ "), ("caf\u00e9", "cafe\u0301"), (" x", "x"), ("\u00c9", "e\u0301")])
def test_doubtful_group_codes_are_held_on_both_sides(pair: tuple[str, str]) -> None:
    """Codes that only people take for the same are neither created beside each other nor archived."""
    wanted, found = pair
    result = groups([dimension(wanted)], [group(found)])
    assert (shown(result), counted(result, "tagGroup")) == ([], {"held": 2})
    assert {n.code for n in result.notes} >= {"doubtful-code"}


def test_an_archived_look_alike_is_no_doubt_beside_an_exact_match() -> None:
    """Once every row has its own record, what is archived and unwanted does not hold anything up."""
    result = groups(
        [dimension("PROJ", "New")], [group("PROJ"), group("PROJ ", identity="2", archived=True)], rename_groups=True
    )
    assert shown(result) == [("tagGroup:PROJ", "update", ["name"])]


@pytest.mark.parametrize("pair", [("Straße", "STRASSE"), ("ς", "Σ"), ("ﬁ", "FI"), ("i\u0307", "İ")])
def test_t3_full_case_folding_is_one_code(pair: tuple[str, str]) -> None:
    """Codes that differ in case alone are one record, with the desired casing in the address, Pleo's in the record."""
    result = tags([value(pair[0], "New")], [tag(pair[1])])
    assert shown(result) == [(f"tag:DEPT/{pair[0]}", "update", ["name"])]
    assert result.changes[0].after["code"] == pair[1]


def test_a_partial_scope_touches_no_other_group() -> None:
    """`--dimension` plans that group and its tags alone."""
    rows = [dimension("DEPT", values=[value("ENG")]), dimension("PROJ")]
    result = groups(rows, [group("DEPT"), group("HAND", identity="h")], dimensions=("DEPT",), partial=True)
    assert shown(result) == [("tag:DEPT/ENG", "create", ["archived", "code", "name"])]


def test_tags_that_are_not_managed_are_not_touched() -> None:
    """Without a selection no group is in scope."""
    assert shown(groups([dimension("DEPT")], [group("HAND")], dimensions=None)) == []


@pytest.mark.parametrize(("rows", "code"), [([], "unknown-dimension"), ([Dimension(value("DEPT"), None)], "no-values")])
def test_a_selected_dimension_must_be_exported(rows: list[Dimension], code: str) -> None:
    """A selected dimension that is not listed or has no values is an error, never an empty list."""
    with pytest.raises(InvalidFile) as caught:
        groups(rows, [group("DEPT")], dimensions=("DEPT",))
    assert [f.code for f in caught.value.findings] == [code]


# --- tags ------------------------------------------------------------------------------------------------------------

GONE = [
    [],
    [value("ENG", active=False)],
    [value("ENG", expires="2026-03-14")],
]


@pytest.mark.parametrize(
    ("rows", "records", "changes"),
    [
        ([value("ENG")], [tag("ENG")], []),
        ([value("ENG")], [tag("eng")], []),
        ([value("ENG", "New")], [tag("ENG")], [("update", ["name"])]),
        ([value("ENG")], [tag("ENG", None)], [("update", ["name"])]),
        ([value("ENG")], [tag("ENG", archived=True)], [("unarchive", ["archived"])]),
        ([value("ENG", "New")], [tag("ENG", archived=True)], [("unarchive", ["archived", "name"])]),
        ([value("ENG")], [], [("create", ["archived", "code", "name"])]),
        ([value("ENG", expires=TODAY)], [], [("create", ["archived", "code", "name"])]),
        *(([*rows], [tag("ENG")], [("archive", ["archived"])]) for rows in GONE),
        *(([*rows], [tag("ENG", archived=True)], []) for rows in GONE),
        *(([*rows], [], []) for rows in GONE),
    ],
)
def test_t36_to_t43(rows: list[Row], records: list[Live], changes: list[tuple[str, list[str]]]) -> None:
    """The table of tags; an expired value counts as gone from the day after."""
    assert shown(tags(rows, records)) == [("tag:DEPT/ENG", *change) for change in changes]


def test_an_expired_value_says_so() -> None:
    """The reason names the last valid day."""
    result = tags([value("ENG", expires="2026-03-14")], [tag("ENG")])
    assert result.changes[0].reason == "expired after 2026-03-14"


DUPLICATES: list[tuple[str, list[Live], dict[str, int], str]] = [
    (
        "T45 the only name match wins",
        [tag("E", "Name", identity="1", archived=True), tag("e", "Old", identity="2")],
        {},
        "1",
    ),
    ("T44 the name is compared exactly", [tag("E", "name", identity="1"), tag("e", "Name", identity="2")], {}, "2"),
    ("T46 active before archived", [tag("E", identity="1", archived=True), tag("e", identity="2")], {"1": 9}, "2"),
    ("T48 then usage", [tag("E", identity="1"), tag("e", identity="2")], {"2": 1}, "2"),
    ("T48 then age", [tag("E", identity="1", created="2025"), tag("e", identity="2", created="2024")], {}, "2"),
    ("T48 then id", [tag("E", identity="2"), tag("e", identity="1")], {}, "1"),
    ("T46 none is named: usage", [tag("E", "A", identity="1"), tag("e", "B", identity="2")], {"2": 1}, "2"),
    (
        "T49 all archived",
        [tag("E", "A", identity="1", archived=True), tag("e", "B", identity="2", archived=True)],
        {},
        "1",
    ),
]


@pytest.mark.parametrize(("records", "usage", "kept"), [d[1:] for d in DUPLICATES], ids=[d[0] for d in DUPLICATES])
@pytest.mark.parametrize("turned", [False, True])
def test_t44_to_t49_duplicates(records: list[Live], usage: dict[str, int], kept: str, turned: bool) -> None:
    """One is kept, ends active and named; the other active ones are archived; the order of reading plays no part."""
    result = tags([value("E")], records[::-1] if turned else records, usage)
    winner = next(r for r in records if r.id == kept)
    expected = {(f"tag:DEPT/E#{r.id}", "archive") for r in records if r.id != kept and not r.archived}
    if winner.archived:
        expected.add(("tag:DEPT/E", "unarchive"))
    elif winner.fields["name"] != "Name":
        expected.add(("tag:DEPT/E", "update"))
    assert {(str(c.address), c.action) for c in result.changes} == expected


def test_t42_all_duplicates_of_a_gone_value_are_archived() -> None:
    """Each under its own address."""
    result = tags([], [tag("E", identity="1"), tag("e", identity="2"), tag("E", identity="3", archived=True)])
    assert [(str(c.address), c.action) for c in result.changes] == [
        ("tag:DEPT/E#1", "archive"),
        ("tag:DEPT/e#2", "archive"),
    ]


@pytest.mark.parametrize(
    ("records", "asked"),
    [
        ([tag("E"), tag("e", "Old", identity="2")], False),
        ([tag("E"), tag("e", identity="2", archived=True)], False),
        ([tag("E"), tag("e", identity="2")], True),
        ([tag("E", "Old"), tag("e", "Older", identity="2")], True),
    ],
)
def test_usage_is_asked_only_where_name_and_state_leave_a_choice(records: list[Live], asked: bool) -> None:
    """The usage endpoint costs a request (law 7)."""
    calls: list[str] = []
    state = DesiredState(dimensions=[Dimension(value("DEPT", "Department"), [value("E")])])

    def usage(asked_of: str) -> dict[str, int]:
        calls.append(asked_of)
        return {}

    found = LiveState(groups=[group("DEPT")], tags={"g": records}, usage=usage)
    reconcile(state, found, Scope(dimensions=("DEPT",), today=TODAY))
    assert bool(calls) is asked


def test_a_value_without_a_code_holds_back_archives_of_its_group() -> None:
    """Only of its own group."""
    state = DesiredState(
        dimensions=[
            Dimension(value("A"), [value(None, hold="no code")]),
            Dimension(value("B"), []),
        ]
    )
    records = [group("A", identity="a"), group("B", identity="b")]
    found = LiveState(
        groups=records, tags={g: [Live(f"{g}1", "X", False, {"code": "X", "name": "N"}, g)] for g in "ab"}
    )
    result = reconcile(state, found, Scope(dimensions=("A", "B"), today=TODAY))
    assert shown(result) == [("tag:B/X", "archive", ["archived"])]


def test_doubtful_tags_are_held_on_both_sides() -> None:
    """A look-alike is neither created nor archived; other values go on."""
    result = tags([value("x"), value("y")], [tag("x ")])
    assert shown(result) == [("tag:DEPT/y", "create", ["archived", "code", "name"])]
    assert counted(result, "tag") == {"held": 2}


def test_changes_are_sorted_by_kind_then_address() -> None:
    """Accounts, tag groups, tags; addresses by code point."""
    state = DesiredState([row("b"), row("a"), row("Z")], [dimension("G", values=[value("2"), value("10")])])
    result = reconcile(state, LiveState([], [], {}), Scope(dimensions=("G",), today=TODAY))
    addresses = ["account:Z", "account:a", "account:b", "tagGroup:G", "tag:G/10", "tag:G/2"]
    assert [str(c.address) for c in result.changes] == addresses
