"""One company and one desired state whose plan has every action of every kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from clocks import FakeTime
from engine import Engine
from pleoctl.desired.read import checked, read_state
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Seed
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import MakeDesired, MakeWorkspace

SEED = Seed(
    tax_codes=[
        {"code": "V25", "name": "Standard", "rate": 0.2, "ingoingTaxAccount": "1"},
        {"code": "V12", "name": "Food", "rate": 0.12, "archived": True},
        {"code": "GONE", "name": "Gone", "rate": 0.06},
        {"name": "By hand", "rate": 0.01},
    ],
    vendors=[
        {"externalId": "keep", "code": "K", "name": "Keep", "registrationNumber": "55"},
        {"externalId": "recode", "code": "C3", "name": "Recode", "country": "SE"},
        {"externalId": "back", "code": "B1", "name": "Back", "archived": True},
        {"externalId": "back/2", "code": "B2", "name": "Old back", "archived": True},
        {"externalId": "gone", "code": "G", "name": "Gone"},
        {"code": "D1", "name": "Born one", "draft": True},
        {"code": "D9", "name": "Born two", "taxRegistrationNumber": "SE2", "draft": True},
        {"code": "D8", "name": "Stranger", "draft": True},
        {"code": "H", "name": "By hand"},
    ],
    accounts=[
        {"externalId": "keep", "code": "1", "name": "Keep", "taxCodeExternalId": "V25"},
        {"externalId": "rename", "code": "2", "name": "Old name", "metadata": {"owner": {"id": 7}}},
        {"externalId": "recode", "code": "3", "name": "Recode", "taxCodeExternalId": "V12"},
        {"externalId": "back", "code": "4", "name": "Old back", "archived": True, "metadata": {"k": None}},
        {"externalId": "gone/1", "code": "5", "name": "Gone"},
        {"externalId": "gone/2", "code": None, "name": "Gone too"},
        {"externalId": "past", "code": "6", "name": "Past", "archived": True},
    ],
    tag_groups=[
        {
            "code": "DEPT",
            "name": "Departments",
            "metadata": {"made": "by hand"},
            "tags": [
                {"code": "KEEP", "name": "Keep"},
                {"code": "NAME", "name": "Old name", "otherDimensionValues": ["x", "y"]},
                {"code": "BACK", "name": "Back", "archived": True},
                {"code": "BACK2", "name": "Old back", "archived": True},
                {"code": "GONE", "name": "Gone"},
                {"code": "Straße", "name": "Twin", "usage": 3},
                {"code": "STRASSE", "name": "Twin", "usage": 1},
            ],
        },
        {
            "code": "BACK",
            "name": "Comes back",
            "archived": True,
            "tags": [{"code": "B1", "name": "One", "archived": True}, {"code": "B2", "name": "Two", "archived": True}],
        },
        {"code": "GONE", "name": "Gone", "tags": [{"code": "G1", "name": "One"}]},
        {"code": "LEFT", "name": "Left", "tags": [{"code": "L1", "name": "One"}]},
    ],
)
DESIRED: dict[str, list[Json]] = {
    "taxCodes": [
        {"code": "V25", "name": "Standard", "rate": "0.25", "type": "inclusive"},
        {"code": "V12", "name": "Food", "rate": "0.12", "type": "inclusive"},
        {"code": "NEW", "name": "New", "rate": "0.055", "type": "reverse"},
    ],
    "vendors": [
        {"externalId": "keep", "code": "K", "name": "Keep", "defaultCurrency": "EUR"},
        {"externalId": "recode", "code": "C33", "name": "Recode", "defaultCurrency": "SEK"},
        {"externalId": "back", "code": "B1", "name": "Back", "defaultCurrency": "EUR"},
        {"externalId": "back/2", "code": "B2", "name": "New back", "defaultCurrency": "EUR"},
        {"externalId": "new", "code": "C3", "name": "New", "defaultCurrency": "EUR", "country": "SE"},
        {"externalId": "born/1", "code": "D1", "name": "Born one", "defaultCurrency": "EUR"},
        {
            "externalId": "born/2",
            "code": "D2",
            "name": "Born two",
            "defaultCurrency": "EUR",
            "taxRegistrationNumber": "SE2",
        },
    ],
    "accounts": [
        {"externalId": "keep", "code": "1", "name": "Keep"},
        {"externalId": "rename", "code": "2", "name": "New name"},
        {"externalId": "recode", "code": "33", "name": "Recode"},
        {"externalId": "back", "code": "4", "name": "New back"},
        {"externalId": "new/1", "code": "7", "name": "New one"},
        {"externalId": "new/2", "code": "8", "name": "New two"},
        {"externalId": "gone/2", "code": "9", "name": "Closed", "active": False},
    ],
    "dimensions": [
        {
            "code": "DEPT",
            "name": "Department",
            "values": [
                {"code": "KEEP", "name": "Keep"},
                {"code": "NAME", "name": "New name"},
                {"code": "BACK", "name": "Back"},
                {"code": "BACK2", "name": "New back"},
                {"code": "strasse", "name": "Twin"},
                {"code": "NEW1", "name": "New one"},
                {"code": "NEW2", "name": "New two"},
            ],
        },
        {
            "code": "BACK",
            "name": "Comes back",
            "values": [{"code": "B1", "name": "One"}, {"code": "B3", "name": "Three"}],
        },
        {"code": "FRESH", "name": "Fresh", "values": [{"code": "F1", "name": "One"}, {"code": "F2", "name": "Two"}]},
        {"code": "GONE", "name": "Gone", "active": False, "values": []},
    ],
}
DIMENSIONS: Json = {"selected": ["DEPT", "BACK", "FRESH", "GONE"], "leave": ["LEFT"], "renameGroups": True}
SCOPE = Scope(
    dimensions=tuple(DIMENSIONS["selected"]), leave={"tagGroup": ("LEFT",)}, rename_groups=True, today="2026-03-15"
)
FREE = GuardLimits(count=1000, share=1.0)


def engine(pleo: Sandbox, root: Path) -> Engine:
    """The engine of the mixed plan."""
    text = "apiVersion: pleoctl/v1\nkind: DesiredState\n"
    for section, rows in DESIRED.items():
        text += f"{section}:\n" + "".join(f"- {json.dumps(row)}\n" for row in rows)
    state = checked(read_state(text, "desired-state.yaml")[0])
    return Engine(pleo, root, state, SCOPE, FREE, time=FakeTime())


def goal(state: Json) -> set[tuple[Value, ...]]:
    """What a state looks like without ids and times."""
    found: set[tuple[Value, ...]] = set()
    for kind in ("taxCodes", "accounts", "tagGroups", "tags", "vendors"):
        for record in state[kind]:
            plain = {k: v for k, v in record.items() if k not in {"id", "groupId", "createdAt", "updatedAt"}}
            found.add((kind, json.dumps(plain, sort_keys=True)))
    return found


def write_workspace(workspace: MakeWorkspace, desired: MakeDesired, pleo: Sandbox) -> Path:
    """The same as files: pleoctl.yaml and desired-state.yaml; the folder is the current one."""
    guard = {"maxArchive": {"count": 1000, "share": 1.0}}
    folder: Path = workspace(pleo, dimensions=DIMENSIONS, guard=guard)
    desired(folder, "desired-state.yaml", **DESIRED)
    return folder


def accounts(number: int, **fields: Value) -> list[Json]:
    """Accounts of a seed, or rows."""
    return [{"externalId": f"e{n:03}", "code": f"{n}", "name": f"N{n}", **fields} for n in range(number)]
