"""The first half hour by questions, on a terminal that is one; and what is told where nobody can answer."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Sandbox, Settings
from tests.conftest import SEED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

CHART = "Kontonummer;Kontonamn\n1930;Bank\n6110;Kontorsmaterial\n"
ANSWER_SECONDS = 30


class Terminal:
    """A person at a terminal: waits for words, then types."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        """Start pleoctl in a folder."""
        self._ours, theirs = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pleoctl", *arguments],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", **environ},
        )
        os.close(theirs)
        self.seen = ""
        self._from = 0

    def answer(self, question: str, words: str) -> None:
        """Type once the question is there."""
        self.wait(question)
        os.write(self._ours, f"{words}\n".encode())

    def wait(self, words: str) -> None:
        """Read until the words are there, behind those that were waited for before."""
        while (at := self.seen.find(words, self._from)) < 0:
            assert self._read(), f"{words!r} did not come: {self.seen}"
        self._from = at + len(words)

    def end(self) -> int:
        """The exit code, once all is said."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait()

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], ANSWER_SECONDS)[0]:
            self.process.kill()
            return False
        try:
            part = os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += part.decode()
        return bool(part)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it, and no credential."""
    monkeypatch.delenv("PLEO_API_KEY")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_questions_lead_from_nothing_to_a_plan(empty: Path, pleo: Sandbox) -> None:
    """A wrong answer is asked for again; what is written is what the commands shown write; the key is nowhere."""
    pleo.reset(SEED, Settings())
    terminal = Terminal(empty, "connect", "books")
    terminal.answer("Company (UUID)", "nonsense")
    terminal.wait("is no UUID")
    terminal.answer("Company (UUID)", pleo.company)
    terminal.answer("Pleo: staging", pleo.url)
    terminal.answer("PLEO_API_KEY (not shown)", "sandbox-key")
    terminal.wait("$ pleoctl doctor --workspace books")
    terminal.wait("The file")
    (empty / "books/as/chart.csv").write_text(CHART, encoding="utf-8")
    os.write(terminal._ours, b"chart.csv\n")  # noqa: SLF001 - the question is there already
    terminal.wait("$ pleoctl plan -o books/plan.json --workspace books")
    code = terminal.end()
    assert "sandbox-key" not in terminal.seen
    assert not [path for path in empty.rglob("*") if path.is_file() and b"sandbox-key" in path.read_bytes()]
    plan = json.loads((empty / "books/plan.json").read_text())
    assert plan["company"] == pleo.company
    assert code in {0, 3}, terminal.seen


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it(empty: Path, number: signal.Signals, code: int) -> None:
    """With nothing written, and with the signal's own code."""
    terminal = Terminal(empty, "connect")
    terminal.wait("Company (UUID)")
    terminal.process.send_signal(number)
    assert terminal.end() == code
    assert list(empty.iterdir()) == []


def test_with_ci_set_a_terminal_is_asked_nothing(empty: Path) -> None:
    """It prints what is to be run."""
    terminal = Terminal(empty, "connect", CI="true")
    assert terminal.end() == 0
    assert "pleoctl init . --company UUID" in terminal.seen


def test_without_a_terminal_the_commands_are_told(cli: Cli, empty: Path) -> None:
    """All at first; of a workspace that is there those that are left."""
    told = cli("connect", "books").stdout
    assert [line.partition(" --")[0] for line in told.splitlines()] == [
        "pleoctl init books",
        "export PLEO_API_KEY=…",
        "pleoctl doctor",
        "pleoctl source init books/as/FILE",
        "pleoctl source check",
        "pleoctl export",
        "pleoctl dimensions list",
        "pleoctl dimensions select",
        "pleoctl plan -o plan.json",
    ]
    assert list(empty.iterdir()) == []
    assert cli("init", "books", "--company", SEED.company).code == 0
    said = cli("connect", "books", "--format", "json")
    assert (said.code, said.json["result"][0]) == (0, "export PLEO_API_KEY=…")


@pytest.mark.parametrize(("option", "value"), [("--company", "x"), ("--url", "http://example.org"), ("--url", "x: y")])
def test_init_takes_no_company_or_url_that_is_none(cli: Cli, empty: Path, option: str, value: str) -> None:
    """Nothing is written then."""
    assert cli("init", option, value).code == 64
    assert list(empty.iterdir()) == []


def test_the_example_of_a_chart_is_told(cli: Cli, pleo: Sandbox, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing in it is changed and somebody could bring it to Pleo."""
    monkeypatch.setenv("PLEO_API_KEY", "sandbox-key")
    assert cli("init", "--company", pleo.company, "--url", pleo.url).code == 0

    def told(command: str) -> int:
        return [one["code"] for one in cli(command, "--format", "json").json["findings"]].count("not-ready")

    assert "not your chart of accounts" in cli("export").stderr
    assert "not your chart of accounts" in cli("plan", "-o", "plan.json", "--allow-archive", "2").stderr
    assert (told("validate"), told("export")) == (1, 1)
    assert cli("apply", "plan.json").code == 0
    assert "chart" not in cli("plan").stderr
    (empty / "as" / "accounts.csv").write_text("externalId,code,name\n1,1930,Bank\n", encoding="utf-8")
    assert (told("validate"), told("export")) == (0, 0)


def test_a_new_workspace_is_valid(cli: Cli, empty: Path) -> None:
    """What is still to be done is a warning; a desired state that is missing without a source stays an error."""
    assert cli("init").code == 0
    said = cli("validate", "--format", "json")
    assert (said.code, [one["code"] for one in said.json["findings"]]) == (0, ["not-ready"] * 3)
    text = (empty / "pleoctl.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("source:", "  type:", "  accounts:"))]
    (empty / "pleoctl.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert cli("validate").code == 78
