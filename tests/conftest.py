"""What all tests share: a clean environment, a sandbox, workspaces for it, the command line, hypothesis profiles.

`workspace(pleo, guard=...)` writes pleoctl.yaml and makes its folder the current one; `desired(folder, accounts=[...])`
writes rows beside it; `cli("plan", "--format", "json")` then gives exit code, stdout and stderr.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import shutil
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from hypothesis import HealthCheck, settings
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from requests_mock import Adapter, Mocker, NoMockAddress

from pleoctl.cli.main import run
from pleoctl.remote.connections import Connections, Sent
from pleoctl.sandbox import Sandbox, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from urllib3 import BaseHTTPResponse

    from postgres import Postgres
    from real_tryton import Tryton
    from shapes import Json, Value


@pytest.fixture(scope="session", autouse=True)
def heard_signals() -> None:
    """Signals are heard in every process of a test, also where a shell's background job has them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def fast_disk() -> Iterator[None]:
    """No test cuts the power, so nothing has to reach the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture
def requests_mock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mocker]:
    """Servers that are made up: for sessions of requests, and for wires, which have none."""
    played, real = Adapter(), Connections.send

    def send(connections: Connections, sent: Sent) -> BaseHTTPResponse:
        request = PreparedRequest()
        request.method, request.url, request.body = sent.method, sent.url, sent.body
        request.headers = CaseInsensitiveDict(sent.headers)
        try:
            answer: BaseHTTPResponse = played.send(request).raw
        except NoMockAddress:
            if not mocker.real_http:
                raise
            return real(connections, sent)
        return answer

    monkeypatch.setattr(Connections, "send", send)
    with Mocker(adapter=played) as mocker:
        yield mocker


@pytest.fixture(scope="session")
def tryton_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A real Tryton on a new database; half a minute, once."""
    from real_tryton import Tryton  # only where it is installed

    server = Tryton(tmp_path_factory.mktemp("tryton"))
    server.build()
    process = server.serve()
    yield server
    process.terminate()
    process.wait(timeout=30)
    server.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """The one PostgreSQL of a test process."""
    import postgres  # only where it is asked for

    with postgres.running() as found:
        if found is None:
            pytest.skip(postgres.MISSING)
        yield found


# Fixtures that one test shares between its examples are meant; time is a matter of the whole folder, not of an example.
_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("default", max_examples=60, deadline=None, suppress_health_check=_CHECKS)
settings.register_profile("thorough", max_examples=3000, deadline=None, suppress_health_check=_CHECKS)
# A pipeline draws the same examples each time, so that a change is judged by itself; the search goes on elsewhere.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))

SEED = Seed(
    accounts=[
        {"externalId": "ext-1000", "code": "1000", "name": "Office Supplies"},
        {"externalId": "ext-2000", "code": "2000", "name": "Überweisungen", "metadata": {"owner": "erp"}},
        {"externalId": "ext-3000", "code": "3000", "name": "Closed", "archived": True},
    ],
    tag_groups=[
        {"code": "DEPT", "name": "Department", "tags": [{"code": "ENG", "name": "Engineering"}]},
        {"code": "PROJ", "name": "Project", "archived": True, "tags": [{"code": "P1", "name": "One"}]},
    ],
)
_ENVIRONMENT = (
    "CI",
    "GITHUB_RUN_ID",
    "CI_JOB_URL",
    "BUILD_URL",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKSPACE",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "CI_PROJECT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "TRACEPARENT",
    "TRACESTATE",
)


class Said(NamedTuple):
    """What one run of the command line gave."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Value:
        """Standard output as JSON."""
        return json.loads(self.stdout)


class Cli(Protocol):
    """Runs the command line in this process."""

    def __call__(self, *arguments: object) -> Said:
        """What it gave."""


class MakeWorkspace(Protocol):
    """Writes a workspace and makes its folder the current one."""

    def __call__(self, pleo: Sandbox | None = None, /, **sections: Value) -> Path:
        """The folder; ``sections`` replace top-level keys of pleoctl.yaml, None leaves a key out."""


class MakeDesired(Protocol):
    """Writes a desired-state file from plain rows."""

    def __call__(self, folder: Path, name: str = "desired-state.yaml", **sections: Value) -> Path:
        """The file; ``sections`` are ``accounts`` and ``dimensions``."""


_NUMBERS = itertools.count()


@contextmanager
def own_folder(request: pytest.FixtureRequest, factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """An empty folder, which a test that passes leaves nothing of.

    `mktemp` looks at every folder that there is before it makes one: half a minute of a run of all tests.
    """
    folder, failed = factory.getbasetemp() / f"{name}{next(_NUMBERS)}", request.session.testsfailed
    folder.mkdir(mode=0o700)
    yield folder
    if request.session.testsfailed == failed:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of the test's own, in place of pytest's."""
    with own_folder(request, tmp_path_factory, re.sub(r"\W", "_", request.node.name)[:30]) as folder:
        yield folder


@pytest.fixture(autouse=True)
def environment(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """No setting of the machine reaches a test; the state folder is the test's own and is given back."""
    for name in [n for n in os.environ if n.startswith(("PLEOCTL_", "OTEL_"))] + list(_ENVIRONMENT):
        monkeypatch.delenv(name, raising=False)
    with own_folder(request, tmp_path_factory, "state") as state:
        monkeypatch.setenv("PLEOCTL_STATE_DIR", str(state))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(state / "config"))
        monkeypatch.setenv("PLEO_API_KEY", "sandbox-key")
        yield state


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """The one server of a test process."""
    with Sandbox(seed=SEED) as running:
        yield running


@pytest.fixture(scope="session")
def contents() -> Seed:
    """What `pleo` holds when a test begins; a folder may say something else."""
    return SEED


@pytest.fixture
def pleo(shared_sandbox: Sandbox, contents: Seed) -> Sandbox:
    """A Pleo with three accounts and two tag groups, no faults and default settings; ``reset`` it at will."""
    shared_sandbox.reset(contents, Settings())
    return shared_sandbox


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeWorkspace:
    """Factory of workspaces: ``workspace(pleo, dimensions={"selected": ["DEPT"]})`` gives the folder."""

    def make(pleo: Sandbox | None = None, /, **sections: Value) -> Path:
        data: Json = {
            "apiVersion": "pleoctl/v1",
            "kind": "Workspace",
            "company": pleo.company if pleo else SEED.company,
            "pleo": {"url": pleo.url if pleo else "http://127.0.0.1:9", "auth": {"apiKey": "env:PLEO_API_KEY"}},
        }
        given = {key: value for key, value in {**data, **sections}.items() if value is not None}
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in given.items())
        (tmp_path / "pleoctl.yaml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return make


@pytest.fixture
def desired() -> MakeDesired:
    """Factory of desired-state files: ``desired(folder, accounts=[{...}])`` gives the file."""

    def make(folder: Path, name: str = "desired-state.yaml", **sections: Value) -> Path:
        text = "apiVersion: pleoctl/v1\nkind: DesiredState\n"
        for section, rows in sections.items():
            text += f"{section}:\n" + "".join(f"- {json.dumps(r)}\n" for r in rows) if rows else f"{section}: []\n"
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """The command line in this process: ``cli("plan", "-o", "plan.json")`` gives code, stdout, stderr."""
    logger, last = logging.getLogger("pleoctl"), logging.lastResort
    before = logger.level, logger.propagate, logger.handlers[:]

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    yield call
    # A command makes the log its own, and the tests that follow have theirs.
    logger.setLevel(before[0])
    logger.propagate, logger.handlers[:] = before[1:]
    logging.lastResort = last


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many histories were simulated, and from which seed on."""
    told = [report.user_properties for report in terminalreporter.stats.get("passed", [])]
    numbers = [value for properties in told for name, value in properties if name == "simulated histories"]
    seeds = [value for properties in told for name, value in properties if name == "first seed"]
    if seeds:
        terminalreporter.write_line(f"simulated {sum(numbers)} histories, seeds from {min(seeds)} on")
