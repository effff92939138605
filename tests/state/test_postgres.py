"""State in PostgreSQL: one run a company over all machines, one budget, runs that every machine finds."""

from __future__ import annotations

import json
import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg
import pytest

import postgres
from pleoctl.errors import Interrupted, InvalidFile, LockHeld
from pleoctl.machine import Machine, connection_name, on, this_machine
from pleoctl.state import lease as leases
from pleoctl.state.base import StateLost
from pleoctl.state.lock import Holder
from pleoctl.state.postgres import database as databases
from pleoctl.state.postgres import state
from pleoctl.state.postgres.budget import PostgresWindow
from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import LAYOUT, upgrade
from pleoctl.state.postgres.lock import PostgresLock
from pleoctl.state.postgres.runs import PostgresRuns
from pleoctl.state.postgres.vault import PostgresVault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from postgres import Postgres
    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

ME = Holder("https://pleo.example", "c", "apply", 1, "here", None, "2026-01-01T00:00:00+00:00")


# --- layout ---------------------------------------------------------------------------------------------------------


def test_tables_are_made_once(empty: str) -> None:
    """A second upgrade changes nothing and says so."""
    with psycopg.connect(empty, autocommit=True) as connection:
        assert [upgrade(connection), upgrade(connection)] == [(0, LAYOUT), (LAYOUT, LAYOUT)]


@pytest.mark.parametrize(("number", "cure"), [(0, "fleet database upgrade"), (LAYOUT + 1, "version of pleoctl")])
def test_another_layout_is_refused(shared: str, number: int, cure: str) -> None:
    """With the cure; a newer one is not touched by an upgrade either."""
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute("UPDATE pleoctl.layout SET number = %s", [number])
        with pytest.raises(InvalidFile) as caught:
            PostgresWindow(database(shared), "x").take(1, this_machine())
        assert cure in str(caught.value.findings[0])
        with pytest.raises(InvalidFile, match="the database has"), PostgresVault(database(shared), "x").hold():
            pass
        if number > LAYOUT:
            with pytest.raises(InvalidFile):
                upgrade(connection)


# --- lock -----------------------------------------------------------------------------------------------------------


def lock_of(url: str, patience: float = 0.0) -> PostgresLock:
    """The lock of one company."""
    return PostgresLock(database(url), "company", patience)


def test_one_run_at_a_time(shared: str) -> None:
    """Another is told who holds it, and gets it at once when it is released."""
    with lock_of(shared).hold(ME, 0) as lease:
        lease.check()
        with pytest.raises(LockHeld, match="pid 1 on here"), lock_of(shared).hold(ME, 0):
            pass
    with lock_of(shared).hold(ME, 0):
        pass


class Clock(Machine):
    """A machine whose sleeping takes no time, but moves the age of every lease in a database."""

    def __init__(self, url: str) -> None:
        """No sleep yet."""
        super().__init__()
        self._url = url
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the lease grow old."""
        self.slept += seconds
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("UPDATE pleoctl.lease SET renewed = renewed - make_interval(secs => %s)", [seconds])


@pytest.fixture
def clock(shared: str) -> Iterator[Clock]:
    """The machine that locks look at."""
    made = Clock(shared)
    with on(made):
        yield made


def cut_off(url: str) -> None:
    """End every session of the database but the own one, as a failover does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def noticed() -> None:
    """Wait until the thread that renews has seen that it cannot."""
    for thread in threading.enumerate():
        if thread.name == "pleoctl-lease":
            thread.join(timeout=20)


def test_a_cut_off_run_is_waited_out(shared: str, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """Its session is gone, but what it sent may still be carried out: 30 s and one request's deadline, told."""
    with ExitStack() as stack:
        begun = clock.monotonic()
        lease = stack.enter_context(lock_of(shared, patience=25.0).hold(ME, 0))
        cut_off(shared)
        with lock_of(shared).hold(ME, 0):
            # What the test itself takes makes the lease older as well.
            assert clock.slept <= 55 <= clock.slept + clock.monotonic() - begun
        assert "cut off" in caplog.text
        lease.release = lambda: None  # type: ignore[method-assign]


def test_who_waits_for_a_lock_hears_that_it_shall_stop(shared: str) -> None:
    """While another holds it, and while what a cut-off run sent may still be carried out."""
    stop = threading.Event()
    stop.set()
    with lock_of(shared).hold(ME, 0), pytest.raises(Interrupted), lock_of(shared).hold(ME, 60, stop):
        pass
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute("UPDATE pleoctl.lease SET released = false, renewed = clock_timestamp()")
    with pytest.raises(Interrupted), lock_of(shared).hold(ME, 0, stop):
        pass
    with database(shared).look() as connection:
        connection.execute("UPDATE pleoctl.lease SET released = true")
    with lock_of(shared).hold(ME, 0, stop):
        pass


def test_a_holder_that_cannot_renew_sends_nothing_more(shared: str) -> None:
    """As soon as it notices, and 20 s after the last renewal in any case."""
    now = [0.0]

    class Frozen(Machine):
        def lasting(self) -> float:
            return now[0]

    with on(Frozen()), lock_of(shared).hold(ME, 0) as lease:
        now[0] = 19.9
        lease.check()
        now[0] = 20.1
        with pytest.raises(StateLost, match="could not be renewed"):
            lease.check()


def test_a_lost_session_is_noticed(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the next renewal."""
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    with lock_of(shared).hold(ME, 0) as lease:
        cut_off(shared)
        noticed()
        with pytest.raises(StateLost, match="lock of this company is lost"):
            lease.check()


# --- the command line -----------------------------------------------------------------------------------------------


def receipts(folder: Path) -> list[Value]:
    """The receipts of a workspace's runs, oldest first."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob(".pleoctl/runs/*/receipt.json"))]


def test_every_machine_finds_every_run(
    folder: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second clone with a state folder of its own lists, shows, takes up and undoes the first one's runs."""
    assert cli("apply", "plan.json").code == 0
    other = tmp_path_factory.mktemp("clone")
    for name in ("pleoctl.yaml", "desired-state.yaml", "plan.json"):
        (other / name).write_bytes((folder / name).read_bytes())
    monkeypatch.chdir(other)
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(other / "state"))
    (run,) = cli("log", "--format", "json").json["result"]
    assert (run["outcome"], run["counts"]) == ("done", {"done": 3})
    assert cli("apply", "plan.json").code == 0
    first, second = receipts(other)
    assert first == receipts(folder)[0]
    assert second["previous"] == first["id"]
    assert cli("log", "verify", "--head", second["id"]).code == 0
    (tmp_path_factory.mktemp("fresh") / "pleoctl.yaml").write_bytes((folder / "pleoctl.yaml").read_bytes())
    monkeypatch.chdir(other.parent / "fresh0")
    assert cli("undo", first["runId"], "-o", "undo.json").code == 0
    assert receipts(other.parent / "fresh0") == [first]  # and no other, of which there may be thousands


@pytest.mark.parametrize(("falls", "code"), [(1, 1), (2, 5)])
def test_a_database_that_goes_away_stops_the_run(
    folder: Path,
    cli: Cli,
    pleo: Sandbox,
    server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    falls: int,
    code: int,
) -> None:
    """Before its next write: exit 5, or 1 with nothing written; the receipt lies in the folder, and nothing is lost."""
    sent = 0

    class Falling(PostgresRuns):
        """Falls away as lines of the journal are stored."""

        def append(self, run: str, lines: bytes) -> None:
            nonlocal sent
            sent += 1
            if sent == falls:
                server.stop()
            super().append(run, lines)

    writes = pleo.stats()["writes"]
    with monkeypatch.context() as patched:
        patched.setattr(state, "PostgresRuns", Falling)
        patched.setattr(databases, "PATIENCE", 0.1)
        said = cli("apply", "plan.json", "--receipt", "r.json")
    server.start()
    (receipt,) = receipts(folder)
    assert (said.code, pleo.stats()["writes"] - writes) == (code, falls - 1), said
    assert receipt == json.loads((folder / "r.json").read_text())
    assert {finding["code"] for finding in receipt["findings"]} == {"state-lost"}
    with psycopg.connect(os.environ["STATE"], autocommit=True) as connection:
        # What the cut off run has sent has come to its end by now.
        connection.execute("UPDATE pleoctl.lease SET renewed = renewed - interval '1 h'")
    assert cli("apply", "plan.json").code == 0
    assert receipts(folder)[1]["previous"] == receipt["id"]
    assert cli("log", "verify").code == 0
    assert PostgresRuns(database(os.environ["STATE"]), connection_name(pleo.url, pleo.company)).names() == {
        kept["runId"]: True for kept in receipts(folder)
    }


def test_receipts_that_were_kept_while_the_state_was_away_join_the_chain(
    folder: Path,
    cli: Cli,
    desired: MakeDesired,
    server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Each time that it goes away; also where another machine, which cannot know of them, was next."""
    calls = 0

    def run(number: int, place: Path = folder, *, falls: bool = False) -> int:
        """An apply with changes; where it ``falls``, the database goes away before the second request."""
        nonlocal calls
        calls = 0
        keys = ("ext-1000", "ext-2000", "new")
        desired(place, accounts=[{"externalId": key, "code": key, "name": f"N {number}"} for key in keys])
        assert cli("plan", "-o", "plan.json").code == 0
        with monkeypatch.context() as patched:
            if falls:
                patched.setattr(state, "PostgresRuns", Falling)
                patched.setattr(databases, "PATIENCE", 0.1)
            code = cli("apply", "plan.json").code
        if falls:
            server.start()
            database(os.environ["STATE"]).close()  # the next command is a process of its own
            with psycopg.connect(os.environ["STATE"], autocommit=True) as connection:
                connection.execute("UPDATE pleoctl.lease SET renewed = renewed - interval '1 h'")
        return code

    class Falling(PostgresRuns):
        """Falls away as lines of the journal are stored for the second time in a run."""

        def append(self, run: str, lines: bytes) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                server.stop()
            super().append(run, lines)

    other = tmp_path_factory.mktemp("clone")
    (other / "pleoctl.yaml").write_bytes((folder / "pleoctl.yaml").read_bytes())
    here = os.environ.get("PLEOCTL_STATE_DIR")
    assert [run(1), run(2, falls=True), run(3), run(4, falls=True), run(5)] == [0, 5, 0, 5, 0]
    assert cli("log", "verify").code == 0
    assert run(6, falls=True) == 5
    monkeypatch.chdir(other)
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(other / "state"))
    assert run(7, other) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PLEOCTL_STATE_DIR", here) if here else monkeypatch.delenv("PLEOCTL_STATE_DIR")
    assert run(8) == 0
    *_, away, there, last = receipts(folder)
    assert (away["previous"], last["previous"], last["beside"]) == (there["previous"], there["id"], [away["id"]])
    assert cli("log", "verify", "--head", last["id"]).code == 0
    kept = folder / ".pleoctl" / "runs" / away["runId"] / "receipt.json"
    kept.write_text(kept.read_text().replace('"partial"', '"done"'))
    assert cli("log", "verify").code == 1


def test_a_restart_of_the_database_ends_the_run(
    folder: Path, cli: Cli, pleo: Sandbox, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is back at once, but the session that held the lock is gone: no write starts once that is noticed (5)."""
    sent = 0

    class Restarted(PostgresRuns):
        """The database is started again as the second request is about to be sent."""

        def append(self, run: str, lines: bytes) -> None:
            nonlocal sent
            sent += 1
            if sent == 2:
                server.stop()
                server.start()
                noticed()
            super().append(run, lines)

    writes = pleo.stats()["writes"]
    with monkeypatch.context() as patched:
        patched.setattr(state, "PostgresRuns", Restarted)
        patched.setattr(leases, "RENEW_SECONDS", 0.01)
        said = cli("apply", "plan.json")
    (receipt,) = receipts(folder)
    assert (said.code, pleo.stats()["writes"] - writes) == (5, 1)
    assert {finding["code"] for finding in receipt["findings"]} == {"state-lost"}
    with psycopg.connect(os.environ["STATE"], autocommit=True) as connection:
        (released,) = connection.execute("SELECT released FROM pleoctl.lease").fetchone() or (None,)
        assert released is False
        connection.execute("UPDATE pleoctl.lease SET renewed = renewed - interval '1 h'")
    assert cli("apply", "plan.json").code == 0
    assert cli("log", "verify").code == 0


def test_an_unreachable_database_is_a_sentence(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, pleo: Sandbox
) -> None:
    """Exit 1, nothing sent, and no password shown."""
    monkeypatch.setenv("STATE", "postgresql://me:s3cret-word@127.0.0.1:9/none")
    writes = pleo.stats()["writes"]
    said = cli("apply", str(folder / "plan.json"), "--debug")
    assert (said.code, "127.0.0.1:9/none" in said.stderr, "s3cret" in said.stderr) == (1, True, False)
    assert pleo.stats()["writes"] == writes


@pytest.mark.parametrize(("value", "words"), [("mysql://h/d", "postgresql:"), ("s3cret-word", "is no url")])
def test_a_state_that_leads_nowhere_is_refused(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    """Exit 78 with what is known, and the place that names it."""
    monkeypatch.setenv("STATE", value)
    for command in (["apply", str(folder / "plan.json")], ["fleet", "database", "upgrade", "--workspace", "."]):
        said = cli(*command)
        assert (said.code, "PostgreSQL" in said.stderr or words in said.stderr) == (78, True)
        assert "s3cret" not in said.stderr
    assert "pleoctl.yaml:" in cli("log", "verify").stderr


# --- poolers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "refused"), [("transaction", True), ("session", False)])
def test_a_pooler_that_shares_sessions_is_refused(shared: str, server: Postgres, mode: str, *, refused: bool) -> None:
    """There no lock would be held; one that keeps sessions apart is as good as the database."""
    with postgres.pooler(server, mode) as port:
        if port is None:
            pytest.skip("PgBouncer is not installed (Debian: pgbouncer)")
        url = shared.replace(f":{server.port}/", f":{port}/")
        if refused:
            with pytest.raises(InvalidFile, match="pooler"), lock_of(url).hold(ME, 0):
                pass
        else:
            with lock_of(url).hold(ME, 0) as lease:
                lease.check()
        database(url).close()


def test_the_command_makes_the_tables(
    empty: str, pleo: Sandbox, workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are none, every other command names it; afterwards they work."""
    monkeypatch.setenv("STATE", empty)
    workspace(pleo, state="env:STATE")
    said = cli("log")
    assert (said.code, "pleoctl fleet database upgrade" in said.stderr) == (78, True)
    assert cli("fleet", "database", "upgrade", "--format", "json").json["result"]["after"] == LAYOUT
    assert cli("log").code == 0
    assert "already" in cli("fleet", "database", "upgrade").stdout
