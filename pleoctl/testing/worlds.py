"""Small worlds, drawn: what a company holds, what its books want, how this Pleo reads what is not published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Edit, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.testing.chance import Chance

Json = dict[str, Any]

# Keys that are plain, that look alike, and that addresses must escape.
ACCOUNTS: Final = ("a", "A", "b", "c/1", "d")
GROUPS: Final = ("G", "H")
TAGS: Final = ("x", "y", "Straße", "z")
TAX_CODES: Final = ("V25", "V12", "v12")
VENDORS: Final = ("p", "q", "P")
READINGS: Final[tuple[Json, ...]] = (
    {"account_create_existing": 409},
    {"account_create_existing": 200},
    {"account_archived_default": "active"},
    *[{"account_ids_ignore_case": True}] * 4,
    {"put_omitted": "keep"},
    {"batch_existing": "created-if-equal"},
    {"batch_order": "reversed"},
    {"validate_tax_codes": ("V25",)},
    {"max_page_size": 3},
    {"totals": False},
    {"omit_nulls": True},
    {"tag_conflict_ignores_case": False},
    {"tag_conflict_counts_archived": False},
    {"tag_conflict_on_unarchive": True},
    {"max_active_tags": 2},
    {"max_active_tags_on_unarchive": True},
    {"group_conflict": 409},
    {"archive_cascade": "cascade"},
    {"bulk_archive_status": 202},
    {"bulk_archive_answers": "changed"},
    {"bulk_archive_unknown_ids": "ignore"},
    {"bulk_archive_at_most": 1},
    {"v0_create_status": 200},
    {"tag_list_default": "all"},
    {"tax_code_conflict": 409},
    {"vendor_unique": ("externalId", "code", "name")},
    {"vendor_unique": ()},
    {"vendor_unique_counts_archived": False},
    {"vendor_create_state": "ACTIVE"},
    {"vendor_create_state": "DRAFT"},
    {"vendor_create_state": "DRAFT", "vendor_draft_external_id": "dropped"},
    {"vendor_list_default": "active"},
    {"vendor_put_state": "ignore"},
    {"vendor_activate_code": "ignore"},
)
LAGS: Final = (0.0, 2.0, 5.0, 20.0)
_LIVE: Final = ("active", "none", "other name", "archived")
_WANTED: Final = ("active", "none", "active", "inactive", "held")


@dataclass
class World:
    """Everything that a history begins with. ``lag`` is how many seconds lists lie behind writes."""

    seed: Seed
    settings: Settings
    desired: DesiredState
    scope: Scope
    lag: float
    edits: Sequence[Edit] = field(default_factory=list)


def draw(chance: Chance) -> World:
    """A world, plainer choices first."""
    accounts, rows = _accounts(chance)
    groups, dimensions = _dimensions(chance)
    settings: Json = {"seed_ids": 1}
    for _ in range(chance.below(4, 0.3)):
        settings |= chance.pick(READINGS)
    selected = tuple(d.row.key or "" for d in dimensions)
    state = DesiredState(rows, dimensions, ["desired-state.yaml"])
    scope = Scope(dimensions=selected, rename_groups=chance.happens(0.5), today="2027-01-15")
    lag = LAGS[chance.below(len(LAGS), 0.6)]
    codes, vendors = _tax_codes(chance, state), _vendors(chance, state)
    seed = Seed(accounts=accounts, tag_groups=groups, tax_codes=codes, vendors=vendors)
    return World(seed, Settings(**settings), checked(state), scope, lag, EDITS)


def _accounts(chance: Chance) -> tuple[list[Json], list[Row]]:
    live, rows = [], []
    for key in ACCOUNTS[: 1 + chance.below(len(ACCOUNTS))]:
        stands = chance.pick(_LIVE)
        if stands != "none":
            tax = {"taxCodeExternalId": "V25"} if chance.happens(0.25) else {}
            live.append({"externalId": key, "code": "1", **_record(stands, key), "metadata": {"of": key}, **tax})
        rows += _row(chance, key, {"code": "1", "name": f"Name {key}"})
    return live, rows


def _dimensions(chance: Chance) -> tuple[list[Json], list[Dimension]]:
    live, dimensions = [], []
    for code in GROUPS[: chance.below(len(GROUPS) + 1)]:
        stands = chance.pick(_LIVE)
        tags, rows = _tags(chance)
        if stands != "none":
            live.append({"code": code, **_record(stands, code), "metadata": {"of": code}, "tags": tags})
        wanted = _row(chance, code, {"code": code, "name": f"Name {code}"})
        if wanted:
            dimensions.append(Dimension(wanted[0], rows))
    return live, dimensions


def _tags(chance: Chance) -> tuple[list[Json], list[Row]]:
    live, rows = [], []
    for code in TAGS[: chance.below(len(TAGS) + 1)]:
        stands = chance.pick(_LIVE)
        if stands != "none":
            live.append({"code": code, **_record(stands, code)})
            if chance.happens(0.2):
                live.append({"code": code.upper(), **_record(chance.pick(_LIVE), code), "usage": 1})
        rows += _row(chance, code, {"code": code, "name": f"Name {code}"})
    return live, rows


def _tax_codes(chance: Chance, state: DesiredState) -> list[Json]:
    """Tax codes in Pleo; those that are wanted go into the state."""
    live, rows = [], []
    for code in TAX_CODES[: chance.below(len(TAX_CODES) + 1, 0.5)]:
        stands = chance.pick(_LIVE)
        if stands != "none":
            live.append({"code": code, "rate": 0.25, "type": "inclusive", **_record(stands, code)})
        rows += _row(chance, code, {"code": code, "name": f"Name {code}", "rate": "0.25", "type": "inclusive"})
    if live or rows:
        state.flat["taxCode"] = rows
    return live


def _vendors(chance: Chance, state: DesiredState) -> list[Json]:
    """Vendors in Pleo, drafts with our number among them; those that are wanted go into the state."""
    live, rows = [], []
    for key in VENDORS[: chance.below(len(VENDORS) + 1, 0.5)]:
        stands = chance.pick((*_LIVE, "draft", "draft"))
        if stands == "draft":
            live.append({"code": f"C{key}", "name": f"Name {key}", "draft": True})
        elif stands != "none":
            live.append({"externalId": key, "code": f"C{key}", **_record(stands, key)})
        rows += _row(chance, key, {"code": f"C{key}", "name": f"Name {key}", "defaultCurrency": "EUR"})
    if live or rows:
        state.flat["vendor"] = rows
    return live


def _record(stands: str, key: str) -> Json:
    return {"name": "Other" if stands == "other name" else f"Name {key}", "archived": stands == "archived"}


def _row(chance: Chance, key: str, fields: dict[str, str | None]) -> list[Row]:
    wanted = chance.pick(_WANTED)
    if wanted == "none":
        return []
    hold = "is not usable" if wanted == "held" else None
    return [Row(key, fields, wanted != "inactive", hold, file="desired-state.yaml", line=1)]


def _edits() -> list[Edit]:
    found = []
    for key in ACCOUNTS[:3]:
        found += [
            Edit(op="rename", kind="account", key=key, fields={"name": "Theirs"}),
            Edit(op="archive", kind="account", key=key),
            Edit(op="unarchive", kind="account", key=key),
            Edit(op="create", kind="account", key=key, fields={"name": f"Name {key}", "code": "1"}),
            Edit(op="create", kind="account", key=key, fields={"name": "Theirs"}),
        ]
    found += [
        Edit(op="create", kind="tagGroup", key="G", fields={"name": "Name G"}),
        Edit(op="archive", kind="tagGroup", key="G"),
        Edit(op="rename", kind="tagGroup", key="G", fields={"name": "Theirs"}),
    ]
    for code in TAGS[:2]:
        found += [
            Edit(op="rename", kind="tag", key=("G", code), fields={"name": "Theirs"}),
            Edit(op="archive", kind="tag", key=("G", code)),
            Edit(op="create", kind="tag", key=("G", code), fields={"name": f"Name {code}"}),
        ]
    for kind, keys, more in (
        ("taxCode", TAX_CODES, {"rate": 0.25, "type": "inclusive"}),
        ("vendor", VENDORS, {"defaultCurrency": "EUR"}),
    ):
        for key in keys[:2]:
            found += [
                Edit(op="rename", kind=kind, key=key, fields={"name": "Theirs"}),
                Edit(op="archive", kind=kind, key=key),
                Edit(op="create", kind=kind, key=key, fields={"name": f"Name {key}", **more}),
            ]
    return found


#: What another client may do.
EDITS: Final = _edits()
