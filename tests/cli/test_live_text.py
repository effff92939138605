"""Live text comes out of no door as anything but text: every command, every format, over files and servers that try."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import pytest

from live_text import BAD, OURS, tame
from pleoctl.sandbox import Seed
from pleoctl.state.lock import FileLock, Holder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests_mock import Mocker

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

RULES: Final = """\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fallback}
description: "{{ note }}"
include: [standard]
"""


@pytest.fixture
def hostile(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, environment: Path, cli: Cli) -> Path:
    """A workspace whose every file holds such text, and a Pleo whose every record does; there is something to do."""
    accounts = [{"externalId": f"{BAD}{n}", "code": f"{BAD}{n}", "name": f"{BAD}{n}"} for n in range(6)]
    tags = [{"code": f"{BAD}{n}", "name": BAD} for n in range(3)]
    pleo.reset(Seed(accounts=accounts, tag_groups=[{"code": BAD, "name": BAD, "tags": tags}]))
    folder: Path = workspace(
        pleo,
        source={"type": "csv", "accounts": {"path": "accounts.csv"}},
        dimensions={"selected": [BAD], "leave": [f"{BAD}left"]},
        guard={"protect": [f"account:{BAD}"], "maxArchive": {"count": 1, "share": 1}, "maxShrink": 1},
        mapping="mapping.yaml",
    )
    held = {"externalId": BAD, "name": "h", "hold": BAD}
    wanted = [{**row, "name": f"{row['name']}!"} for row in accounts[:4]]
    values = [{"code": f"{BAD}{n}", "name": BAD} for n in range(1, 5)]
    desired(
        folder,
        accounts=[*wanted, {"externalId": f"{BAD}new", "code": BAD, "name": BAD}, held],
        dimensions=[{"code": BAD, "name": BAD, "values": values}, {"code": f"{BAD}2", "name": BAD}],
    )
    cell = BAD.replace('"', '""')
    rows = f'"{cell}","{cell}","","{cell}"\n"{cell}2","{cell}","{cell}",""\n'
    (folder / "accounts.csv").write_bytes(f"externalId,code,name,active\n{rows}".encode())
    test = {"name": BAD, "given": {"type": "card_purchase"}, "expect": {"fails": "validation_failure"}}
    (folder / "mapping.yaml").write_text(f"{RULES}tests: {json.dumps([test])}\n", encoding="utf-8")
    lines = [{"account": BAD, "amount": 1}]
    items = [{"accountingEntryId": BAD, "type": kind, "note": BAD, "lines": lines} for kind in (BAD, "card_purchase")]
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    assert cli("plan", "-o", "plan.json", "--allow-archive", "3").code == 0
    _leave_a_run(folder)
    _leave_a_lock(environment)
    return folder


def _leave_a_run(folder: Path) -> None:
    """A run whose name and receipt try, too."""
    run = folder / ".pleoctl" / "runs" / BAD.replace("/", "")
    run.mkdir(parents=True)
    change = {"address": f"account:{BAD}", "action": BAD, "status": "failed", "error": {"message": BAD, "code": BAD}}
    receipt = {"formatVersion": 1, "kind": "Receipt", "runId": BAD, "outcome": BAD, "changes": [change]}
    (run / "receipt.json").write_text(json.dumps(receipt), encoding="utf-8")


def _leave_a_lock(state: Path) -> None:
    holder = {"company": BAD, "url": BAD, "command": BAD, "pid": 1, "host": BAD, "run": BAD, "since": BAD}
    for name in (f"{BAD.replace('/', '')}.lock", f"{BAD.replace('/', '')}.json"):
        (state / name).write_text(json.dumps(holder), encoding="utf-8")


COMMANDS: Final = (
    ("validate",),
    ("validate", "--junit", "x.xml", "--sarif", "x.sarif"),
    ("export", "--check"),
    ("export",),
    ("fmt", "--check"),
    ("fmt",),
    ("source", "check", "--trace", "3"),
    ("source", "presets", BAD),
    ("plan",),
    ("plan", "--brief"),
    ("plan", "--format", "markdown"),
    ("plan", "--dimension", BAD),
    ("plan", "--dimension", f"{BAD}x"),
    ("plan", "--today", BAD),
    ("plan", "-o", f"{BAD}/x"),
    ("plan", "--junit", "x.xml", "--sarif", "x.sarif"),
    ("drift",),
    ("sync", "--only", "accounts"),
    ("show", "plan.json"),
    ("show", "plan.json", "--format", "markdown"),
    ("show", "plan.json", "--format", "html"),
    ("show", f"{BAD}.json"),
    ("apply", "plan.json"),
    ("apply", "plan.json", "--expect-id", BAD),
    ("apply", "plan.json", "--lock-timeout", BAD),
    ("undo", BAD),
    ("import", "-o", "live.yaml"),
    ("dimensions", "list"),
    ("dimensions", "select", f"{BAD}2"),
    ("dimensions", "select", f"{BAD}x"),
    ("dimensions", "select", "--auto"),
    ("dimensions", "deselect", BAD),
    ("dimensions", "deselect", f"{BAD}x"),
    ("doctor",),
    ("config", "show"),
    ("log",),
    ("log", "-n", BAD),
    ("lock", "list"),
    ("lock", "release"),
    ("map", "items.json", "--format", "csv"),
    ("map", "items.json", "--format", "beancount"),
    ("map", "items.json", "--format", "hledger"),
    ("map", BAD, "--format", "csv"),
    ("mapping", "check"),
    ("mapping", "test"),
    ("mapping", "test", BAD),
    ("mapping", "test", "--junit", "x.xml"),
    ("mapping", "explain", "items.json"),
    ("mapping", "explain", "items.json", "--graph"),
    ("mapping", "explain", "items.json", "--id", f"{BAD}x"),
    ("mapping", "coverage", "--items", "items.json"),
    ("mapping", "impact", "--base", BAD, "--items", "items.json"),
    ("mapping", "impact", "--base", "mapping.yaml", "--items", "items.json"),
    ("mapping", "impact", "--base", "mapping.yaml", "--items", "items.json", "--format", "markdown"),
    ("schema", BAD),
    ("completion", BAD),
    ("trust", BAD),
    ("init", BAD.replace("/", "")),
    (BAD,),
    ("plan", f"--{BAD}"),
    ("config", BAD),
    ("plan", "--workspace", BAD),
    ("sandbox", "serve", "--seed", BAD),
    ("comment", "plan.json", "--github", "--repo", BAD),
    ("help", BAD),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words).encode("unicode_escape").decode())
def test_no_command_passes_it_on(
    command: tuple[str, ...], hostile: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither stream, in text, with progress, tracebacks and colours, nor a report file holds it as it is."""
    for options in ((), ("--debug",)):
        said = cli(*command, *options)
        tame(said.stdout + said.stderr)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(hostile / "summary.md"))
    said = cli(*command, "-v")
    tame(OURS.sub("", said.stdout + said.stderr))
    assert said.stdout + said.stderr or command == ("fmt",)
    for report in (*hostile.glob("x.*"), *hostile.glob("summary.md")):
        tame(report.read_text(encoding="utf-8"))
    for report in hostile.glob("x.xml"):
        for element in ET.parse(report).iter():
            assert "\n" not in "".join(element.attrib.values())
            tame("\n".join(element.attrib.values()))


@pytest.mark.parametrize("command", [("export", "--check"), ("drift",), ("mapping", "test"), ("log",)], ids=" ".join)
def test_json_is_obeyed_by_nobody(command: tuple[str, ...], hostile: Path, cli: Cli) -> None:
    """The envelope, logs and events hold the same text, spelt so that no CI system finds a command in it."""
    told = cli(*command, "--format", "json")
    logs = cli(*command, "--log-format", "json").stderr
    cli("apply", "plan.json", "--events", "events.jsonl")
    events = (hostile / "events.jsonl").read_text(encoding="utf-8")
    tame(told.stdout + logs + events)
    assert "task.complete" in told.stdout + logs


# --- what servers, the environment, locks and exceptions say ---------------------------------------------------------


@pytest.fixture
def liar() -> Iterator[str]:
    """The url of a Pleo that lets a credential be asked for, with such words, and refuses all else with others."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            found = self.path.startswith("/v1/introspect")
            told = {"data": {"authMethod": BAD, "scope": f"{BAD} accounts:read", "sub": BAD}}
            body = json.dumps(told if found else {"message": BAD, "code": BAD, "errors": [{"detail": BAD}]}).encode()
            self.send_response(200 if found else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("command", [("doctor",), ("plan",), ("drift",), ("import", "-o", "x.yaml"), ("sync",)])
@pytest.mark.parametrize("options", [(), ("-v",), ("--debug",)])
def test_no_word_of_a_server_is_passed_on(
    command: tuple[str, ...],
    options: tuple[str, ...],
    liar: str,
    workspace: MakeWorkspace,
    desired: MakeDesired,
    cli: Cli,
) -> None:
    """Neither what it says of a credential, nor its errors, nor these in a traceback."""
    folder = workspace(
        None,
        pleo={"url": liar, "auth": {"apiKey": "env:PLEO_API_KEY"}},
        source={"type": "csv", "accounts": {"path": "accounts.csv"}},
    )
    (folder / "accounts.csv").write_text("externalId,name\na,b\n")
    desired(folder, accounts=[{"externalId": "a", "name": "b"}])
    said = cli(*command, *options)
    tame(said.stdout + said.stderr)
    assert said.code == 1
    assert "add-mask" in said.stdout + said.stderr
    assert ("Traceback" in said.stderr) == (options == ("--debug",) and command != ("doctor",))


def test_no_word_of_a_refused_write_is_passed_on(
    hostile: Path, cli: Cli, requests_mock: Mocker, pleo: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt in text, in the summary of a job and in its annotations."""
    requests_mock.real_http = True
    for method in ("PUT", "POST"):
        path = re.compile(f"^{re.escape(pleo.url)}/.*/(accounts|tags|tag-groups)(?!.*search)")
        requests_mock.register_uri(method, path, status_code=400, json={"message": BAD, "code": BAD})
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(hostile / "summary.md"))
    said = cli("apply", "plan.json", "--receipt", "receipt.json")
    assert said.code == 5
    told, commands = said.stdout + said.stderr, re.compile(r"(?m)^::(error|warning|notice) title=pleoctl.*$")
    assert commands.search(told)
    tame(commands.sub("", told))
    tame((hostile / "summary.md").read_text(encoding="utf-8"))
    for command in (("log",), ("undo", "receipt.json")):
        said = cli(*command)
        tame(said.stdout + said.stderr)


VARIABLES: Final = (
    "PLEOCTL_URL",
    "PLEOCTL_COMPANY",
    "PLEOCTL_FORMAT",
    "PLEOCTL_WORKSPACE",
    "PLEOCTL_LOCK_TIMEOUT",
    "PLEOCTL_TRUSTED_HOSTS",
    "PLEOCTL_DEBUG",
    "PLEO_API_KEY",
    "GITHUB_RUN_ID",
    "CI_JOB_URL",
)


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("command", [("config", "show"), ("plan",), ("sync",), ("trust", "list")], ids=" ".join)
def test_no_variable_is_passed_on(
    variable: str, command: tuple[str, ...], hostile: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says, as long as a process can have it."""
    del hostile
    monkeypatch.setenv(variable, BAD)
    said = cli(*command)
    tame(said.stdout + said.stderr)


def test_no_word_of_a_lock_is_passed_on(hostile: Path, cli: Cli, pleo: Sandbox) -> None:
    """Who holds it is another program's word."""
    del hostile
    holder = Holder(BAD, BAD, BAD, 7, BAD, BAD, BAD)
    with FileLock(pleo.url, pleo.company).hold(holder, 0):
        for command in (("lock", "list"), ("lock", "release"), ("apply", "plan.json"), ("sync",)):
            said = cli(*command, "--debug")
            assert "add-mask" in said.stdout + said.stderr
            tame(said.stdout + said.stderr)


def test_no_word_of_an_exception_is_passed_on(
    cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug's message and its causes, in the finding and in the traceback; each message on its own line."""

    def fail(*_: object) -> None:
        try:
            dict[str, str]()[BAD]
        except KeyError as error:
            logging.getLogger("pleoctl.x").exception("log %s", BAD)
            raise RuntimeError(BAD) from error

    workspace()
    monkeypatch.setattr("pleoctl.workspace.Workspace.find", fail)
    for options in ((), ("--debug",)):
        said = cli("log", *options)
        tame(said.stdout + said.stderr)
        assert said.code == 1
        assert said.stderr.count("Traceback (most recent call last):") == 3 * len(options)


SAYS: Final = """\
import json, sys
from pathlib import Path
sys.stderr.buffer.write(Path("bad.txt").read_bytes() + b"\\n")
sys.stderr.flush()
print(json.dumps({"drafts": True} if sys.argv[1:] else {"externalId": "a", "name": "b"}))
sys.exit(0 if sys.argv[1:] else 1)
"""


def test_no_word_of_a_program_is_passed_on(cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a source or books say on standard error may be a branch's or a server's; in a log of objects it is one."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    program = [sys.executable, "-c", SAYS]
    folder = workspace(
        source={"type": "exec", "accounts": {"command": program}}, sink={"type": "exec", "command": [*program, "books"]}
    )
    (folder / "bad.txt").write_text(BAD, encoding="utf-8")
    for command in (("export",), ("sink", "check")):
        said = cli(*command)
        tame(said.stdout + said.stderr)
        assert "add-mask" in said.stderr
        logs = cli(*command, "--log-format", "json").stderr
        assert any("add-mask" in json.loads(line)["message"] for line in logs.splitlines())


def test_what_python_says_takes_the_door_too(tmp_path: Path) -> None:
    """Warnings, a thread's error, one that nobody could raise, and one that nobody caught."""
    (tmp_path / "bad.txt").write_text(BAD, encoding="utf-8")
    program = (
        "import sys, threading, warnings, logging\n"
        "from pathlib import Path\n"
        "from pleoctl.cli import door, records\n"
        "bad = Path('bad.txt').read_bytes().decode()\n"
        "door.keep(); records.set_up_logging(verbose=True, debug=True)\n"
        "warnings.warn(bad, stacklevel=1); logging.getLogger('other').warning(bad)\n"
        "def fail(): raise RuntimeError(bad)\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
        "class Gone:\n    def __del__(self): fail()\n"
        "Gone(); fail()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.count("::add-mask::x") == 5
    tame(done.stderr)
