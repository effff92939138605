"""A real accounting system in a process of its own: Tryton with the German chart SKR03 on SQLite."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ports import free_port

if TYPE_CHECKING:
    from shapes import Value

HOME = os.environ.get("PLEOCTL_TRYTON", "")
PASSWORD = "secret-of-the-books"
MODULES = ["account", "analytic_account", "account_de_skr03"]
SETUP = Path(__file__).parent / "tryton_books.py"
INSTALLED = bool(HOME) and (Path(HOME) / "bin" / "trytond").exists()


class Tryton:
    """A running Tryton server and the calls that a bookkeeper's client makes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        port = free_port()
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

    def call(self, method: str, *params: Value) -> Value:
        """One call as the client makes it."""
        body = {"id": 0, "method": method, "params": list(params)}
        answer = self._session.post(f"{self.url}/pleo/", json=body, timeout=60).json()
        assert isinstance(answer, list) or "error" not in answer, answer
        return answer["result"] if isinstance(answer, dict) else answer

    def account(self, code: str) -> int:
        """The id of the account with a code."""
        (found,) = self.call("model.account.account.search", [["code", "=", code]], 0, None, None, {})
        return int(found)
