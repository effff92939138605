"""How fast is an export job into a file sink? Ratios against a floor measured in the same run.

Floor: fetch the same tracking rows and items with requests, map them by the same rules. A job is planned and applied
(`jobs plan`, `apply`) by processes of their own; CPU is theirs, not Pleo's. What grows faster than the number of items
is marked.

    python bench/jobs.py [--items 1000 3000 10000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pleoctl.sandbox import Sandbox, Seed

KEY = "BENCH_KEY"
JOB = "6b1f2c1e-0000-4000-8000-000000000001"
MAPPING = """\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fallback, match: [code], rows: []}
tax: {shape: code}
description: "{{ supplier.name }} {{ note }}"
include: [standard]
"""
TYPES = ("card_purchase", "out_of_pocket", "fee", "refund")
MOST_GROWTH = 1.3
"""How much more CPU an item may take in the largest job than in the smallest."""
COMMANDS = (("plan", ["jobs", "plan", "-o", "plan.json"]), ("apply", ["apply", "plan.json"]))
FLOOR = """
import json, os, requests
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.io.read import read_items
from pleoctl.mapping.rules.build import load_rules
from pathlib import Path
session, url, job = requests.Session(), os.environ["URL"], os.environ["JOB"]
session.auth = (os.environ["BENCH_KEY"], "")
def pages(path, **params):
    while True:
        page = session.get(url + path, params={"limit": 100, **params}, timeout=60).json()
        yield from page["data"]
        if not page["pagination"]["hasNextPage"]:
            return
        params["after"] = page["pagination"]["endCursor"]
rows = list(pages(f"/v3/export-jobs/{job}/items"))
with open("floor.jsonl", "w") as stream:
    for item in pages("/v3/export-items", job_id=job):
        stream.write(json.dumps(item) + "\\n")
engine = Engine(load_rules(Path("mapping.yaml"), Path(".")), None)
with open("floor.jsonl", "rb") as stream:
    made = [engine.entry(item) for item in read_items(stream, "floor.jsonl")]
assert len(made) == len(rows)
"""


@dataclass
class Cost:
    """What a process took: wall and CPU seconds."""

    wall: float
    cpu: float


def child(command: list[str], folder: Path, **environment: str) -> Cost:
    """Run a Python process; exit codes of ours that are no errors pass."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    own = {"PLEOCTL_STATE_DIR": str(folder / "state"), **environment}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, check=False, capture_output=True, text=True, env={**os.environ, **own}
    )
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(perf_counter() - started, cpu)


def seed(items: int) -> Seed:
    """A job of so many items, of four types by turns."""
    rows = [
        {"amount": 10_000 + n, "account": "6820", "type": TYPES[n % len(TYPES)], "supplier": {"name": f"Shop {n % 97}"}}
        for n in range(items)
    ]
    return Seed(export_jobs=[{"id": JOB, "items": rows}])


def workspace(folder: Path, pleo: Sandbox) -> None:
    """Write a workspace that books into beancount files."""
    data = {
        "apiVersion": "pleoctl/v1",
        "kind": "Workspace",
        "company": pleo.company,
        "pleo": {"url": pleo.url, "auth": {"apiKey": f"env:{KEY}"}},
        "mapping": "mapping.yaml",
        "sink": {"type": "beancount", "path": "books"},
    }
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items())
    (folder / "pleoctl.yaml").write_text(text, encoding="utf-8")
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")


def measure(items: int) -> float:
    """Print one line; CPU milliseconds of an item."""
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=seed(items)) as pleo:
        folder = Path(name)
        workspace(folder, pleo)
        floor = child(["-c", FLOOR], folder, URL=pleo.url, JOB=JOB, **{KEY: pleo.api_key})
        costs, counts = [], []
        for _, command in COMMANDS:
            before = int(pleo.stats()["total"])
            costs.append(child(["-m", "pleoctl", *command], folder, **{KEY: pleo.api_key}))
            counts.append(int(pleo.stats()["total"]) - before)
        (job,) = pleo.state()["exportJobs"]
        if job["status"] != "completed":
            raise SystemExit(f"the job is {job['status']}")
    least = 4 * -(-items // 100) + 4
    told = ", ".join(f"{what} {cost.cpu:5.2f} s" for (what, _), cost in zip(COMMANDS, costs, strict=True))
    cpu, wall = sum(cost.cpu for cost in costs), sum(cost.wall for cost in costs)
    print(
        f"{items:>7} items: CPU {told}, {cpu / floor.cpu:4.1f} × the floor's {floor.cpu:5.2f} s; wall {wall:5.2f} s, "
        f"{wall / floor.wall:4.1f} × {floor.wall:5.2f} s; "
        f"apply took {counts[1]} requests, the least is {least}; {cpu / items * 1000:5.2f} ms an item"
    )
    return cpu / items


def main() -> None:
    """Measure the sizes that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="*", default=[1_000, 3_000, 10_000])
    sizes = parser.parse_args().items
    found = [measure(items) for items in sizes]
    if len(found) > 1 and found[-1] > MOST_GROWTH * found[0]:
        print(f"an item takes {found[-1] / found[0]:.1f} times as long in the largest job: that grows too fast")


if __name__ == "__main__":
    main()
