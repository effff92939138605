"""`validate` of a fleet: its own file and every company's, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shapes import Json
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder


def found(cli: Cli, *options: str) -> list[tuple[str | None, int | None, str]]:
    """What is said: file, line, message."""
    said = cli("validate", "--format", "json", *options)
    assert said.code == (78 if said.json["findings"] else 0), said
    return [(one["file"], one["line"], one["message"]) for one in said.json["findings"]]


def test_a_fleet_that_is_right(fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is named; it is found where no workspace is, and by name from anywhere."""
    assert cli("validate").stdout == "fleet.yaml and 3 companies: valid.\n"
    monkeypatch.chdir(fleet["west"].folder)
    assert "companies" not in cli("validate").stdout
    files = cli("validate", "--fleet", "../..", "--format", "json").json["result"]["files"]
    assert files[0] == "fleet.yaml"
    assert {"companies/north/pleoctl.yaml", "companies/west/desired-state.yaml"} <= set(files)


@pytest.mark.parametrize(
    ("sections", "line", "words"),
    [
        ({"companies": ["companies/*/pleoctl.yaml", "companies/none/*.yaml"]}, 3, "matches no workspace file"),
        ({"companies": ["companies/west/pleoctl.yaml"] * 2}, 3, "companies/west/pleoctl.yaml is listed twice"),
        ({"companies": [{"path": "companies/west/pleoctl.yaml", "env": [x]} for x in "AB"]}, 3, "is listed twice"),
        ({"schedule": {"sync": "99 * * * *"}}, 4, "99 * * * * is no cron line"),
        ({"companie": []}, 4, "did you mean 'companies'"),
        ({"concurrency": "eight"}, 4, "concurrency"),
    ],
)
def test_what_is_wrong_in_its_file(fleet: FleetFolder, cli: Cli, sections: Json, line: int, words: str) -> None:
    """With the place."""
    fleet.write(**sections)
    (finding,) = found(cli)
    assert finding[:2] == ("fleet.yaml", line)
    assert words in finding[2] + str(cli("validate").stderr)


def test_what_is_wrong_in_its_companies(fleet: FleetFolder, cli: Cli) -> None:
    """One that is not there, one whose file is no workspace, one whose rows are wrong: each with its own place."""
    fleet.write(companies=["companies/*/pleoctl.yaml", "companies/gone/pleoctl.yaml"])
    (fleet["north"].folder / "pleoctl.yaml").write_text("apiVersion: pleoctl/v1\nkind: Workspace\ncompni: x\n")
    with (fleet["west"].folder / "desired-state.yaml").open("a") as stream:
        stream.write("- {externalId: 0100}\n")
    told = found(cli)
    assert {file for file, _, _ in told} == {
        "companies/gone/pleoctl.yaml",
        "companies/north/pleoctl.yaml",
        "companies/west/desired-state.yaml",
    }
    assert {line for file, line, _ in told if file and "west" in file} == {5}


def test_two_workspaces_of_one_company(fleet: FleetFolder, cli: Cli) -> None:
    """Each names the other."""
    pleo = {"url": fleet["west"].pleo.url, "auth": {"apiKey": "env:PLEO_FLEET_NORTH__KEY"}}
    fleet["north"].write(company=fleet["west"].pleo.company, pleo=pleo)
    assert [(file, "as well" in message) for file, _, message in found(cli)] == [
        ("companies/north/pleoctl.yaml", True),
        ("companies/west/pleoctl.yaml", True),
    ]
