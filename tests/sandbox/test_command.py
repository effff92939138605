from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox

SEED = 'apiVersion: pleoctl/v1\nkind: SandboxSeed\naccounts: [{externalId: "1", name: "One"}]\n'
CONFIG = "apiVersion: pleoctl/v1\nkind: SandboxConfig\nfaults: [{kind: status, status: 502, nth: 1}]\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_announces_itself_and_ends_with_0(tmp_path: Path, number: signal.Signals) -> None:
    """url, company and key on stdout, the same in the ready file; a signal ends it without an error."""
    (tmp_path / "seed.yaml").write_text(SEED, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    arguments = ["--seed", "seed.yaml", "--config", "config.yaml", "--ready-file", "ready.json"]
    with _serve(tmp_path, *arguments) as process:
        assert process.stdout is not None
        lines = dict(process.stdout.readline().split() for _ in range(3))
        ready = _ready(process, tmp_path / "ready.json")
        assert lines == {"url": ready["url"], "company": ready["company"], "key": ready["apiKey"]}
        answers = [
            requests.get(f"{ready['url']}/v1/introspect", auth=(str(ready["apiKey"]), ""), timeout=5) for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [502, 200]
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "ready.json", "seed.yaml"]


@pytest.mark.parametrize("option", ["--seed", "--config"])
def test_a_wrong_file_ends_with_78(tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the file and the field, and nothing is served."""
    path = tmp_path / "wrong.yaml"
    path.write_text("setings: {}\n", encoding="utf-8")
    assert run(["sandbox", "serve", option, str(path)]) == 78
    assert f"{path}:1:1: unknown key 'setings'" in capsys.readouterr().err


def test_a_taken_port_ends_with_1(pleo: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A port that another process has is one line, not a traceback."""
    port = pleo.url.rpartition(":")[2]
    assert run(["sandbox", "serve", "--port", port]) == 1
    assert f"port {port} cannot be taken" in capsys.readouterr().err


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without uvicorn the command says what to install."""
    monkeypatch.delitem(sys.modules, "pleoctl.sandbox.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["sandbox", "serve"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "the sandbox is an extra" in line
    assert "install pleoctl[sandbox]" in line


def test_another_host_is_let_in_by_an_option(tmp_path: Path) -> None:
    """A container's name is answered once it is allowed, and another one is not."""
    with _serve(tmp_path, "--ready-file", "ready.json", "--allow-host", "pleo.test") as process:
        ready = _ready(process, tmp_path / "ready.json")
        statuses = [
            requests.get(f"{ready['url']}/_sandbox/state", headers={"Host": host}, timeout=5).status_code
            for host in ("pleo.test:8080", "books.example.net")
        ]
        assert statuses == [200, 421]
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """The help text of serve has examples and all options."""
    assert run(["sandbox", "serve", "--help"]) == 0
    text = capsys.readouterr().out
    assert "pleoctl sandbox serve --port 8080" in text
    for option in ("--port", "--seed", "--config", "--ready-file", "--allow-host", "--database"):
        assert option in text


def _serve(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-m", "pleoctl", "sandbox", "serve", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ready(process: subprocess.Popen[str], path: Path) -> dict[str, object]:
    while process.poll() is None and not path.exists():
        pass
    content: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return content
