"""What a plan tells of files that a spreadsheet or another encoding has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import pytest

from pleoctl.sandbox import Seed, Settings

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

NUMBERS = [("0100", "100"), ("1000.10", "1000.1"), ("100", "1,00E+02"), ("100", "100.0")]


@pytest.mark.parametrize(("before", "after"), NUMBERS)
def test_a_key_that_a_spreadsheet_has_written_anew_is_told(
    before: str, after: str, cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """The archive and the create of one number are seen together, for accounts and for tags of one group."""
    tags = [{"code": before, "name": "A"}, {"code": "X", "name": "X"}]
    pleo.reset(
        Seed(
            accounts=[
                {"externalId": before, "code": before, "name": "A"},
                {"externalId": "X", "code": "7", "name": "X"},
            ],
            tag_groups=[{"code": "D", "name": "D", "tags": tags}],
        ),
        Settings(),
    )
    values = [{"code": "X", "name": "X"}, {"code": after, "name": "A"}]
    desired(
        workspace(pleo, dimensions={"selected": ["D"]}),
        accounts=[{"externalId": "X", "code": "7", "name": "X"}, {"externalId": after, "code": after, "name": "A"}],
        dimensions=[{"code": "D", "name": "D", "values": values}],
    )
    told = [w for w in cli("plan", "--format", "json").json["warnings"] if w["code"] == "doubtful-code"]
    assert {w["address"].partition(":")[0] for w in told} == {"account", "tag"}
    assert all("is the same number" in w["message"] for w in told)


def test_a_code_of_several_accounts_is_told(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """A37 allows it, and whatever finds an account by its code does not see which: once a plan, at each row offline.

    What the workspace leaves alone counts, what is inactive or archived does not; the plan keeps to its schema.
    """
    live = [{"externalId": key, "code": "1", "name": key, "archived": key == "gone"} for key in ("left", "gone")]
    pleo.reset(Seed(accounts=live), Settings())
    folder = workspace(pleo, accounts={"leave": ["left"]})
    coded = {"a": "1", "b": "2", "c": "2", "d": "3", "e": "3"}
    rows = [{"externalId": key, "code": code, "name": key, "active": key != "e"} for key, code in coded.items()]
    desired(folder, accounts=[*rows, {"externalId": "f", "name": "f"}, {"externalId": "g", "name": "g"}])
    said = cli("plan", "--format", "json")
    (told,) = [one for one in said.json["warnings"] if one["code"] == "shared-code"]
    assert told["address"] == "account:a"
    assert told["message"].startswith("code '1' is also that of account:left, which rules and export items cannot")
    assert told["message"].endswith("; so it is with 1 more code")
    jsonschema.validate(said.json, cli("schema", "plan").json)
    found = [f for f in cli("validate", "--format", "json").json["findings"] if f["code"] == "shared-code"]
    assert [(f["level"], f["line"], f["message"].partition(", ")[0]) for f in found] == [
        ("warning", 6, "code '2' is also that of account:b")
    ]


def test_codes_that_people_cannot_tell_apart_are_told(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """The first in a plan with how many more, each offline with its address; held and inactive rows do not count."""
    pleo.reset(Seed(), Settings())
    codes = {"a": "4931", "b": " 4931", "c": "A1", "d": "a1", "e": "B1"}
    rows = [{"externalId": key, "code": code, "name": key} for key, code in codes.items()]
    odd = [{"externalId": "f", "code": "b1", "name": "f", "active": False}]
    odd.append({"externalId": "g", "code": "b1", "name": "g", "hold": "not known"})
    desired(workspace(pleo), accounts=[*rows, *odd])
    said = cli("plan", "--format", "json").json["warnings"]
    (told,) = [one for one in said if one["code"] == "doubtful-code"]
    words = "code ' 4931' differs from '4931' of account:a only in case, blanks or Unicode form"
    assert (told["address"], told["message"]) == ("account:b", f"{words}; so it is with 1 more code")
    found = [f for f in cli("validate", "--format", "json").json["findings"] if f["code"] == "doubtful-code"]
    assert [(f["address"], f["line"]) for f in found] == [("account:b", 5), ("account:d", 7)]


def test_accounts_that_are_told_apart_share_no_code(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """Each in a currency of its own, or all but one held; a held row's record in Pleo counts as it is there."""
    pleo.reset(Seed(accounts=[{"externalId": "f", "code": "3", "name": "f"}]), Settings())
    rows: list[Json] = [
        {"externalId": "a", "code": "1", "name": "a", "currency": "EUR"},
        {"externalId": "b", "code": "1", "name": "b", "currency": "SEK"},
        {"externalId": "c", "code": "2", "name": "c"},
        {"externalId": "d", "code": "2", "name": "d", "hold": "not known"},
        {"externalId": "e", "code": "3", "name": "e"},
        {"externalId": "f", "code": "4", "name": "f", "hold": "not known"},
    ]
    desired(workspace(pleo), accounts=rows)
    assert cli("validate", "--format", "json").json["findings"] == []
    (told,) = [one for one in cli("plan", "--format", "json").json["warnings"] if one["code"] == "shared-code"]
    assert (told["address"], "'3' is also that of account:f" in told["message"]) == ("account:e", True)


def test_names_that_another_encoding_has_made_are_told(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """Whoever reviews a plan has not seen the export; what is so in Pleo already is nobody's slip."""
    names = {"1": "L\u00f6hne", "2": "B\u00c3\u00bcro"}
    pleo.reset(Seed(accounts=[{"externalId": key, "code": key, "name": name} for key, name in names.items()]))
    rows = [
        {"externalId": key, "code": key + "0", "name": "L\u00c3\u00b6hne" if key == "1" else name}
        for key, name in names.items()
    ]
    desired(workspace(pleo), accounts=rows)
    plan = cli("plan", "--format", "json").json
    assert [(w["address"], w["code"]) for w in plan["warnings"]] == [("account:1", "doubtful-text")]
    assert "what UTF-8 looks like in another encoding" in plan["warnings"][0]["message"]
    assert plan["changes"][0]["warnings"] == ["doubtful-text"]
    jsonschema.validate(plan, cli("schema", "plan").json)
