"""`source check`: what a first look at the books against Pleo says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Sandbox, Seed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Cli, MakeWorkspace

HEADER = "externalId,code,name,active\n"


@pytest.fixture
def books(workspace: Callable[..., Path], pleo: Sandbox) -> Path:
    """A chart of three rows, of which Pleo has one under another name and one under another id."""
    folder = workspace(
        pleo,
        source={
            "type": "csv",
            "accounts": {"path": "a.csv"},
            "dimensions": {"rows": [{"code": "DEPT", "name": "Department"}]},
            "values": {"path": "v.csv", "fixed": {"dimension": "DEPT"}},
        },
        dimensions={"selected": ["DEPT"]},
    )
    rows = "ext-1000,1000,Office,true\n2000,2000,Transfers,true\n4000,4000,New,true\n"
    (folder / "a.csv").write_text(HEADER + rows, encoding="utf-8")
    (folder / "v.csv").write_text("code,name\nENG,Engineering\nHR,People\n", encoding="utf-8")
    return folder


@pytest.mark.usefixtures("books")
def test_the_first_look_counts_and_gives_examples(cli: Cli, pleo: Sandbox) -> None:
    """Shared keys, changes by action with some of them, what the guard would say; nothing is written anywhere."""
    before = pleo.state()
    said = cli("source", "check")
    assert said.code == 0, said
    assert f"Compared with Pleo at {pleo.url} (read only, " in said.stdout
    counted = (
        "accounts: 1 of 3 active rows (33%) has a record in Pleo, which has 2 active ones; 2 to create, 1 to update"
    )
    assert counted in said.stdout
    assert "tags: 1 of 2 active rows (50%) has a record in Pleo" in said.stdout
    assert "account:ext-2000" in said.stdout
    assert pleo.state() == before


@pytest.mark.usefixtures("books")
def test_the_report_is_there_for_programs(cli: Cli) -> None:
    """The same as JSON, with hints counted by code."""
    result = cli("source", "check", "--format", "json").json["result"]
    accounts = result["pleo"]["kinds"]["account"]
    assert {
        name: accounts[name] for name in ("rows", "live", "matched", "sameCode", "create", "update", "archive")
    } == {
        "rows": 3,
        "live": 2,
        "matched": 1,
        "sameCode": 1,
        "create": 2,
        "update": 1,
        "archive": 1,
    }
    assert [one["action"] for one in accounts["examples"]] == ["create", "create", "update", "archive"]
    assert result["hints"] == {"other-identity": 1}


def test_a_key_that_was_chosen_otherwise_is_told(books: Path, cli: Cli) -> None:
    """Where another field of the rows is what Pleo has as key, the plan would make everything anew: said so."""
    (books / "a.csv").write_text(HEADER + "1,ext-1000,Office,true\n2,ext-2000,Transfers,true\n", encoding="utf-8")
    said = cli("source", "check")
    assert "2 accounts have as code what Pleo has as externalId, and 0 match by externalId" in said.stderr
    assert "read externalId from what gives code" in said.stderr
    assert "the guard would refuse" in said.stdout


def test_without_a_credential_the_rest_stands(books: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pleo is not asked: that is told with the reason, and the exit code is the source's own."""
    monkeypatch.delenv("PLEO_API_KEY")
    said = cli("source", "check", "--format", "json")
    assert said.code == 0
    assert said.json["result"]["pleo"] is None
    assert [finding["code"] for finding in said.json["findings"]] == ["not-compared"]
    assert "PLEO_API_KEY is not set" in said.json["findings"][0]["message"]
    assert sorted(path.name for path in books.iterdir()) == ["a.csv", "pleoctl.yaml", "v.csv"]


def test_a_pleo_that_is_not_there_is_told_while_it_is_waited_for(
    books: Path, cli: Cli, pleo: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the wait is for, once, and then the report of the books all the same."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    text = (books / "pleoctl.yaml").read_text(encoding="utf-8")
    (books / "pleoctl.yaml").write_text(text.replace(pleo.url, "http://127.0.0.1:9"), encoding="utf-8")
    said = cli("source", "check")
    assert said.code == 0
    assert said.stdout.startswith("3 accounts, 1 dimension, 2 values, 0 held\n")
    assert said.stderr.count("Pleo cannot be reached yet (no connection to 127.0.0.1:9: refused): trying again") == 1
    assert said.stderr.index("cannot be reached yet") < said.stderr.index("not compared with Pleo")


def test_offline_asks_nobody(books: Path, cli: Cli, pleo: Sandbox) -> None:
    """`--offline` compares with nothing; dimensions that nobody selected are told otherwise."""
    before = pleo.stats()
    assert cli("source", "check", "--offline").code == 0
    assert pleo.stats() == before
    text = (books / "pleoctl.yaml").read_text(encoding="utf-8").replace("selected", "leave")
    (books / "pleoctl.yaml").write_text(text, encoding="utf-8")
    assert "dimensions.selected is not set" in cli("source", "check").stderr


def test_a_placeholder_company_is_not_asked_for(books: Path, cli: Cli, pleo: Sandbox) -> None:
    """What `init` wrote stands for no company."""
    text = (books / "pleoctl.yaml").read_text(encoding="utf-8")
    company = next(line for line in text.splitlines() if "company" in line).split()[-1].strip('",')
    (books / "pleoctl.yaml").write_text(text.replace(company, "00000000-0000-0000-0000-000000000000"), encoding="utf-8")
    before = pleo.stats()
    assert "company is the one of `pleoctl init`" in cli("source", "check").stderr
    assert pleo.stats() == before


def test_pleo_of_a_company_without_accounts(workspace: MakeWorkspace, cli: Cli) -> None:
    """Everything is to create, and no share is made of nothing."""
    with Sandbox(seed=Seed()) as empty:
        folder = workspace(empty, source={"type": "csv", "accounts": {"path": "a.csv"}})
        (folder / "a.csv").write_text(HEADER + "".join(f"{n},{n},N{n},true\n" for n in range(9)), encoding="utf-8")
        said = cli("source", "check")
    assert "0 of 9 active rows (0%)" in said.stdout
    assert "… and 6 more: `pleoctl export`, then `pleoctl plan`" in said.stdout


def test_what_the_guard_counts_is_what_is_counted(workspace: MakeWorkspace, cli: Cli, pleo: Sandbox) -> None:
    """Drafts in Pleo are none of its active vendors, and a held row is no active row."""
    vendor = {"externalId": "1", "code": "1", "name": "Acme", "defaultCurrency": "SEK"}
    pleo.reset(Seed(vendors=[vendor | {"externalId": "9", "code": "9"}, {"code": "N", "name": "New", "draft": True}]))
    folder = workspace(pleo, source={"type": "csv", "vendors": {"path": "v.csv"}})
    (folder / "v.csv").write_text("externalId,code,name,defaultCurrency\n1,1,Acme,SEK\n2,2,Beta,\n", encoding="utf-8")
    said = cli("source", "check").stdout
    assert "vendors: 0 of 1 active row (0%) " in said
    assert ", which has 1 active one; 1 to create, 1 to archive" in said


def test_a_draft_that_the_plan_confirms_is_no_sign_of_other_ids(
    workspace: MakeWorkspace, cli: Cli, pleo: Sandbox
) -> None:
    """It has the code and no id yet; nothing is created anew for it, and nothing archived."""
    pleo.reset(Seed(vendors=[{"code": "1", "name": "Acme", "draft": True}]))
    folder = workspace(pleo, source={"type": "csv", "vendors": {"path": "v.csv"}})
    (folder / "v.csv").write_text("externalId,code,name,defaultCurrency\nk1,1,Acme,SEK\n", encoding="utf-8")
    said = cli("source", "check")
    assert "1 to confirm" in said.stdout
    assert "another externalId" not in said.stderr
