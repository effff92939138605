"""A real accounting system: Tryton with the German chart SKR03 on SQLite, followed into the sandbox and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.cli.main import run
from pleoctl.sandbox import Sandbox
from real_tryton import INSTALLED, PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from real_tryton import Tryton

pytestmark = [
    pytest.mark.tryton,
    pytest.mark.skipif(not INSTALLED, reason="Tryton is not installed; PLEOCTL_TRYTON names its virtual environment"),
]


@pytest.fixture
def folder(tryton_server: Tryton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace between Tryton and an empty sandbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TRYTON_PASSWORD", PASSWORD)
    with Sandbox() as pleo:
        monkeypatch.setenv("THE_PLEO_KEY", pleo.api_key)
        workspace = {
            "apiVersion": "pleoctl/v1",
            "kind": "Workspace",
            "company": pleo.company,
            "pleo": {"url": pleo.url, "auth": {"apiKey": "env:THE_PLEO_KEY"}},
            "source": {
                "type": "tryton",
                "baseUrl": tryton_server.url,
                "database": "pleo",
                "user": "admin",
                "password": "env:TRYTON_PASSWORD",
                "company": 1,
            },
            "dimensions": {"selected": ["KST"]},
        }
        (tmp_path / "pleoctl.yaml").write_text(json.dumps(workspace), encoding="utf-8")
        (tmp_path / "pleo.json").write_text(json.dumps([pleo.url, pleo.company, pleo.api_key]), encoding="utf-8")
        yield tmp_path


def live(folder: Path, code: str) -> list[tuple[str, bool]]:
    """Name and archived of the accounts in Pleo with a code."""
    url, company, key = json.loads((folder / "pleo.json").read_text(encoding="utf-8"))
    found = requests.post(
        f"{url}/v1/chart-of-accounts:search",
        params={"limit": 100},
        json={"companyId": company, "codes": [code]},
        auth=(key, ""),
        timeout=30,
    )
    found.raise_for_status()
    return [(row["name"], row["archived"]) for row in found.json()["data"]]


def planned(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """The summary of a new plan, without what is zero."""
    capsys.readouterr()
    assert run(["plan", "--format", "json", "-o", "plan.json"]) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    return {name: number for name, number in summary.items() if isinstance(number, int) and number}


def test_tryton_reaches_pleo_and_its_changes_follow(
    tryton_server: Tryton, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Export, plan, apply; then one account deactivated, one renamed, one added, one cost centre gone, and again."""
    assert run(["export"]) == 0
    assert run(["source", "check", "--trace", "1"]) == 0
    first = planned(capsys)
    assert first["create"] > 1000
    assert run(["apply", "plan.json"]) == 0
    assert live(folder, "4670") != []
    assert not {"create", "update", "archive", "unarchive"} & set(planned(capsys))

    gone, renamed, model = tryton_server.account("4670"), tryton_server.account("4660"), "model.account.account"
    tryton_server.call(
        f"{model}.write", [gone], {"end_date": {"__class__": "date", "year": 2020, "month": 1, "day": 1}}, {}
    )
    tryton_server.call(f"{model}.write", [renamed], {"name": "Reisekosten & Spesen"}, {})
    (copy,) = tryton_server.call(f"{model}.copy", [renamed], {"code": "4699", "name": "Neu"}, {})
    (centre,) = tryton_server.call("model.analytic_account.account.search", [["code", "=", "200"]], 0, None, None, {})
    tryton_server.call("model.analytic_account.account.write", [centre], {"active": False}, {})

    assert run(["export"]) == 0
    changes = planned(capsys)
    assert {name: changes.get(name) for name in ("create", "update", "archive")} == {
        "create": 1,
        "update": 1,
        "archive": 2,
    }
    assert run(["apply", "plan.json"]) == 0
    assert [archived for _, archived in live(folder, "4670")] == [True]
    assert live(folder, "4660") == [("Reisekosten & Spesen", False)]
    assert live(folder, "4699") == [("Neu", False)]
    assert f'externalId: "{copy}"' in (folder / "desired-state.yaml").read_text(encoding="utf-8")
    assert run(["sync"]) == 0
    assert not {"create", "update", "archive", "unarchive"} & set(planned(capsys))


def test_a_wrong_password_is_told_without_it(
    tryton_server: Tryton, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1, the server's refusal, no desired file."""
    assert tryton_server.url
    monkeypatch.setenv("TRYTON_PASSWORD", "hunter22-hunter22")
    assert run(["export"]) == 1
    told = capsys.readouterr()
    assert "hunter22" not in told.out + told.err
    assert "Tryton" in told.err
    assert not (folder / "desired-state.yaml").exists()


@pytest.mark.usefixtures("tryton_server")
def test_taxes_and_parties_of_tryton_reach_pleo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tax codes with rate, type and accounts, and vendors with the company's currency; then nothing is left to do."""
    workspace = json.loads((folder / "pleoctl.yaml").read_text(encoding="utf-8"))
    workspace["source"]["resources"] = ["taxCodes", "accounts", "vendors"]
    del workspace["dimensions"]
    (folder / "pleoctl.yaml").write_text(json.dumps(workspace), encoding="utf-8")
    assert run(["export"]) == 0
    desired = (folder / "desired-state.yaml").read_text(encoding="utf-8")
    assert 'rate: "0.19", type: "inclusive", ingoingTaxAccount: "1576"' in desired
    assert 'rate: "0.19", type: "reverse", ingoingTaxAccount: "1574", outgoingTaxAccount: "1774"' in desired
    assert 'name: "Dunder Mifflin", defaultCurrency: "EUR"' in desired
    assert planned(capsys)["create"] > 1000
    assert run(["apply", "plan.json"]) == 0
    assert not {"create", "update", "archive", "unarchive"} & set(planned(capsys))
