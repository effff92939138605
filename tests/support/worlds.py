"""Strategies: any live state, any desired state, any reading of what Pleo leaves unpublished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from shapes import Json, Value

TODAY = "2026-03-15"
# Variants of case, Unicode form and blanks, and characters that addresses must escape.
TWISTED = [
    "Straße",
    "STRASSE",
    "strasse",
    "İ",
    "i\u0307",
    "ς",
    "σ",
    "Σ",
    "caf\u00e9",
    "cafe\u0301",
    "CAFÉ",
    "X",
    "x",
    "X ",
    " x",
    "a/b",
    "a#b",
    "a%b",
    "a%2Fb",
    "\u00a0x",
    "ﬁ",
    "fi",
]
PLAIN = ["1000", "1001", "1002", "1003", "1004", "1005"]
KEYS = st.sampled_from(PLAIN + TWISTED)
GROUPS = st.sampled_from(["DEPT", "dept", "PROJ", "PROJ ", "Straße", "STRASSE", "a/b#c", "caf\u00e9", "cafe\u0301"])
NAMES = st.sampled_from(["One", "one", "Two", "Größe", "Three ", "<b>|`"])
TAXES = st.sampled_from(["V25", "V12", None])
CREATED = st.sampled_from(["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"])
METADATA = st.sampled_from([{}, {"owner": "erp"}, {"k": "1", "l": "ü"}])
HOLDS = st.sampled_from([None, None, None, None, None, None, None, "name is blank"])

live_accounts = st.lists(
    st.fixed_dictionaries(
        {
            "externalId": KEYS | st.just(""),
            "code": st.sampled_from(["1", "2", None]),
            "name": NAMES | st.just(""),
            "archived": st.booleans(),
            "taxCodeExternalId": TAXES,
            "metadata": st.sampled_from([None, {"owner": {"id": 7}}, {"a": None}]),
            "usedByCategory": st.booleans(),
            "usedByContra": st.booleans(),
        }
    ),
    max_size=9,
)
live_tags = st.lists(
    st.fixed_dictionaries(
        {
            "code": KEYS | st.sampled_from(["", " "]),
            "name": NAMES | st.sampled_from(["", None]),
            "archived": st.booleans(),
            "usage": st.integers(0, 2),
            "createdAt": CREATED,
            "otherDimensionValues": st.sampled_from([[], ["x", "y"]]),
        }
    ),
    max_size=8,
)
live_groups = st.lists(
    st.fixed_dictionaries(
        {
            "code": GROUPS,
            "name": NAMES,
            "archived": st.booleans(),
            "metadata": METADATA,
            "createdAt": CREATED,
            "tags": live_tags,
        }
    ),
    max_size=5,
)


live_tax_codes = st.lists(
    st.fixed_dictionaries(
        {
            "code": KEYS | st.none(),
            "name": NAMES,
            "rate": st.sampled_from([0.0, 0.25, 0.125]),
            "type": st.sampled_from(["inclusive", "reverse"]),
            "archived": st.booleans(),
            "ingoingTaxAccount": st.sampled_from([None, "1"]),
        }
    ),
    max_size=5,
)
live_vendors = st.lists(
    st.fixed_dictionaries(
        {
            "externalId": KEYS | st.none(),
            "code": st.sampled_from(["1", "2", "3", None]),
            "name": NAMES,
            "defaultCurrency": st.sampled_from(["EUR", "SEK"]),
            "country": st.sampled_from([None, "SE"]),
            "taxRegistrationNumber": st.sampled_from([None, None, "T1", "T2"]),
            "archived": st.booleans(),
            "draft": st.booleans(),
        }
    ),
    max_size=6,
)


@st.composite
def seeds(draw: DrawFn, *, twins: bool = True) -> Seed:
    """A company. Accounts are unique by externalId unless ``twins`` allows now and then what the API forbids."""
    accounts = draw(live_accounts)
    if not twins or draw(st.integers(0, 9)):
        accounts = list({account["externalId"]: account for account in accounts}.values())
    tax_codes, vendors = draw(live_tax_codes), draw(live_vendors)
    return Seed(accounts=accounts, tag_groups=draw(live_groups), tax_codes=tax_codes, vendors=vendors)


@st.composite
def account_rows(draw: DrawFn) -> list[Row] | None:
    """Rows with and without tax codes, inactive, held, one perhaps without a key."""
    if not draw(st.integers(0, 7)):
        return None
    tax = draw(st.sampled_from(["none", "all", "mixed"]))
    rows = []
    for number, key in enumerate(draw(st.lists(KEYS, unique=True, max_size=9))):
        fields = {"code": draw(st.sampled_from(["1", "2", None])), "name": draw(NAMES)}
        if tax == "all" or (tax == "mixed" and draw(st.booleans())):
            fields["taxCodeExternalId"] = draw(TAXES)
        rows.append(_row(draw, key, fields, number))
    return _perhaps_keyless(draw, rows)


@st.composite
def value_rows(draw: DrawFn) -> list[Row]:
    """Values of one dimension: active, inactive, held, expired, about to expire, one perhaps without a code."""
    rows = []
    for number, key in enumerate(draw(st.lists(KEYS, unique_by=str.casefold, max_size=8))):
        row = _row(draw, key, {"code": key, "name": draw(NAMES)}, number)
        day = draw(st.sampled_from([None, None, None, "2026-03-14", TODAY, "2027-01-01"]))
        row.local = {"expires": day} if day else {}
        rows.append(row)
    return _perhaps_keyless(draw, rows)


def _row(draw: DrawFn, key: str, fields: dict[str, str | None], number: int) -> Row:
    active = draw(st.sampled_from([True, True, True, False]))
    return Row(key, fields, active, draw(HOLDS), file="desired-state.yaml", line=number + 3)


def _perhaps_keyless(draw: DrawFn, rows: list[Row]) -> list[Row]:
    if not draw(st.integers(0, 11)):
        rows = [Row(None, {"code": None, "name": "Lost"}, True, "has no key", file="desired-state.yaml"), *rows]
    return rows


@st.composite
def dimension_rows(draw: DrawFn) -> list[Dimension] | None:
    """Dimensions, all with values."""
    codes = draw(st.lists(GROUPS, unique_by=str.casefold, max_size=5))
    found = [
        Dimension(_row(draw, code, {"code": code, "name": draw(NAMES)}, 50 + number), draw(value_rows()))
        for number, code in enumerate(codes)
    ]
    if found and not draw(st.integers(0, 15)):
        found.append(Dimension(Row(None, {"code": None, "name": "Lost"}, True, "has no key"), []))
    return found


@st.composite
def scopes(draw: DrawFn, dimensions: list[Dimension] | None) -> Scope:
    """Selections, left groups, partial scopes, and tags that are not managed."""
    codes = [d.row.key for d in dimensions or () if d.row.key is not None]
    if not draw(st.integers(0, 7)):
        return Scope(dimensions=None, today=TODAY)
    selected = draw(st.lists(st.sampled_from(codes), unique=True, max_size=5)) if codes else []
    taken = {code.casefold() for code in selected}
    leave = [c for c in draw(st.lists(GROUPS, max_size=1)) if c.casefold() not in taken]
    partial = bool(selected) and not draw(st.integers(0, 4))
    return Scope(
        without=frozenset({"account"} if partial else ()),
        dimensions=tuple(selected[:1] if partial else selected),
        partial=partial,
        leave={"tagGroup": tuple(leave)},
        rename_groups=draw(st.booleans()),
        today=TODAY,
    )


@st.composite
def wishes(draw: DrawFn) -> tuple[DesiredState, Scope]:
    """A desired state and a scope that fits it."""
    dimensions = draw(dimension_rows())
    state = DesiredState(draw(account_rows()), dimensions, ["desired-state.yaml"])
    for kind, fields in MORE.items():
        if draw(st.booleans()):
            state.flat[kind] = draw(flat_rows(kind, fields))
    return checked(state), draw(scopes(dimensions))


MORE: dict[str, Json] = {
    "taxCode": {"name": NAMES, "rate": st.sampled_from(["0", "0.25"]), "type": st.just("inclusive")},
    "vendor": {
        "code": st.sampled_from(["1", "2", "3", None]),
        "name": NAMES,
        "defaultCurrency": st.sampled_from(["EUR", "SEK"]),
    },
}
_OPTIONAL = {"taxCode": {"ingoingTaxAccount": ["1"]}, "vendor": {"taxRegistrationNumber": ["T1", "T2"]}}


@st.composite
def flat_rows(draw: DrawFn, kind: str, fields: Json) -> list[Row]:
    """Rows of tax codes or vendors: active, inactive, held, with and without what is optional."""
    rows = []
    for number, key in enumerate(draw(st.lists(KEYS, unique=True, max_size=6))):
        said: Json = {name: draw(values) for name, values in fields.items()}
        said |= {name: draw(st.sampled_from(known)) for name, known in _OPTIONAL[kind].items() if draw(st.booleans())}
        rows.append(_row(draw, key, {**said, **({"code": key} if kind == "taxCode" else {})}, 80 + number))
    return _perhaps_keyless(draw, rows)


_SETTINGS: dict[str, st.SearchStrategy[Value]] = {
    "account_create_existing": st.sampled_from(["200-if-equal", 200, 409]),
    "account_archived_default": st.sampled_from(["both", "active"]),
    "account_empty_name": st.sampled_from(["accept", "refuse"]),
    "put_omitted": st.sampled_from(["clear", "keep"]),
    "batch_existing": st.sampled_from(["failed", "created-if-equal"]),
    "batch_duplicates": st.sampled_from(["first", "refuse"]),
    "batch_order": st.sampled_from(["request", "reversed"]),
    "validate_tax_codes": st.sampled_from([False, False, ("V25",)]),
    "default_page_size": st.sampled_from([2, 20]),
    "max_page_size": st.sampled_from([100, 3, None]),
    "over_limit": st.sampled_from(["error", "cut"]),
    "totals": st.booleans(),
    "omit_nulls": st.booleans(),
    "wrong_company": st.sampled_from(["forbidden", "empty"]),
    "unknown_fields": st.sampled_from(["ignore", "refuse"]),
    "tag_conflict_ignores_case": st.booleans(),
    "tag_conflict_counts_archived": st.booleans(),
    "tag_conflict_on_unarchive": st.booleans(),
    "max_active_tags": st.sampled_from([None, None, 2]),
    "max_active_tags_on_unarchive": st.booleans(),
    "tag_list_default": st.sampled_from(["active", "all"]),
    "group_list_default": st.sampled_from(["active", "all"]),
    "group_conflict": st.sampled_from(["none", 409]),
    "archive_cascade": st.sampled_from(["none", "cascade"]),
    "tags_count_archived": st.booleans(),
    "usage_lists_unused": st.booleans(),
    "v0_create_status": st.sampled_from([200, 201]),
    "bulk_archive_status": st.sampled_from([200, 201, 202]),
    "bulk_archive_answers": st.sampled_from(["all", "changed"]),
    "bulk_archive_unknown_ids": st.sampled_from(["refuse", "ignore"]),
    "bulk_archive_at_most": st.sampled_from([None, None, 0, 1]),
    "tax_code_conflict": st.sampled_from(["none", 409]),
    "vendor_unique": st.sampled_from([(), ("externalId",), ("externalId", "code"), ("name",)]),
    "vendor_unique_counts_archived": st.booleans(),
    "vendor_create_state": st.sampled_from(["byExternalId", "ACTIVE", "DRAFT"]),
    "vendor_list_default": st.sampled_from(["all", "active"]),
    "vendor_put_state": st.sampled_from(["set", "ignore"]),
    "vendor_activate_code": st.sampled_from(["set", "ignore"]),
    "seed_ids": st.just(7),
}
# Each reading moves a few settings off their defaults, so that a failing example stays readable.
readings: st.SearchStrategy[Settings] = st.fixed_dictionaries({}, optional=_SETTINGS).map(lambda s: Settings(**s))


_PATHS = [
    None,
    "chart-of-accounts$",
    "batch$",
    "chart-of-accounts/[0-9a-f]",
    "tag-groups$",
    "tag-groups/[0-9a-f-]+$",
    "/tags$",
    "tags/archive$",
    "/v0/tags/[0-9a-f]",
    "tax-codes$",
    "tax-codes/[0-9a-f]",
    "vendors$",
    "vendors/[0-9a-f-]+$",
    ":activate$",
    ":archive$",
    ":search$",
]
_DETAILS: dict[str, st.SearchStrategy[Json]] = {
    "status": st.fixed_dictionaries({"status": st.sampled_from([500, 502, 503, 504]), "commit": st.booleans()}),
    "limited": st.fixed_dictionaries(
        {
            "kind": st.just("status"),
            "status": st.just(429),
            "retry_after": st.sampled_from([None, 1, 30]),
            "retry_after_as": st.sampled_from(["seconds", "date"]),
        }
    ),
    "lag": st.fixed_dictionaries({"reads": st.integers(1, 3)}),
    "expireToken": st.just({}),
    **{kind: st.just({}) for kind in ("lostAnswer", "droppedBefore", "truncatedBody", "htmlBody")},
    **{kind: st.just({}) for kind in ("earlyEnd", "wrongTotal", "repeatedPage", "stalledCursor", "shortPage")},
}


@st.composite
def faults(draw: DrawFn) -> Fault:
    """One fault that strikes one call."""
    kind = draw(st.sampled_from([*_DETAILS, "lostAnswer", "status"]))
    details = {"kind": kind, **draw(_DETAILS[kind])}
    return Fault(path=draw(st.sampled_from(_PATHS)), nth=draw(st.integers(1, 5)), **details)
