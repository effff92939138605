"""fleet.yaml: which companies there are, what each may see, what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from pleoctl.errors import InvalidFile, Refused
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.settings import FleetSettings, Schedule
from pleoctl.sources.credentials import child_environment

if TYPE_CHECKING:
    from shapes import Json
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/fleet.schema.json").read_text(encoding="utf-8"))


def test_the_schema_states_the_settings_and_their_defaults() -> None:
    """Each key of schemas/fleet.schema.json is a setting with the same default, and the other way round."""
    stated = {name: part.get("default") for name, part in SCHEMA["properties"].items()}
    del stated["apiVersion"], stated["kind"]
    fields = {field.encode_name: field.default for field in msgspec.structs.fields(FleetSettings)}
    assert fields.keys() == stated.keys()
    assert {key: fields[key] for key, value in stated.items() if value is not None} == {
        key: value for key, value in stated.items() if value is not None
    }
    assert set(SCHEMA["properties"]["schedule"]["properties"]) == set(Schedule.__struct_fields__)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"companies": []}, "companies"),
        ({"companies": ["../x/pleoctl.yaml"]}, "leads outside"),
        ({"companies": ["nowhere/*/pleoctl.yaml"]}, "matches no workspace file"),
        ({"schedule": {"sync": "hourly"}}, "not a cron line"),
        ({"schedule": {"sync": "61 * * * *"}}, "61 * * * * is no cron line"),
        ({"database": "postgresql://u:hush@h/d"}, "not a secret reference"),
        ({"sharedEnv": ["A-B"]}, "not the name of a variable"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
def test_a_file_that_is_wrong_is_refused(fleet: FleetFolder, cli: Cli, sections: Json, words: str) -> None:
    """With exit 78 and the place, and without the secret that stands in it."""
    fleet.write(**sections)
    said = cli("fleet", "list")
    assert said.code == 78
    assert words in said.stderr
    assert "fleet.yaml:" in said.stderr
    assert "hush" not in said.stderr


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        (("a-b", "a_b"), "would see the same variables, PLEO_FLEET_A_B__*"),
        (("a", "a-_x"), "would see the same variables, PLEO_FLEET_A__*"),
        (("a", "a/b"), "lies below the folder of"),
    ],
)
def test_companies_that_could_reach_each_other_are_refused(
    fleet: FleetFolder, cli: Cli, folders: tuple[str, str], words: str
) -> None:
    """Two with one form of names, or one whose form begins the other's, or one folder below another."""
    for name in folders:
        folder = fleet.root / "other" / name
        folder.mkdir(parents=True)
        (folder / "pleoctl.yaml").write_bytes((fleet["west"].folder / "pleoctl.yaml").read_bytes())
    fleet.write(companies=["other/**/pleoctl.yaml"])
    said = cli("fleet", "list")
    assert said.code == 78
    assert words in said.stderr


def test_a_company_sees_its_own_names_alone(fleet: FleetFolder) -> None:
    """Those of its form or those that are listed, those that are shared, and what is nobody's secret."""
    given = {"PLEO_FLEET_NORTH__A": "1", "PLEO_FLEET_SOUTH__A": "2", "OWN": "3", "ALL": "4", "PATH": "5", "TOKEN": "6"}
    fleet.write(companies=["companies/north/pleoctl.yaml", {"path": "companies/west/pleoctl.yaml", "env": ["OWN"]}])
    north, west = Fleet(fleet.root / "fleet.yaml", given).companies
    assert set(north.allowed(given, ["ALL"])) == {"PLEO_FLEET_NORTH__A", "ALL", "PATH"}
    assert set(west.allowed(given, ["ALL"])) == {"OWN", "ALL", "PATH"}


def test_programs_of_a_company_see_its_names_alone(fleet: FleetFolder) -> None:
    """Those that are its own, without Pleo's credential."""
    given = {"PLEO_FLEET_NORTH__KEY": "k", "PLEO_FLEET_NORTH__BOOKS": "b", "PLEO_FLEET_WEST__KEY": "w", "HOME": "/h"}
    found = Fleet(fleet.root / "fleet.yaml", given)
    (north, *_) = found.opened()
    assert north.workspace is not None
    assert child_environment(north.workspace.auth[1]) == {"PLEO_FLEET_NORTH__BOOKS": "b", "HOME": "/h"}


@pytest.mark.parametrize(
    ("reference", "isolation"),
    [
        ("env:PLEO_FLEET_SOUTH__KEY", "thread"),
        ("env:PLEO_API_KEY", "thread"),
        ("env:ALL_PROXY", "thread"),
        ("env:HOME", "thread"),
        ("file:../south/key", "thread"),
        ("env:PLEO_FLEET_SOUTH__KEY", "process"),
        ("env:HOME", "process"),
        ("file:../south/key", "process"),
    ],
)
def test_another_companys_secret_is_refused(
    fleet: FleetFolder, cli: Cli, reference: str, isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit 3 for that company; the others go on. What its programs may see is no secret of its own either."""
    (fleet["south"].folder / "key").write_text("sandbox-key")
    monkeypatch.setenv("ALL_PROXY", "sandbox-key")
    fleet.write(isolation=isolation)
    fleet["north"].write(pleo={"url": fleet["north"].pleo.url, "auth": {"apiKey": reference}})
    said = cli("fleet", "sync", "--select", "north", "--select", "south", "--format", "json")
    assert said.code == 3
    assert [one["exitCode"] for one in said.json["result"]["companies"]] == [3, 0]
    error = said.json["result"]["companies"][0]["error"]
    assert "PLEOCTL_SECRETS_DIR" not in error["hint"]
    (finding,) = cli("validate", "--format", "json").json["findings"]
    assert (finding["level"], finding["message"], finding["hint"]) == ("error", error["message"], error["hint"])
    assert (finding["file"], finding["line"]) == ("companies/north/pleoctl.yaml", 4)


def test_the_books_secret_of_a_company_may_have_its_form(
    fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like Pleo's key it begins with the company's own form; it is not refused for that. Pleo's own key still is."""
    monkeypatch.setenv("PLEO_FLEET_NORTH__BOOKS", "secret-of-the-books")
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    fields = {"externalId": "id", "name": "name"}
    accounts = {"path": "/accounts", "records": "@", "paginate": {"type": "none"}, "fields": fields}
    source = {"type": "http", "baseUrl": "http://127.0.0.1:1", "accounts": accounts}
    for name, code in (("BOOKS", 1), ("KEY", 3)):
        fleet["north"].write(source={**source, "auth": {"bearer": f"env:PLEO_FLEET_NORTH__{name}"}})
        assert cli("validate").code == (0 if code == 1 else 78)
        (north,) = cli("fleet", "sync", "--select", "north", "--format", "json").json["result"]["companies"]
        assert (north["exitCode"], "Pleo's own credential" in north["error"]["message"]) == (code, code == 3)


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_variable_that_is_allowed_and_not_set(fleet: FleetFolder, cli: Cli, isolation: str) -> None:
    """Is told as such: allowing it once more would not help."""
    companies = [{"path": "companies/north/pleoctl.yaml", "env": ["NORTH_KEY"]}, "companies/*/pleoctl.yaml"]
    fleet.write(isolation=isolation, companies=companies)
    fleet["north"].write(pleo={"url": fleet["north"].pleo.url, "auth": {"apiKey": "env:NORTH_KEY"}})
    (north,) = cli("fleet", "sync", "--select", "north", "--format", "json").json["result"]["companies"]
    assert (north["exitCode"], north["error"]["hint"]) == (1, "export NORTH_KEY=…")


def test_links_to_another_company_are_refused(fleet: FleetFolder, cli: Cli) -> None:
    """A workspace file, a file of the books or a folder that is a link out of its own company."""
    north, south = fleet["north"].folder, fleet["south"].folder
    (north / "accounts.csv").unlink()
    (north / "accounts.csv").symlink_to(fleet["west"].folder / "accounts.csv")
    (south / "pleoctl.yaml").unlink()
    (south / "pleoctl.yaml").symlink_to(fleet["west"].folder / "pleoctl.yaml")
    said = cli("fleet", "sync", "--format", "json")
    assert [one["exitCode"] for one in said.json["result"]["companies"]] == [3, 3, 0]


@pytest.mark.parametrize("companies", [["companies/*/pleoctl.yaml"], ["companies/north/pleoctl.yaml"]])
def test_a_workspace_file_that_never_ends_is_refused(fleet: FleetFolder, cli: Cli, companies: list[str]) -> None:
    """Before anybody reads it: it would keep all others waiting. It is not left out without a word either."""
    fleet.write(companies=companies)
    (fleet["north"].folder / "pleoctl.yaml").unlink()
    os.mkfifo(fleet["north"].folder / "pleoctl.yaml")
    said = cli("fleet", "sync", "--format", "json")
    ends = [one["exitCode"] for one in said.json["result"]["companies"]]
    assert ends == [3, 0, 0][: len(ends)]


def test_a_folder_that_leads_out_of_the_fleet_is_refused(
    fleet: FleetFolder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also where it holds a workspace of its own."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "pleoctl.yaml").write_bytes((fleet["west"].folder / "pleoctl.yaml").read_bytes())
    (fleet.root / "companies" / "zz").symlink_to(outside)
    one = Fleet(fleet.root / "fleet.yaml").opened()[-1]
    assert isinstance(one.error, Refused)


def test_one_company_is_looked_after_by_one_workspace(fleet: FleetFolder, cli: Cli) -> None:
    """Two workspaces of one company would show each other their runs: neither is worked on."""
    fleet["north"].write(company=fleet["west"].pleo.company, pleo=pleo_of(fleet, "west"))
    said = cli("fleet", "sync", "--format", "json")
    assert [one["exitCode"] for one in said.json["result"]["companies"]] == [78, 0, 78]
    assert "companies/west/pleoctl.yaml" in said.json["result"]["companies"][0]["error"]["message"]


def pleo_of(fleet: FleetFolder, name: str) -> Json:
    """The ``pleo`` section of a company."""
    return {"url": fleet[name].pleo.url, "auth": {"apiKey": "env:PLEO_FLEET_NORTH__KEY"}}


def test_a_fleet_that_is_not_there_is_told(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, by variable and by walking up."""
    monkeypatch.chdir(tmp_path)
    assert "no fleet.yaml here or in a folder above" in cli("fleet", "list").stderr
    with pytest.raises(InvalidFile):
        Fleet.find(str(tmp_path / "fleet.yaml"))
    monkeypatch.setenv("PLEOCTL_FLEET", str(tmp_path))
    assert cli("fleet", "list").code == 78


@pytest.mark.parametrize(
    ("link", "command"),
    [
        (".pleoctl", "sync"),
        (".pleoctl/fleet", "drift"),
        ("out", "plan -o out/plans"),
        ("out", "sync --receipt out/receipt.json"),
    ],
)
def test_no_link_takes_what_a_fleet_writes_out_of_its_folder(
    fleet: FleetFolder, cli: Cli, tmp_path_factory: pytest.TempPathFactory, link: str, command: str
) -> None:
    """A branch may have planted it: refused before any company is worked on, and nothing lies there."""
    outside = tmp_path_factory.mktemp("outside")
    (fleet.root / link).parent.mkdir(exist_ok=True)
    (fleet.root / link).symlink_to(outside)
    said = cli("fleet", *command.split())
    assert said.code == 3, said.stderr
    assert (fleet["north"].accounts, list(outside.iterdir())) == ([], [])
