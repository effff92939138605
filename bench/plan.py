"""How fast is a plan? Ratios against a floor measured in the same run.

Floor: read the same pages with requests and parse their JSON, and read the same desired-state file. Own time is the
plan's CPU time less that of the floor's pages; memory is the peak of a process that does nothing but plan.

    python bench/plan.py [--accounts 1000 10000 100000] [--tags 5x20000] [--vendors 20000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pleoctl.desired.comments import render
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.sandbox import Sandbox, Seed

KEY = "BENCH_KEY"
TAX_CODES = 500


def account(number: int) -> Row:
    """A row whose name differs from the live one in one case of a hundred."""
    name = f"Account {number:06d}" if number % 100 else f"Renamed {number:06d}"
    return Row(f"acc-{number:06d}", {"code": str(100000 + number), "name": name})


def company(accounts: int, groups: int, tags: int) -> tuple[Seed, DesiredState]:
    """A Pleo and a desired state that differ in one record of a hundred."""
    live = [
        {"externalId": f"acc-{n:06d}", "code": str(100000 + n), "name": f"Account {n:06d}"} for n in range(accounts)
    ]
    made = [
        {
            "code": f"DIM{g}",
            "name": f"Dimension {g}",
            "tags": [{"code": f"V{n:06d}", "name": f"Value {n:06d}"} for n in range(tags)],
        }
        for g in range(groups)
    ]
    rows = [account(n) for n in range(accounts)]
    dimensions = [
        Dimension(Row(f"DIM{g}", {"code": f"DIM{g}", "name": f"Dimension {g}"}), [value(n) for n in range(tags)])
        for g in range(groups)
    ]
    return Seed(accounts=live, tag_groups=made), DesiredState(rows, dimensions or None)


def suppliers(vendors: int, tax_codes: int) -> tuple[Seed, DesiredState]:
    """The same of vendors and tax codes, a hundredth of the vendors drafts that Pleo made."""
    currency: dict[str, Any] = {"defaultCurrency": "EUR"}
    made: list[dict[str, Any]] = [
        {"externalId": f"v-{n:06d}", "code": f"{n:06d}", "name": f"Vendor {n:06d}", **currency} for n in range(vendors)
    ]
    live = [
        {**({"code": row["code"], "draft": True} if n % 100 == 1 else row), "name": row["name"], **currency}
        for n, row in enumerate(made)
    ]
    rates: list[dict[str, Any]] = [{"code": f"T{n}", "name": f"Tax {n}", "rate": 0.25} for n in range(tax_codes)]
    state = DesiredState()
    state.flat["vendor"] = [
        Row(row["externalId"], {**currency, "code": row["code"], "name": row["name"] if n % 100 else f"Renamed {n}"})
        for n, row in enumerate(made)
    ]
    state.flat["taxCode"] = [
        Row(row["code"], {"code": row["code"], "name": row["name"], "rate": "0.25", "type": "inclusive"})
        for row in rates
    ]
    return Seed(vendors=live, tax_codes=rates), state


def value(number: int) -> Row:
    """A value whose name differs from the live one in one case of a hundred."""
    name = f"Value {number:06d}" if number % 100 else f"Renamed {number:06d}"
    return Row(f"V{number:06d}", {"code": f"V{number:06d}", "name": name})


def workspace(folder: Path, pleo: Sandbox, desired: DesiredState, groups: int) -> None:
    """Write a workspace for the sandbox."""
    selected = json.dumps([f"DIM{g}" for g in range(groups)])
    dimensions = f"dimensions: {{selected: {selected}}}\n" if groups else ""
    (folder / "pleoctl.yaml").write_text(
        f"apiVersion: pleoctl/v1\nkind: Workspace\ncompany: {pleo.company}\n"
        f"pleo: {{url: '{pleo.url}', auth: {{apiKey: 'env:{KEY}'}}}}\n{dimensions}",
        encoding="utf-8",
    )
    (folder / "desired-state.yaml").write_text(render(desired), encoding="utf-8")


def child(code: str, folder: Path, **environment: str) -> tuple[float, float, float]:
    """Wall and CPU seconds and peak MiB of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PLEOCTL_STATE_DIR": str(folder / "state"), **environment},
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 2}:
        raise SystemExit(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, float(done.stdout.strip().splitlines()[-1])


# Not ru_maxrss, which starts at the parent's size.
PEAK = "print(int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]) / 1024)"
PLAN = f"""
from pleoctl.__main__ import main
try:
    main(["plan", "-o", "plan.json", "--brief"])
except SystemExit:
    {PEAK}
"""
FLOOR = """
import json, os, requests
session, after, body = requests.Session(), None, json.loads(os.environ["BODY"])
session.auth = (os.environ["BENCH_KEY"], "")
while True:
    params = {"limit": 100, "company_id": os.environ["COMPANY"], **({"after": after} if after else {})}
    page = session.post(os.environ["URL"], params=params, json=body, timeout=60).json()["pagination"]
    after = page["endCursor"]
    if not page["hasNextPage"]:
        break
open("desired-state.yaml", "rb").read()
"""


def measure(accounts: int, groups: int, tags: int, vendors: int = 0, tax_codes: int = 0) -> None:
    """Print one line; vendors and tax codes stand alone."""
    seed, desired = suppliers(vendors, tax_codes) if vendors else company(accounts, groups, tags)
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=seed) as pleo:
        folder = Path(name)
        workspace(folder, pleo, desired, groups)
        body, url = ({}, f"{pleo.url}/v1/vendors:search") if vendors else floor_request(pleo, groups)
        floor = child(
            FLOOR + PEAK, folder, BENCH_KEY=pleo.api_key, BODY=json.dumps(body), URL=url, COMPANY=pleo.company
        )
        pleo.reset(seed)
        wall, cpu, peak = child(PLAN, folder, BENCH_KEY=pleo.api_key)
        requests = int(pleo.stats()["total"])
        least = -(-accounts // 100) + (1 if accounts else 0) + (1 + -(-groups * tags // 100) if groups else 0)
        least += -(-vendors // 100) + -(-tax_codes // 100)
        records = accounts + groups * tags + vendors + tax_codes
        print(
            f"{records:>8} records: {wall:6.2f} s wall, own time {cpu - floor[1]:6.2f} s, {peak:6.1f} MiB, "
            f"{cpu / floor[1]:4.1f} × the floor's CPU, {requests / least:4.2f} × the least requests"
        )


def floor_request(pleo: Sandbox, groups: int) -> tuple[dict[str, Any], str]:
    """The body and url of the list that is read most."""
    if groups:
        ids = [group["id"] for group in pleo.state()["tagGroups"]]
        return {"tagGroupIds": ids, "includeArchived": True}, f"{pleo.url}/v0/tags:search"
    flags = {"excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}
    return {"companyId": pleo.company, **flags}, f"{pleo.url}/v1/chart-of-accounts:search"


def main() -> None:
    """Measure the sizes that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--tags", default="5x20000", help="groups x tags, or 0x0")
    parser.add_argument("--vendors", type=int, default=20_000, help="with 500 tax codes; 0: none")
    arguments = parser.parse_args()
    for accounts in arguments.accounts:
        measure(accounts, 0, 0)
    groups, _, tags = arguments.tags.partition("x")
    if int(groups):
        measure(0, int(groups), int(tags))
    if arguments.vendors:
        measure(0, 0, 0, arguments.vendors, TAX_CODES)


if __name__ == "__main__":
    main()
