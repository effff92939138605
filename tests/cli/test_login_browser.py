"""The browser that `login` opens: on a real terminal, in a real process, by the variable that names one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from pleoctl.text import Shown
    from tests.conftest import Cli, MakeWorkspace

pty = pytest.importorskip("pty")

AUTH = {"oauth": {"clientId": "sandbox-client", "clientSecret": "env:CLIENT_SECRET"}}
BROWSER = """\
#!{python}
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as page:
    open({where!r}, "wb").write(page.read())
"""


def on_a_terminal(folder: Path, environ: dict[str, str], *arguments: str) -> tuple[int, str]:
    """A process of its own whose standard error is a terminal: its exit code, and what it showed there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pleoctl", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=theirs, env={**os.environ, **environ})
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(timeout=30), shown.decode()


def test_a_browser_is_opened(pleo: Sandbox, workspace: MakeWorkspace, tmp_path: Path) -> None:
    """It goes through the consent and ends at this machine, although it ends only when it was answered."""
    folder = workspace(pleo, pleo={"url": pleo.url, "auth": AUTH})
    browser = tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable, where=str(tmp_path / "page.txt")))
    browser.chmod(0o755)
    environ = {"BROWSER": str(browser), "CLIENT_SECRET": "sandbox-client-secret"}
    code, shown = on_a_terminal(folder, environ, "login")
    assert code == 0, shown
    assert "signed in: Pleo" in shown
    assert "no browser" not in shown
    assert "The answer has arrived" in (tmp_path / "page.txt").read_text()


@pytest.mark.parametrize("environ", [{"BROWSER": "/nowhere/browser"}, {"BROWSER": "false"}, {}])
def test_where_there_is_none_the_terminal_says_what_to_do(
    pleo: Sandbox, workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    """The address is still waited for."""
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environ, "CLIENT_SECRET": "sandbox-client-secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("webbrowser._tryorder", None)  # so that the variable is read anew
    monkeypatch.setattr("webbrowser._browsers", {})
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    workspace(pleo, pleo={"url": pleo.url, "auth": AUTH})
    told: list[str] = []
    addressed, helped = threading.Event(), threading.Event()

    def heard(shown: Shown, **_how: object) -> None:
        told.append(shown.plain)
        (helped if "no browser" in shown.plain else addressed).set()

    def person() -> None:
        assert addressed.wait(20)
        assert helped.wait(20)
        address = next(line for line in told[0].splitlines() if line.startswith("http"))
        urllib.request.urlopen(address, timeout=10).close()

    thread = threading.Thread(target=person)
    thread.start()
    monkeypatch.setattr("pleoctl.cli.login.tell", heard)
    said = cli("login")
    thread.join()
    assert said.code == 0, said.stderr
    assert "--paste" in "".join(told)
