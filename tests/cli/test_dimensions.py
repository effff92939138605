"""Selecting dimensions (T9-T19): the choice lives in pleoctl.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Seed
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

NAMES = ("A", "B", "C", "D", "E", "F", "G")


def books(*codes: str, inactive: str = "") -> list[Json]:
    """Dimensions of the accounting system."""
    return [{"code": c, "name": f"Dim {c}", "active": c not in inactive, "values": []} for c in codes]


def selected(folder: Path) -> list[str] | None:
    """What pleoctl.yaml selects now."""
    return Workspace(folder / "pleoctl.yaml", {}).selected


@pytest.fixture
def company(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """Seven dimensions, G inactive; Pleo has active groups a, C, D, E, F and HAND, and archived B."""
    groups = [{"code": c, "name": c} for c in ("a", "C", "D", "E", "F", "HAND")]
    pleo.reset(Seed(tag_groups=[*groups, {"code": "B", "name": "B", "archived": True}]))
    folder: Path = workspace(pleo, dimensions={"selected": ["C"], "leave": ["F"]})
    desired(folder, dimensions=books(*NAMES, inactive="G"))
    return folder


def test_select_and_deselect_change_the_workspace(company: Path, cli: Cli) -> None:
    """Codes are taken in any case and written as the accounting system has them; twice is once."""
    assert cli("dimensions", "select", "a", "c", "A").code == 0
    assert selected(company) == ["C", "A"]
    assert cli("dimensions", "deselect", "c").code == 0
    assert selected(company) == ["A"]


def test_comments_and_order_are_kept(company: Path, cli: Cli) -> None:
    """Only the list changes; every other character of pleoctl.yaml stays."""
    file = company / "pleoctl.yaml"
    text = file.read_text() + "# the end\n"
    text = text.replace(
        'dimensions: {"selected": ["C"], "leave": ["F"]}',
        'dimensions:  # ours\n  leave: ["F"]  # old\n  selected:\n  - "C"  # cars\n',
    )
    file.write_text(text)
    assert cli("dimensions", "select", "A").code == 0
    assert file.read_text() == text.replace("# cars\n", '# cars\n  - "A"\n')


def test_a_sixth_is_an_error_that_names_the_five(company: Path, cli: Cli) -> None:
    """Never more than five (T9); nothing is written."""
    assert cli("dimensions", "select", "A", "B", "D", "E").code == 0
    said = cli("dimensions", "select", "F")
    assert said.code == 64
    assert all(code in said.stderr for code in ("C", "A", "B", "D", "E"))
    assert selected(company) == ["C", "A", "B", "D", "E"]


@pytest.mark.parametrize(("code", "words"), [("G", "inactive"), ("NOPE", "no dimension")])
def test_only_active_dimensions_can_be_selected(company: Path, cli: Cli, code: str, words: str) -> None:
    """Unknown and inactive ones are refused with the reason (T10)."""
    said = cli("dimensions", "select", code)
    assert said.code == 64
    assert words in said.stderr
    assert selected(company) == ["C"]


def test_auto_takes_what_is_active_on_both_sides(company: Path, cli: Cli) -> None:
    """Active dimensions with an active group are added to the hand-picked ones, archived and left groups not (T13)."""
    assert cli("dimensions", "select", "--auto").code == 0
    assert selected(company) == ["C", "A", "D", "E"]


def test_auto_never_exceeds_five_and_names_the_rest(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """The first five by code are taken; the others are named with what will happen to them (T15)."""
    pleo.reset(Seed(tag_groups=[{"code": c, "name": c} for c in NAMES]))
    folder = workspace(pleo)
    desired(folder, dimensions=books(*NAMES))
    said = cli("dimensions", "select", "--auto")
    assert said.code == 0
    assert selected(folder) == ["A", "B", "C", "D", "E"]
    assert "'F'" in said.stderr
    assert "'G'" in said.stderr


@pytest.mark.usefixtures("company")
def test_list_tells_status_and_why(cli: Cli) -> None:
    """Every dimension and every group of Pleo, with what is selected, left or going to be archived."""
    entries = {e["code"]: e for e in cli("dimensions", "list", "--format", "json").json["result"]}
    assert {code: entry["status"] for code, entry in entries.items()} == {
        "A": "to be archived",
        "B": "not selected",
        "C": "selected",
        "D": "to be archived",
        "E": "to be archived",
        "F": "left",
        "G": "not selected",
        "HAND": "to be archived",
    }
    assert entries["HAND"]["accountingSystem"] == "not listed"
    assert entries["B"]["pleo"] == "archived"
    assert cli("dimensions", "list").code == 0


@pytest.mark.usefixtures("company")
def test_deselected_groups_are_archived_and_left_ones_stay(pleo: Sandbox, cli: Cli) -> None:
    """The next plan archives every active group that is neither selected nor left, with its reason (T17, T25)."""
    said = cli("plan", "--format", "json", "-o", "plan.json", "--allow-archive", "4")
    archived = {c["address"]: c["reason"] for c in said.json["changes"] if c["action"] == "archive"}
    assert set(archived) == {"tagGroup:A", "tagGroup:D", "tagGroup:E", "tagGroup:HAND"}
    assert cli("apply", "plan.json").code == 0
    assert {g["code"] for g in pleo.state()["tagGroups"] if not g["archived"]} == {"C", "F"}


def test_before_the_first_export_list_says_what_is_due(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Pleo's groups are listed, and the hint names the export; after one without dimensions it names the source."""
    folder = workspace(pleo)
    said = cli("dimensions", "list", "--format", "json")
    assert (said.code, [one["code"] for one in said.json["result"]]) == (0, ["DEPT", "PROJ"])
    assert "pleoctl export" in said.json["findings"][0]["hint"]
    desired(folder, accounts=[])
    said = cli("dimensions", "list", "--offline")
    assert (said.code, said.stdout) == (0, "No dimensions.\n")
    assert "docs/tags.md" in said.stderr
