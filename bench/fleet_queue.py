"""What does the queue of a fleet carry? Two workers against one, and an hour of 10,000 companies on the queue alone.

A real PostgreSQL, started for this run, and real workers, each a process. First the companies' work is a look for drift
at a server of the same machine, which shares the cores with the workers: on two cores two workers can win little. Each
worker's start is told apart, for with few companies it is most of what a second worker costs. Then an hour of a large
fleet: a tick queues a run of each company, and workers take, note and end them; the runs themselves do nothing, so that
what is left is the price of a run on the queue. The hour is not waited for.

    python bench/fleet_queue.py [--companies 200] [--queued 10000]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from fleet import served, write_fleet

from pleoctl.fleet.crew import How
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.queue.app import Ask, put
from pleoctl.fleet.queue.layout import upgrade_queue
from pleoctl.fleet.queue.schedule import tick
from pleoctl.fleet.queue.worker import Worker
from pleoctl.fleet.receipt import CompanyResult
from pleoctl.state.postgres.layout import upgrade
from postgres import MISSING, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.fleet.receipt import Command

_MIB = 1024 * 1024


class Idle(Worker):
    """A worker whose companies have nothing to do."""

    def work(self, ask: Ask) -> CompanyResult:
        """Done at once."""
        return CompanyResult(path=ask.path)


def made(url: str) -> None:
    """The tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        upgrade(connection)
        upgrade_queue(connection)


def fleet_at(folder: Path, server: str, number: int) -> Fleet:
    """A fleet with a database, by `PLEOCTL_DATABASE`, whose companies have something to look at."""
    write_fleet(folder, server, number)
    return with_database(folder)


def bare_fleet_at(folder: Path, number: int) -> Fleet:
    """The same, whose companies are names alone."""
    for n in range(number):
        place = folder / "companies" / f"c{n:05}"
        place.mkdir(parents=True)
        (place / "pleoctl.yaml").write_text("")
    (folder / "fleet.yaml").write_text("apiVersion: pleoctl/v1\nkind: Fleet\ncompanies: [companies/*/pleoctl.yaml]\n")
    return with_database(folder)


def with_database(folder: Path) -> Fleet:
    """The fleet of a folder, with a database and a schedule."""
    file = folder / "fleet.yaml"
    file.write_text(
        file.read_text() + "database: env:PLEOCTL_DATABASE\nschedule: {drift: '* * * * *'}\nconcurrency: 8\n"
    )
    return Fleet(file)


def queued(url: str, fleet: Fleet, command: Command) -> None:
    """A run of every company."""
    with psycopg.connect(url, autocommit=True) as connection:
        put(connection, [Ask(fleet.settings.name, one.path, command) for one in fleet.companies])


def drained(command: list[str], folder: Path, workers: int) -> tuple[float, float]:
    """Wall and CPU seconds of so many workers, each a process, until nothing waits."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    processes = [
        subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(workers)
    ]
    assert [one.wait() for one in processes] == [0] * workers
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - wall, process_time() - cpu


def idle(folder: Path) -> None:
    """A worker whose companies have nothing to do, until nothing waits."""
    fleet = Fleet(folder / "fleet.yaml")
    how = How(8, "thread", threading.Event())
    Idle(fleet, os.environ["PLEOCTL_DATABASE"], how, lambda _last: None).run(drain=True)


def looks(url: str, fleet: Fleet) -> None:
    """One worker against two that look for drift, by threads and by processes; a worker's start is told apart."""
    number = len(fleet.companies)
    for isolation in ("thread", "process"):
        command = [sys.executable, "-m", "pleoctl", "fleet", "worker", "--drain", "--isolation", isolation]
        for workers in (1, 2):
            start, start_cpu = drained(command, fleet.root, workers)
            queued(url, fleet, "drift")
            wall, cpu = drained(command, fleet.root, workers)
            hourly, each = 3600 * number / (wall - start), 1000 * (cpu - start_cpu) / number
            print(f"{isolation:8}    {workers} workers {wall:6.1f} s, of it {start:4.1f} s to start and end")
            print(f"            without that {hourly:8,.0f} an hour, CPU {each:6.1f} ms a company")


def hour(url: str, fleet: Fleet) -> None:
    """A tick for each company, and runs that do nothing: by one worker, then by two."""
    number = len(fleet.companies)
    command = [sys.executable, str(Path(__file__)), "--idle", str(fleet.root)]
    with psycopg.connect(url, autocommit=True) as connection:
        tick(connection, fleet)
        for workers in (1, 2):
            connection.execute("UPDATE pleoctl.fleet_tick SET due = due - interval '1 hour'")
            wall, cpu = timed(lambda: tick(connection, fleet))
            print(f"tick        {number} companies queued in {wall:5.1f} s, CPU {1000 * cpu / number:.2f} ms each")
            wall, cpu = drained(command, fleet.root, workers)
            print(
                f"queue alone {workers} workers {number} runs in {wall:5.1f} s, CPU {1000 * cpu / number:.2f} ms each"
            )
            print(f"            {3600 * number / wall:,.0f} an hour")
        ((left, noted),) = connection.execute(
            "SELECT (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM pleoctl.fleet_last)"
        ).fetchall()
        assert (left, noted) == (0, number)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--idle", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.idle is not None:
        idle(asked.idle)
        return
    os.environ["BENCH_KEY"] = "sandbox-key"
    with running() as postgres, served() as (server, _), tempfile.TemporaryDirectory() as temporary:
        if postgres is None:
            sys.exit(MISSING)
        os.environ["PLEOCTL_STATE_DIR"] = f"{temporary}/state"
        os.environ["PLEOCTL_DATABASE"] = url = postgres.create()
        made(url)
        if asked.companies:
            looks(url, fleet_at(Path(temporary) / "few", server, asked.companies))
        os.environ["PLEOCTL_DATABASE"] = url = postgres.create()
        made(url)
        hour(url, bare_fleet_at(Path(temporary) / "many", asked.queued))
        with psycopg.connect(url) as connection:
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        print(f"            database {size[0] / _MIB if size else 0:.0f} MiB after all of it")


if __name__ == "__main__":
    main()
