"""The same inputs give the same bytes, and what means the same is no change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Fault, Sandbox, Seed

if TYPE_CHECKING:
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

ROWS = [{"externalId": "a", "name": "A"}, {"externalId": "b", "code": "2", "name": "B"}]


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(kind="wrongTotal", by=1, path="chart-of-accounts:search", nth=1)],
        [Fault(kind="status", status=503, path="chart-of-accounts:search", nth=1)],
        [Fault(kind="earlyEnd", path="tags:search", nth=1), Fault(kind="status", status=500, path="groups", nth=1)],
    ],
    ids=["a list read twice", "an answer sent again", "both"],
)
def test_what_had_to_be_read_again_makes_no_other_plan(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, faults: list[Fault]
) -> None:
    """Requests of a plan are the logical ones; the bytes and the id are those of a run without trouble."""
    folder = workspace(pleo, dimensions={"selected": ["DEPT"]})
    values = [{"code": "ENG", "name": "Engineering"}]
    desired(folder, accounts=ROWS, dimensions=[{"code": "DEPT", "name": "Department", "values": values}])
    plain = cli("plan", "--format", "json", "--allow-archive", "2")
    seen = pleo.stats()["total"]
    pleo.add_fault(*faults)
    again = cli("plan", "--format", "json", "--allow-archive", "2")
    assert pleo.stats()["total"] > 2 * seen
    assert (again.code, again.stdout) == (plain.code, plain.stdout) == (0, plain.stdout)
    assert json.loads(again.stdout)["requests"]["read"] == seen


@pytest.mark.parametrize("code", ["", None])
@pytest.mark.parametrize("tax", ["", None])
def test_an_empty_code_is_no_code(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, code: str | None, tax: str | None
) -> None:
    """Pleo's "" and null are one value for codes and tax codes, and so are the file's: nothing to do, nothing left."""
    pleo.reset(
        Seed(
            accounts=[
                {"externalId": "a", "code": "", "name": "A", "taxCodeExternalId": ""},
                {"externalId": "b", "code": None, "name": "B", "taxCodeExternalId": None},
                {"externalId": "c", "code": "", "name": "C", "taxCodeExternalId": "", "archived": True},
            ]
        )
    )
    folder = workspace(pleo)
    desired(
        folder,
        accounts=[{"externalId": key, "code": code, "name": key.upper(), "taxCodeExternalId": tax} for key in "abcd"],
    )
    assert [(c["address"], c["action"], c["fields"]) for c in cli("plan", "--format", "json").json["changes"]] == [
        ("account:c", "unarchive", ["archived"]),
        ("account:d", "create", ["archived", "code", "name", "taxCodeExternalId"]),
    ]
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_an_empty_code_reads_alike_in_every_style(workspace: MakeWorkspace, cli: Cli) -> None:
    """Canonical rows and any other YAML: `fmt` leaves the empty code out."""
    folder = workspace()
    row = '{externalId: "a", code: "", name: "A", taxCodeExternalId: ""}'
    head = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n"
    for text in (f"- {row}\n", f"  - {row.replace(', ', ',  ')}\n"):
        (folder / "desired-state.yaml").write_text(head + text)
        assert cli("fmt").code == 0
        formatted = (folder / "desired-state.yaml").read_text()
        assert formatted == f'{head}- {{externalId: "a", name: "A", taxCodeExternalId: null}}\n'
