"""What does a company of a fleet cost? CPU a company against a floor measured in the same run.

Many small companies (300 accounts each) on one server are planned in one process, on one thread and on eight. Floor:
the same pages fetched with requests and parsed, by a session a company. CPU is this process's, not the server's.

    python bench/fleet.py [--companies 200]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING
from urllib.parse import quote

import requests

from pleoctl.fleet.crew import How
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.run import FleetRun
from pleoctl.fleet.work import Task
from pleoctl.sandbox import Sandbox, Seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCOUNTS = 300
THREADS = (1, 8)
SEARCH = "/v1/chart-of-accounts:search"
SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
pages, company = json.loads(sys.stdin.readline())
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    def log_message(self, *_):
        pass
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        after = self.path.partition("after=")[2].partition("&")[0]
        content = pages[after].replace(company, asked["companyId"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def rows() -> list[dict[str, str]]:
    """The accounts of every company that are in use."""
    return [{"externalId": f"e{n:04}", "code": str(1000 + n), "name": f"Account {n}"} for n in range(ACCOUNTS - 1)]


def pages() -> tuple[dict[str, str], str]:
    """What Pleo answers, by cursor, and the company in it. One account is archived, so that one listing has all."""
    seed = Seed(accounts=[*rows(), {"externalId": "old", "code": "9", "name": "Old", "archived": True}])
    found, after = {}, ""
    with Sandbox(seed=seed) as pleo:
        while True:
            params = {"limit": "100"} | ({"after": after} if after else {})
            body = {"companyId": pleo.company}
            answer = requests.post(pleo.url + SEARCH, params=params, json=body, auth=(pleo.api_key, ""), timeout=60)
            answer.raise_for_status()
            found[quote(after, safe="")] = answer.text
            page = answer.json()["pagination"]
            if not page["hasNextPage"]:
                return found, pleo.company
            after = page["endCursor"]


@contextmanager
def served() -> Iterator[tuple[str, list[str]]]:
    """The url of a process that answers for every company, and the cursors of its pages."""
    answers, company = pages()
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps([answers, company]) + "\n")
        server.stdin.flush()
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}", list(answers)
        finally:
            server.terminate()


def write_fleet(folder: Path, url: str, number: int, changed: int = 0) -> list[str]:
    """The companies' ids; so many accounts of each are to be renamed."""
    ids = [str(uuid.UUID(int=n + 1, version=4)) for n in range(number)]
    desired = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n" + "".join(
        f"- {json.dumps({**row, 'name': f'New {n}'} if n < changed else row)}\n" for n, row in enumerate(rows())
    )
    for n, company in enumerate(ids):
        place = folder / "companies" / f"c{n:05}"
        place.mkdir(parents=True)
        head = f"apiVersion: pleoctl/v1\nkind: Workspace\ncompany: {company}\n"
        (place / "pleoctl.yaml").write_text(f'{head}pleo: {{url: "{url}", auth: {{apiKey: "env:BENCH_KEY"}}}}\n')
        (place / "desired-state.yaml").write_text(desired)
    whole = "apiVersion: pleoctl/v1\nkind: Fleet\ncompanies: [companies/*/pleoctl.yaml]\nsharedEnv: [BENCH_KEY]\n"
    (folder / "fleet.yaml").write_text(whole)
    return ids


def fetched(url: str, companies: list[str], cursors: list[str]) -> None:
    """The floor."""
    for company in companies:
        with requests.Session() as session:
            session.auth = ("sandbox-key", "")
            for cursor in cursors:
                path = f"{url}{SEARCH}?limit=100{f'&after={cursor}' if cursor else ''}"
                session.post(path, json={"companyId": company}, timeout=60).json()


def planned(folder: Path, threads: int) -> None:
    """A plan of every company."""
    fleet = Fleet(folder / "fleet.yaml")
    how = How(threads, "thread", threading.Event())
    receipt = FleetRun(fleet, Task("plan", fleet.root), how).go(fleet.opened(), lambda _done, _total: None)
    wrong = [one for one in receipt.companies if one.exit_code or one.summary["unchanged"] < ACCOUNTS - 1]
    assert not wrong, wrong[0]


def cost(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - wall, process_time() - cpu


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=200)
    number: int = parser.parse_args().companies
    os.environ["BENCH_KEY"] = "sandbox-key"
    with tempfile.TemporaryDirectory() as temporary, served() as (url, cursors):
        folder = Path(temporary)
        os.environ["PLEOCTL_STATE_DIR"] = str(folder / "state")
        ids = write_fleet(folder, url, number)
        planned(folder, 1)  # imports and caches are not a company's
        wall, floor = cost(lambda: fetched(url, ids, cursors))
        print(f"{number} companies of {ACCOUNTS} accounts, {len(cursors)} pages each")
        print(f"floor       {wall:6.2f} s, CPU {1000 * floor / number:6.1f} ms a company")
        for threads in THREADS:
            wall, cpu = cost(lambda threads=threads: planned(folder, threads))  # type: ignore[misc]
            ratio = cpu / floor
            print(
                f"{threads} threads   {wall:6.2f} s, CPU {1000 * cpu / number:6.1f} ms a company, {ratio:.1f} x floor"
            )


if __name__ == "__main__":
    main()
