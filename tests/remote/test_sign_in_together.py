"""One refresh in flight: over threads, processes, machines that share a state, and the deaths of any of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest

import postgres
from auth_server import CLIENT, SECRET, AuthServer, auth_server, section
from pleoctl.errors import NotWritten, PleoctlError, RemoteError
from pleoctl.hosts import Endpoint as Server
from pleoctl.remote.oauth.client import Client, origin
from pleoctl.remote.oauth.endpoint import Endpoint
from pleoctl.remote.oauth.grant import Grant
from pleoctl.state.opening import state_at
from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import upgrade
from pleoctl.state.vault import FileNote, FileVault
from pleoctl.workspace.settings import OAuth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.state.base import Vault
    from shapes import Value
    from tests.conftest import MakeWorkspace

COMMAND = [sys.executable, "-m", "pleoctl", "source", "check", "--offline"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AuthServer]:
    """A running authorisation server with books behind it."""
    monkeypatch.setenv("BOOKS_SECRET", SECRET)
    with auth_server() as found:
        yield found


def granted(server: AuthServer, vault: Vault, *, grace: bool = False) -> Grant:
    """A sign-in at the server whose tokens lie there."""
    oauth = OAuth(client_id=CLIENT, token_url=f"{server.url}/token", refresh_grace=grace)
    own = Server.parse(server.url)
    client = Client(
        oauth, "source", "the books", "company", "http://127.0.0.1:1", lambda: SECRET, frozenset([own] if own else [])
    )
    return Grant(client, vault, Endpoint(client, RemoteError))


def begun(server: AuthServer, vault: Vault, **how: Value) -> Grant:
    """The same, signed in."""
    grant = granted(server, vault, **how)
    grant.begin(server.pair())
    return grant


def signed_in(server: AuthServer, folder: Path, **oauth: Value) -> None:
    """The workspace of a folder, signed in by whoever has its token file; the access token is no longer accepted."""
    source = section(server, tokens="file:tokens.json", **oauth)
    grant = granted(server, FileVault(folder / "tokens.json"))
    grant.begin(server.pair())
    text = (folder / "tokens.json").read_text()
    (folder / "tokens.json").write_text(text.replace("http://127.0.0.1:1", origin(source["baseUrl"])))
    server.expire()


def test_threads_refresh_once(server: AuthServer, tmp_path: Path) -> None:
    """Eight threads whose requests were refused with one token share one refresh."""
    grant = begun(server, FileVault(tmp_path / "tokens.json"))
    failed = grant.current()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _n: grant.after(failed).access, range(8)))
    assert len(set(found)) == 1
    assert len(server.refreshes) == 1


@pytest.mark.parametrize("full", [1, 3])
def test_what_cannot_be_kept_serves_the_run_that_was_given_it(
    server: AuthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A renewed pair goes to the disk with the next try, or the next renewal; no spent token is sent meanwhile."""
    path = tmp_path / "tokens.json"
    grant = begun(server, FileVault(path))
    write, tries = FileNote.write, count()

    def fill(note: FileNote, content: bytes) -> None:
        if json.loads(content)["generation"] == 2 and next(tries) < full:
            raise NotWritten("cannot be written: no space left on device")
        write(note, content)

    monkeypatch.setattr(FileNote, "write", fill)
    renewed = grant.after(grant.current())
    assert (renewed.generation, grant.current()) == (2, renewed)
    assert ("pleoctl login --target source" in caplog.text) is (full > 1)
    assert (granted(server, FileVault(path)).standing() == renewed) is (full == 1)
    last = grant.after(renewed)
    assert granted(server, FileVault(path)).standing() == last
    assert (last.generation, server.spent_sent, len(server.refreshes)) == (3, 0, 2)


def test_processes_refresh_once(server: AuthServer, workspace: MakeWorkspace) -> None:
    """Two runs at once whose token has ended: one refresh, all of them read."""
    folder = workspace(source=section(server, tokens="file:tokens.json"))
    signed_in(server, folder)
    running = [subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0], ended
    assert len(server.refreshes) == 1
    assert server.spent_sent == 0


def test_whoever_waited_takes_what_the_other_stored(server: AuthServer, tmp_path: Path) -> None:
    """A 401 to a token that somebody has replaced meanwhile costs no refresh."""
    path = tmp_path / "tokens.json"
    one, two = begun(server, FileVault(path)), granted(server, FileVault(path))
    failed = two.current()
    one.after(failed)
    assert two.after(failed).access == one.current().access
    assert len(server.refreshes) == 1


@pytest.mark.parametrize(("moment", "grace"), [("before", False), ("after", False), ("after", True)])
def test_a_death_while_the_answer_is_waited_for(
    server: AuthServer, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch, moment: str, grace: bool
) -> None:
    """Killed with its request on the way: without grace nobody sends the token again, with it the next run goes on."""
    server.grace = grace
    folder = workspace(source=section(server, tokens="file:tokens.json", refreshGrace=grace))
    signed_in(server, folder)
    answer = server.tokens
    victims: list[subprocess.Popen[bytes]] = []

    def killing(path: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Value]:
        done = answer(path, headers, form) if moment == "after" or not victims else (503, {})
        while victims:
            victims.pop().kill()
        return done

    monkeypatch.setattr(server, "tokens", killing)
    with server.lock:
        victims.append(subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        first = victims[0]
    assert first.wait(60) == -signal.SIGKILL
    again = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == (0 if grace else 1), again
    assert grace or "pleoctl login --target source" in again.stderr
    assert server.spent_sent == (1 if grace and moment == "after" else 0)


def test_a_full_disk_before_a_refresh_sends_nothing(
    server: AuthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the note that the token is sent cannot be written, it is not sent."""
    grant = begun(server, FileVault(tmp_path / "tokens.json"))
    failed = grant.current()

    def full(*_given: object, **_more: object) -> None:
        raise PleoctlError("no space left")

    monkeypatch.setattr("pleoctl.state.vault.write_atomically", full)
    with pytest.raises(PleoctlError, match="no space left"):
        grant.after(failed)
    assert server.refreshes == []


@pytest.fixture
def shared() -> Iterator[str]:
    """The url of a database with pleoctl's tables."""
    with postgres.running() as found:
        if found is None:
            pytest.skip(postgres.MISSING)
        url = found.create()
        with psycopg.connect(url, autocommit=True) as connection:
            upgrade(connection)
        yield url
        database(url).close()


def test_machines_refresh_once(server: AuthServer, shared: str) -> None:
    """Two machines that share a database: one refresh, one pair, and a note that outlives whoever wrote it."""
    one, two = begun(server, state_at(shared).vault("n")), granted(server, state_at(shared).vault("n"))
    failed = one.current()
    assert two.current().access == failed.access
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda grant: grant.after(failed).access, [one, two]))
    assert len(set(found)) == 1
    assert len(server.refreshes) == 1
    server.lost = ["after"]
    with pytest.raises(RemoteError, match="lost"):
        one.after(one.current())
    with pytest.raises(RemoteError, match="lost"):
        two.after(two.current())
    assert server.spent_sent == 0
    assert one.forget()
    assert one.standing() is None
