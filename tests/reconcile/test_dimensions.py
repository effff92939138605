"""The decision table for tag groups and tags (T3-T49)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.model.addresses import Address, Bucket
from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.reconcile import LiveState, Reconciliation, Scope, reconcile
from table_rows import counted, row, shown

if TYPE_CHECKING:
    from shapes import Json, Value

TODAY = "2026-03-15"


def value(key: str | None, name: str = "Name", expires: str | None = None, **more: Value) -> Row:
    """A row of a dimension or of one of its values."""
    local = {"expires": expires} if expires else {}
    return Row(key, {"code": key, "name": name}, local=local, file="desired-state.yaml", line=9, **more)


def tag(key: str, name: str | None = "Name", *, identity: str = "", archived: bool = False, created: str = "") -> Live:
    """A tag of the group DEPT."""
    return Live(identity or f"id-{key}", key, archived, {"code": key, "name": name}, "g", created)


def group(
    key: str, name: str = "Department", *, identity: str = "g", archived: bool = False, created: str = "", tags: int = 0
) -> Live:
    """A tag group with so many tags."""
    fields: dict[str, str | None] = {"code": key, "name": name}
    return Live(identity, key, archived, fields, created=created, raw={"totalTagsCount": tags})


def tags(rows: list[Row], records: list[Live], usage: dict[str, int] | None = None) -> Reconciliation:
    """The tags of the selected group DEPT, which is active."""
    state = DesiredState(dimensions=[Dimension(value("DEPT", "Department"), rows)], files=["desired-state.yaml"])
    found = LiveState(groups=[group("DEPT")], tags={"g": records}, usage=lambda _: usage or {})
    return reconcile(state, found, Scope(dimensions=("DEPT",), today=TODAY))


def groups(listed: list[Dimension], records: list[Live], **scope: Value) -> Reconciliation:
    """Tag groups without tags; every dimension is selected unless ``dimensions`` says which."""
    codes = tuple(d.row.key for d in listed if d.row.key is not None)
    given: Json = {"dimensions": codes, "today": TODAY} | scope
    state = DesiredState(dimensions=listed, files=["desired-state.yaml"])
    return reconcile(state, LiveState(groups=records, tags={r.id: [] for r in records}), Scope(**given))


def dimension(
    key: str | None, name: str = "Department", *, values: list[Row] | None = None, **more: Value
) -> Dimension:
    """A dimension without values."""
    return Dimension(value(key, name, **more), [] if values is None else values)


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
def test_k4_group_names_are_reported_or_renamed(rename: bool, changes: list[Value]) -> None:
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
