"""Notices: who is told of what, in which words, and that no notice changes a run."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from collecting import Collector
from mixed import accounts
from pleoctl import notify
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

ALL = [{"to": "env:NOTICES"}]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A service that takes notices; the variable NOTICES names it."""
    with Collector() as running:
        monkeypatch.setenv("NOTICES", f"json://user:s3cret@127.0.0.1:{running.port}/hook")
        yield running


@pytest.fixture
def renamed(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> None:
    """A workspace with other names than Pleo has, whose runs are told to whoever NOTICES names."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    desired(workspace(pleo, notify=ALL), accounts=[{**row, "name": "n"} for row in accounts(2)])


def told(service: Collector) -> list[Json]:
    """The messages that came."""
    return [json.loads(posted.body) for posted in service.posted]


def test_drift_is_told_with_numbers_and_without_names(
    cli: Cli, service: Collector, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """One message a run; no name of the desired state stands in it."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    renamed = [{**row, "name": "<!channel> @all"} for row in accounts(2)]
    rates = [{"code": "V25", "name": "VAT", "rate": "0.25", "type": "inclusive"}]
    desired(workspace(pleo, notify=ALL), accounts=renamed, taxCodes=rates)
    assert cli("drift").code == 2
    (message,) = told(service)
    assert message["title"] == "pleoctl drift: drift"
    assert pleo.company in message["message"]
    assert "account update 2; tax code create 1" in message["message"]
    assert "channel" not in str(message)


def test_a_run_without_anything_to_tell_tells_nobody(
    cli: Cli, service: Collector, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """Nor does a command that is no run."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    desired(workspace(pleo, notify=ALL), accounts=accounts(2))
    for command in (
        ["drift"],
        ["plan", "-o", "plan.json"],
        ["apply", "plan.json"],
        ["validate"],
        ["show", "none.json"],
    ):
        cli(*command)
    assert service.posted == []


def test_refused_failed_and_held_are_told(
    cli: Cli, service: Collector, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """A guard's refusal with its codes, a failed change by kind and status with its run, held rows by kind."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    folder = workspace(pleo, notify=ALL)
    desired(folder, accounts=[])
    assert cli("plan").code == 3
    desired(folder, accounts=[{**accounts(2)[0], "name": "n"}, {"externalId": "e001", "name": " ", "hold": "blank"}])
    assert cli("plan", "-o", "plan.json").code == 0
    pleo.add_fault(Fault(kind="status", status=400, method="PUT"))
    assert cli("apply", "plan.json").code == 5
    first, second, third = (message["message"] for message in told(service))
    assert "refused: archive-all" in first
    assert "account 1" in second
    assert "account update failed 1" in third
    assert "pleoctl log 2" in third


def test_each_target_hears_what_it_asked_for(
    cli: Cli,
    service: Collector,
    pleo: Sandbox,
    workspace: MakeWorkspace,
    desired: MakeDesired,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing else, and nothing at all where that is nothing; a web address takes JSON as well, with its query."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    desired(workspace(pleo, notify=[{"to": "env:NOTICES", "on": ["expiring", "failed"]}]), accounts=[])
    assert cli("plan").code == 3
    assert told(service) == []
    pleo.add_fault(Fault(kind="status", status=401))
    monkeypatch.setenv("NOTICES", f"http://127.0.0.1:{service.port}/hook/T1?key=a%20b&verify=no")
    assert cli("plan").code == 1
    assert [posted.path for posted in service.posted] == ["/hook/T1?key=a+b&verify=no"]
    (message,) = told(service)
    assert message["title"] == "pleoctl plan: failed, expiring"


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize("url", ["", None, "nothing://here", "json://user:s3cret@127.0.0.1:9/hook", "not a url at all"])
def test_a_notice_that_fails_is_a_warning(cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    """The exit code stays, and no word of the url is told; an empty variable is nobody."""
    if url is not None:
        monkeypatch.setenv("NOTICES", url)
    said = cli("drift", "-v")
    assert (said.code, "warning" in said.stderr) == (2, url != "")
    assert "s3cret" not in said.stderr
    assert ("env:NOTICES" in said.stderr) == (url != "")


@pytest.mark.usefixtures("renamed")
def test_a_service_that_answers_for_ever_keeps_no_run(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """One warning and the run's own code; what still sends is a thread that no end of the process waits for."""
    monkeypatch.setattr(notify, "MOST_SECONDS", 0.3)
    with Collector(endless=True) as running:
        monkeypatch.setenv("NOTICES", f"json://user:s3cret@127.0.0.1:{running.port}/hook")
        said = cli("drift")
        left = [thread for thread in threading.enumerate() if thread.name == "pleoctl-notice"]
        assert [thread.daemon for thread in left] == [True]
        while not running.posted:
            left[0].join(0.02)
        assert not [thread for thread in threading.enumerate() if "PoolExecutor" in thread.name]
    assert (said.code, "env:NOTICES: the notice was not taken within 0.3 s" in said.stderr) == (2, True)
    left[0].join(5)


@pytest.mark.parametrize("to", ["json://localhost/x", "file:hook", "cmd:echo"])
def test_targets_are_variables_only(cli: Cli, workspace: MakeWorkspace, to: str) -> None:
    """A branch names no place of its own."""
    workspace(None, notify=[{"to": to}])
    said = cli("validate")
    assert (said.code, "notify" in said.stderr + said.stdout) == (78, True)


@pytest.mark.parametrize("key", ["on", '"on"'])
def test_the_key_on_may_be_written_plainly(
    cli: Cli, service: Collector, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, key: str
) -> None:
    """As the pages have it, although old YAML reads a truth value there; its words are checked all the same."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    folder = workspace(pleo)
    desired(folder, accounts=[{**row, "name": "n"} for row in accounts(2)])
    file = folder / "pleoctl.yaml"
    before = file.read_text()
    file.write_text(f"{before}\nnotify:\n- to: env:NOTICES\n  {key}: [held]\n- {{to: env:NOTICES, {key}: [drift]}}\n")
    assert (cli("drift").code, len(told(service))) == (2, 1)
    file.write_text(f"{before}\nnotify: [{{to: env:NOTICES, {key}: [drfit]}}]\n")
    assert cli("validate").code == 78


def test_a_credential_of_the_machine_is_no_target(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for every other reference."""
    monkeypatch.setenv("GITHUB_TOKEN", "json://127.0.0.1:9/hook")
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    desired(workspace(pleo, notify=[{"to": "env:GITHUB_TOKEN"}]), accounts=[])
    said = cli("plan")
    assert (said.code, "credential of the machine" in said.stderr) == (3, True)
