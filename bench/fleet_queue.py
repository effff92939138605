"""What does the queue of a fleet carry? Two workers against one, and the queue alone with 10,000 companies.

A real PostgreSQL, started for this run. The companies' work is a look for drift at a server of the same machine, which
has to share the cores with the workers: on two cores two workers can win little. The queue alone: each run does
nothing, so that what is left is the price of a run on the queue; companies an hour follow from that and from the CPU
of a plan (`bench/fleet.py`), they are not waited for.

    python bench/fleet_queue.py [--companies 60] [--queued 10000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from fleet import SERVER, pages, write_fleet

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
    from collections.abc import Callable, Iterator

    from pleoctl.fleet.receipt import Command

_MIB = 1024 * 1024


class Idle(Worker):
    """A worker whose companies have nothing to do."""

    def work(self, ask: Ask) -> CompanyResult:
        """Done at once."""
        return CompanyResult(path=ask.path)


@contextmanager
def serving() -> Iterator[str]:
    """A Pleo with the same accounts for every company; its address."""
    answers, company = pages()
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps([answers, company]) + "\n")
        server.stdin.flush()
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.terminate()


def made(url: str) -> None:
    """The tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        upgrade(connection)
        upgrade_queue(connection)


def fleet_at(folder: Path, server: str, number: int) -> Fleet:
    """A fleet with a database, by `PLEOCTL_DATABASE`."""
    write_fleet(folder, server, number)
    file = folder / "fleet.yaml"
    file.write_text(
        file.read_text() + "database: env:PLEOCTL_DATABASE\nschedule: {drift: '* * * * *'}\nconcurrency: 8\n"
    )
    return Fleet(file)


def queued(url: str, fleet: Fleet, command: Command) -> None:
    """A run of every company."""
    with psycopg.connect(url, autocommit=True) as connection:
        put(connection, [Ask(fleet.settings.name, one.path, command) for one in fleet.companies])


def drained(folder: Path, workers: int, isolation: str) -> tuple[float, float]:
    """Wall and CPU seconds of so many workers, each a process, until nothing waits."""
    command = [sys.executable, "-m", "pleoctl", "fleet", "worker", "--drain", "--isolation", isolation]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    processes = [subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) for _ in range(workers)]
    assert [one.wait() for one in processes] == [0] * workers
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - wall, process_time() - cpu


def alone(url: str, fleet: Fleet) -> None:
    """The queue with as many companies as the fleet has: a tick for all, and runs that do nothing."""
    number = len(fleet.companies)
    with psycopg.connect(url, autocommit=True) as connection:
        tick(connection, fleet)
        connection.execute("UPDATE pleoctl.fleet_tick SET due = due - interval '1 hour'")
        wall, cpu = timed(lambda: tick(connection, fleet))
    print(f"tick        {number} companies queued in {wall:5.1f} s, CPU {1000 * cpu / number:.2f} ms each")
    how = How(8, "thread", threading.Event())
    wall, cpu = timed(lambda: Idle(fleet, url, how, lambda _last: None).run(drain=True))
    print(f"queue alone {number} runs in {wall:5.1f} s by one worker, CPU {1000 * cpu / number:.2f} ms each")
    print(f"            {3600 * number / wall:,.0f} an hour")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=60)
    parser.add_argument("--queued", type=int, default=10_000)
    asked = parser.parse_args()
    os.environ["BENCH_KEY"] = "sandbox-key"
    with running() as postgres, serving() as server, tempfile.TemporaryDirectory() as temporary:
        if postgres is None:
            sys.exit(MISSING)
        os.environ["PLEOCTL_STATE_DIR"] = f"{temporary}/state"
        os.environ["PLEOCTL_DATABASE"] = url = postgres.create()
        made(url)
        fleet = fleet_at(Path(temporary) / "few", server, asked.companies)
        for isolation in ("thread", "process"):
            for workers in (1, 2):
                queued(url, fleet, "drift")
                wall, cpu = drained(fleet.root, workers, isolation)
                number = asked.companies
                print(
                    f"{isolation:8}    {workers} workers {wall:6.1f} s, {3600 * number / wall:7,.0f} an hour, "
                    f"CPU {1000 * cpu / number:6.1f} ms a company, {3600 * number / cpu:7,.0f} an hour a core"
                )
        os.environ["PLEOCTL_DATABASE"] = url = postgres.create()
        made(url)
        alone(url, fleet_at(Path(temporary) / "many", server, asked.queued))
        with psycopg.connect(url) as connection:
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        print(f"            database {size[0] / _MIB if size else 0:.0f} MiB after all of it")


if __name__ == "__main__":
    main()
