"""Companies' runs on many machines: a real PostgreSQL, real workers."""

from __future__ import annotations

import logging
import shutil
import signal
import threading
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from procrastinate.manager import JobManager

from pleoctl.errors import ExitCode
from pleoctl.fleet.crew import How
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.queue import worker as worker_module
from pleoctl.fleet.queue.app import Ask, put
from pleoctl.fleet.queue.layout import queue_name
from pleoctl.fleet.queue.schedule import tick
from pleoctl.fleet.queue.worker import Roster, Worker
from pleoctl.fleet.receipt import CompanyResult
from pleoctl.machine import Machine, on, this_machine
from pleoctl.state.lock import Holder
from pleoctl.state.opening import state_at
from pleoctl.state.postgres.database import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.fleet.book import Last
    from postgres import Postgres
    from shapes import Value
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder

VARIABLE = "PLEOCTL_DATABASE"
FIELDS = {"externalId": "id", "code": "code", "name": "name"}
ACCOUNTS = {"path": "/accounts", "paginate": {"type": "none"}, "records": "@", "fields": FIELDS}


@pytest.fixture
def url(server: Postgres, fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The database of the fleet, with its tables."""
    made = server.create()
    monkeypatch.setenv(VARIABLE, made)
    fleet.write(database=f"env:{VARIABLE}", schedule={"sync": "17 * * * *"}, isolation="thread", concurrency=4)
    said = cli("fleet", "database", "upgrade")
    assert said.code == 0, said.stderr
    yield made
    database(made).close()


def rows(url: str, query: str) -> list[tuple[Value, ...]]:
    """What the database holds."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def waiting(url: str) -> list[str]:
    """The runs on the queue."""
    return [
        one for (one,) in rows(url, "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY 1")
    ]


def test_what_is_queued_is_done(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """Each company once, by a worker; `fleet status` and `--status` know of it, and nothing is left on the queue."""
    assert cli("fleet", "enqueue", "sync", "--format", "json").json["result"] == {"companies": 3, "queued": 3}
    assert cli("fleet", "enqueue", "sync", "--format", "json").json["result"] == {"companies": 3, "queued": 0}
    said = cli("fleet", "worker", "--drain")
    assert (said.code, said.stdout) == (0, "3 runs.\n"), said.stderr
    assert "sync companies/west/pleoctl.yaml: done" in said.stderr
    assert [one.accounts for one in fleet.companies.values()] == [["N0"]] * 3
    assert rows(url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    assert len(cli("fleet", "list", "--status", "done", "--format", "json").json["result"]) == 3
    assert rows(url, "SELECT count(*) FROM pleoctl.run") == [(3,)]


def test_the_upgrade_is_done_once(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """A second one changes nothing; a queue of another procrastinate is refused with the cure."""
    assert "already" in cli("fleet", "database", "upgrade").stdout
    rows(url, "UPDATE pleoctl.note SET content = '00' WHERE name = 'fleet queue' RETURNING 1")
    said = cli("fleet", "worker", "--drain")
    assert (said.code, "fleet database upgrade" in said.stderr) == (78, True)
    rows(url, "UPDATE pleoctl.note SET content = '99' WHERE name = 'fleet queue' RETURNING 1")
    assert cli("fleet", "database", "upgrade").code == 78


@pytest.mark.parametrize("command", ["enqueue sync", "database upgrade"])
def test_a_fleet_without_a_database_has_no_queue(command: str, fleet: FleetFolder, cli: Cli) -> None:
    """Exit 78, with the key that is missing."""
    said = cli("fleet", *command.split())
    assert (said.code, "database: env:" in said.stderr) == (78, True)


class Hasty(Machine):
    """A machine that never sleeps."""

    def sleep(self, seconds: float) -> None:
        """At once."""


def test_books_that_are_wrong_are_not_read_again(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """Before somebody has mended them, nor those that refuse the credential; who does not answer is asked again."""
    (fleet["north"].folder / "accounts.csv").write_text("externalId,code\n1,2\n")
    fleet["south"].write(source={"type": "http", "baseUrl": "http://127.0.0.1:9", "accounts": ACCOUNTS})
    west = fleet["west"].pleo.url
    fleet["west"].write(source={"type": "http", "baseUrl": west, "accounts": {**ACCOUNTS, "path": "/v1/companies"}})
    cli("fleet", "enqueue", "sync")
    with on(Hasty()):
        said = cli("fleet", "worker", "--drain")
    assert said.stderr.count("failed") == 3, said.stderr
    assert waiting(url) == ["companies/south/pleoctl.yaml:sync"]


def test_a_locked_company_is_put_on_the_queue_anew(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """Nothing is done meanwhile, and the attempt does not count."""
    west = fleet["west"].pleo
    lock = state_at(url).lock(west.url, west.company, 1.0)
    cli("fleet", "enqueue", "sync", "--select", "west")
    with lock.hold(Holder.me(west.url, west.company, "apply"), 0):
        assert cli("fleet", "worker", "--drain").code == 0
    assert waiting(url) == ["companies/west/pleoctl.yaml:sync"]
    ((attempt,),) = rows(url, "SELECT args->>'attempt' FROM procrastinate_jobs")
    assert attempt == "0"
    assert fleet["west"].accounts == []


def test_a_run_by_hand_shares_the_fleet_s_lock(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """A company's own folder is no way around it; `log` finds what workers did, `doctor` looks at the database."""
    west, by_hand = fleet["west"].pleo, ("--workspace", "companies/west")
    with state_at(url).lock(west.url, west.company, 1.0).hold(Holder.me(west.url, west.company, "apply"), 0):
        assert cli("sync", *by_hand).code == 6
    assert fleet["west"].accounts == []
    assert cli("fleet", "sync", "--select", "west").code == 0
    shutil.rmtree(fleet["west"].folder / ".pleoctl")
    assert len(cli("log", *by_hand, "--format", "json").json["result"]) == 1
    assert "PostgreSQL at" in cli("doctor", *by_hand, "--format", "json").json["result"]["state"]


def test_a_company_whose_run_was_cut_off_holds_up_no_worker(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """Until its lease is old its run waits on the queue; a look needs no lock."""
    west = fleet["west"].pleo
    with state_at(url).lock(west.url, west.company, 300.0).hold(Holder.me(west.url, west.company, "apply"), 0):
        pass
    rows(url, "UPDATE pleoctl.lease SET released = false RETURNING 1")
    cli("fleet", "enqueue", "sync", "--select", "west")
    cli("fleet", "enqueue", "drift", "--select", "west")
    said = cli("fleet", "worker", "--drain")
    assert (said.code, "holds the lock of this company: apply (pid" in said.stderr) == (0, True)
    assert waiting(url) == ["companies/west/pleoctl.yaml:sync"]
    rows(url, "UPDATE pleoctl.lease SET renewed = renewed - interval '400 s' RETURNING 1")
    rows(url, "UPDATE procrastinate_jobs SET scheduled_at = NULL RETURNING 1")
    assert "sync companies/west/pleoctl.yaml: done" in cli("fleet", "worker", "--drain").stderr


def test_a_run_of_a_dead_worker_is_taken_up(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """Its job stands as taken by nobody; with a twin that waits it is given up instead."""
    cli("fleet", "enqueue", "sync", "--select", "west", "--select", "north")
    rows(url, "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL RETURNING id")
    cli("fleet", "enqueue", "sync", "--select", "north")
    said = cli("fleet", "worker", "--drain")
    assert said.stdout == "2 runs.\n"
    assert fleet["west"].accounts == fleet["north"].accounts == ["N0"]


def test_two_sweeps_at_once_lose_no_run(
    fleet: FleetFolder, url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another worker has put back meanwhile stays on the queue."""
    cli("fleet", "enqueue", "sync", "--select", "west")
    rows(url, "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL RETURNING id")
    seen = JobManager.get_stalled_jobs

    async def late(self: JobManager, **asked: Value) -> object:
        found = list(await seen(self, **asked))
        rows(url, "UPDATE procrastinate_jobs SET status = 'todo' RETURNING id")
        return found

    monkeypatch.setattr(JobManager, "get_stalled_jobs", late)
    assert cli("fleet", "worker", "--drain").stdout == "1 run.\n"


def test_each_tick_is_queued_once(fleet: FleetFolder, url: str) -> None:
    """A new company waits for its next tick; an outage of many ticks is one run, whoever of several sees it."""
    found = Fleet(fleet.root / "fleet.yaml")
    with closing(psycopg.connect(url, autocommit=True)) as one, closing(psycopg.connect(url, autocommit=True)) as other:
        assert tick(one, found) == 0
        one.execute("UPDATE pleoctl.fleet_tick SET due = due - interval '9 hours' WHERE path LIKE '%west%'")
        assert [tick(one, found), tick(other, found)] == [1, 0]
    assert waiting(url) == ["companies/west/pleoctl.yaml:sync"]


def test_schedule_refuses_what_is_no_cron_line(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """With its place; also where nothing is scheduled."""
    assert cli("fleet", "schedule", "--once").stdout == "0 runs queued.\n"
    fleet.write(database=f"env:{VARIABLE}", schedule={"sync": "77 * * * *"})
    said = cli("fleet", "schedule", "--once")
    assert (said.code, "77 * * * * is no cron line" in said.stderr) == (78, True)
    fleet.write(database=f"env:{VARIABLE}")
    assert cli("fleet", "schedule", "--once").code == 78


def test_two_workers_do_each_run_once(fleet: FleetFolder, url: str) -> None:
    """Side by side on one queue."""
    found = Fleet(fleet.root / "fleet.yaml")
    done: list[Last] = []
    with psycopg.connect(url, autocommit=True) as connection:
        asks = [Ask("fleet", one.path, command) for one in found.companies for command in ("sync", "drift")]
        assert put(connection, asks) == 6
    how = How(2, "thread", threading.Event(), patience=20.0)
    workers = [
        threading.Thread(target=Worker(found, url, how, done.append).run, kwargs={"drain": True}) for _ in range(2)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted((last.result.path, last.command) for last in done) == sorted((ask.path, ask.command) for ask in asks)


def test_a_worker_that_is_stopped_leaves_its_runs_to_others(fleet: FleetFolder, url: str) -> None:
    """What was interrupted waits again, at once."""
    found, stop, started = Fleet(fleet.root / "fleet.yaml"), threading.Event(), threading.Event()
    with psycopg.connect(url, autocommit=True) as connection:
        put(connection, [Ask("fleet", found.companies[0].path, "sync")])

    class Slow(Worker):
        def work(self, ask: Ask) -> CompanyResult:
            started.set()
            stop.wait(30)
            return CompanyResult(path=ask.path).ended(ExitCode.INTERRUPTED)

    worker = Slow(found, url, How(1, "thread", stop), lambda _last: None)
    running = threading.Thread(target=worker.run, kwargs={"drain": False})
    running.start()
    assert started.wait(30)
    stop.set()
    running.join(30)
    assert not running.is_alive()
    assert waiting(url) == ["companies/north/pleoctl.yaml:sync"]


def test_a_worker_outlives_its_database(
    fleet: FleetFolder, url: str, server: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is away at the start, and goes away in the middle of a run: the worker does what waits once it is back."""
    found, stop, done = Fleet(fleet.root / "fleet.yaml"), threading.Event(), threading.Event()
    first, second, _ = (Ask("fleet", one.path, "sync") for one in found.companies)
    monkeypatch.setattr(worker_module, "_AGAIN_SECONDS", 0.05)

    def queue(ask: Ask) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            put(connection, [ask])

    class Struck(Worker):
        def work(self, ask: Ask) -> CompanyResult:
            if ask.path == second.path:
                done.set()
            else:
                server.stop()
                server.start()
                queue(second)
            return CompanyResult(path=ask.path)

    queue(first)
    server.stop()
    worker = Struck(found, url, How(1, "thread", stop), lambda _last: None)
    with caplog.at_level(logging.WARNING):
        running = threading.Thread(target=worker.run, kwargs={"drain": False})
        running.start()
        while "trying again" not in caplog.text:
            assert running.is_alive()
            running.join(0.05)
    server.start()
    try:
        assert done.wait(60)
    finally:
        stop.set()
        running.join(30)
    assert not running.is_alive()


@pytest.mark.parametrize("command", ["worker", "schedule"])
def test_what_starts_while_its_database_is_away_waits_until_it_is_stopped(
    fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Told with its cure each time; a signal ends it, and so does what waiting does not better."""
    monkeypatch.setenv(VARIABLE, "postgresql://me:s3cret-word@127.0.0.1:9/none")
    fleet.write(database=f"env:{VARIABLE}", schedule={"sync": "17 * * * *"}, isolation="thread")

    class Stopped(Machine):
        waits = 0

        def wait(self, event: threading.Event, seconds: float) -> bool:
            self.waits += 1
            if self.waits == 2:
                signal.raise_signal(signal.SIGTERM)
            return event.is_set()

    with on(Stopped()):
        said = cli("fleet", command)
    assert said.code == 143
    assert said.stderr.count("warning: the shared state in 127.0.0.1:9/none cannot be used") == 2
    assert "see that the database runs" in said.stderr
    assert "s3cret" not in said.stderr
    assert cli("fleet", command, {"worker": "--drain", "schedule": "--once"}[command]).code == 1
    monkeypatch.setenv(VARIABLE, "s3cret-word")
    assert cli("fleet", command).code == 78


def test_a_queue_that_takes_no_writes_is_a_sentence(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """What PostgreSQL says, with the cure, of each command that puts runs on it or takes them."""
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    for command in (["enqueue", "sync"], ["worker", "--drain"]):
        said = cli("fleet", *command)
        assert (said.code, said.stderr.count("\n")) == (1, 1)
        assert "read-only transaction (nothing is sent without it; name the primary" in said.stderr


@pytest.mark.parametrize("ahead", [-2, 2])
def test_moments_are_those_of_the_database(fleet: FleetFolder, url: str, cli: Cli, ahead: int) -> None:
    """A machine whose clock is days behind ran last all the same, and one that is ahead did not run in the future."""

    class Wrong(Machine):
        def time(self) -> float:
            return super().time() + timedelta(days=ahead).total_seconds()

    with on(Wrong()):
        assert cli("fleet", "drift").code == 2
    moments = [one["finishedAt"] for one in cli("fleet", "list", "--format", "json").json["result"]]
    assert all(abs(this_machine().now() - datetime.fromisoformat(one)) < timedelta(hours=1) for one in moments)


def test_the_queue_carries_fleet_and_layout(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """So that neither another fleet's nor another version's workers take its runs."""
    cli("fleet", "enqueue", "drift", "--select", "west")
    assert rows(url, "SELECT queue_name FROM procrastinate_jobs") == [(queue_name("fleet"),)]
    fleet.write(database=f"env:{VARIABLE}", name="another")
    assert cli("fleet", "worker", "--drain").stdout == "0 runs.\n"


def test_a_worker_goes_on_while_its_fleet_file_is_exchanged(
    fleet: FleetFolder, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By what the file said before; no run is lost for it."""
    found = Fleet(fleet.root / "fleet.yaml")
    roster = Roster(found)
    path = found.companies[0].path
    assert roster.open(path)[1].error is None
    (fleet.root / "fleet.yaml").write_text("companies: [")
    assert roster.open(path)[1].error is None
    (fleet.root / "fleet.yaml").unlink()
    assert roster.open(path)[1].error is None
    assert caplog.text.count("going on with what it said before") == 2


def test_a_company_that_is_unknown_here_is_told(fleet: FleetFolder, url: str, cli: Cli) -> None:
    """A worker whose copy of the fleet is older."""
    with psycopg.connect(url, autocommit=True) as connection:
        put(connection, [Ask("fleet", "companies/new/pleoctl.yaml", "sync")])
    said = cli("fleet", "worker", "--drain")
    assert "names no such company" in said.stderr
    assert waiting(url) == []
