"""A real accounting system: Tryton with the German chart SKR03 on SQLite, followed into the sandbox and back."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from pleoctl.cli.main import run
from pleoctl.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = os.environ.get("PLEOCTL_TRYTON", "")
PASSWORD = "secret-of-the-books"
MODULES = ["account", "analytic_account", "account_de_skr03"]
SETUP = Path(__file__).parents[2] / "support" / "tryton_books.py"

pytestmark = [
    pytest.mark.tryton,
    pytest.mark.skipif(
        not HOME or not (Path(HOME) / "bin" / "trytond").exists(),
        reason="Tryton is not installed; PLEOCTL_TRYTON names its virtual environment",
    ),
]


class Tryton:
    """A running Tryton server and the calls that a bookkeeper's client makes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        (folder / "db").mkdir()
        (folder / "db" / "pleo.sqlite").touch()
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        self._config = folder / "trytond.conf"
        self._config.write_text(
            f"[database]\nuri = sqlite://\npath = {folder}/db\n[web]\nlisten = 127.0.0.1:{port}\n", encoding="utf-8"
        )
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(max_retries=Retry(total=200, backoff_factor=0.1, backoff_max=0.3)))

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def build(self) -> None:
        """Make the database; half a minute."""
        admin = ["trytond-admin", "-c", str(self._config), "-d", "pleo"]
        self._run([*admin, "--all", "--email", "a@example.com", "-p"])
        self._run([*admin, "-u", *MODULES, "--activate-dependencies"])
        self._run(["python", "-W", "ignore", str(SETUP), str(self._config)])

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "TRYTONPASSFILE": str(self._folder / "password")}

    def _run(self, command: list[str]) -> None:
        program = str(Path(HOME) / "bin" / command[0])
        subprocess.run([program, *command[1:]], env=self._environment(), check=True, capture_output=True, timeout=600)

    def serve(self) -> subprocess.Popen[bytes]:
        """Start the server and log in."""
        program = str(Path(HOME) / "bin" / "trytond")
        process = subprocess.Popen(
            [program, "-c", str(self._config), "-d", "pleo"],
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        user, key = self.call("common.db.login", "admin", {"password": PASSWORD}, "en")[:2]
        session = base64.b64encode(f"admin:{user}:{key}".encode()).decode()
        self._session.headers["Authorization"] = f"Session {session}"
        return process

    def call(self, method: str, *params: Any) -> Any:
        """One call as the client makes it."""
        body = {"id": 0, "method": method, "params": list(params)}
        answer = self._session.post(f"{self.url}/pleo/", json=body, timeout=60).json()
        assert isinstance(answer, list) or "error" not in answer, answer
        return answer["result"] if isinstance(answer, dict) else answer

    def account(self, code: str) -> int:
        """The id of the account with a code."""
        (found,) = self.call("model.account.account.search", [["code", "=", code]], 0, None, None, {})
        return int(found)


@pytest.fixture(scope="module")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A server on a new database."""
    server = Tryton(tmp_path_factory.mktemp("tryton"))
    server.build()
    process = server.serve()
    yield server
    process.terminate()
    process.wait(timeout=30)
    server.close()


@pytest.fixture
def folder(tryton: Tryton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
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
                "baseUrl": tryton.url,
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
    tryton: Tryton, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Export, plan, apply; then one account deactivated, one renamed, one added, one cost centre gone, and again."""
    assert run(["export"]) == 0
    assert run(["source", "check", "--trace", "1"]) == 0
    first = planned(capsys)
    assert first["create"] > 1000
    assert run(["apply", "plan.json"]) == 0
    assert live(folder, "4670") != []
    assert not {"create", "update", "archive", "unarchive"} & set(planned(capsys))

    gone, renamed, model = tryton.account("4670"), tryton.account("4660"), "model.account.account"
    tryton.call(f"{model}.write", [gone], {"end_date": {"__class__": "date", "year": 2020, "month": 1, "day": 1}}, {})
    tryton.call(f"{model}.write", [renamed], {"name": "Reisekosten & Spesen"}, {})
    (copy,) = tryton.call(f"{model}.copy", [renamed], {"code": "4699", "name": "Neu"}, {})
    (centre,) = tryton.call("model.analytic_account.account.search", [["code", "=", "200"]], 0, None, None, {})
    tryton.call("model.analytic_account.account.write", [centre], {"active": False}, {})

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
    tryton: Tryton, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1, the server's refusal, no desired file."""
    assert tryton.url
    monkeypatch.setenv("TRYTON_PASSWORD", "hunter22-hunter22")
    assert run(["export"]) == 1
    told = capsys.readouterr()
    assert "hunter22" not in told.out + told.err
    assert "Tryton" in told.err
    assert not (folder / "desired-state.yaml").exists()
