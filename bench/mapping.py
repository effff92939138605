"""Map generated items and compare with hledger's CSV rules on the same work, and with json.loads of the same items.

    python bench/mapping.py [--items 20000] [--rules 100 --rules 1000] [--no-hledger]

Both programs choose the expense account of each row by the beginning of its supplier's name, and write a journal.
Prints ratios of one run; seconds differ between machines, ratios hardly do.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

SEED = 7
RUNS = 5
COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
_MAPPING = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {{wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}}
vendors: {{unmatched: fail}}
include: [standard]
lines:
  otherwise: keep
  rows:
{rows}
"""
WORKSPACE = f"""apiVersion: pleoctl/v1
kind: Workspace
company: {COMPANY}
pleo:
  url: http://127.0.0.1:1
  auth: {{apiKey: env:PLEO_API_KEY}}
mapping: mapping.yaml
"""
_CSV_RULES = """skip 1
fields date, code, description, amount
currency EUR
date-format %Y-%m-%d
account1 expenses:6540
account2 assets:1940
"""


def identity(chance: random.Random) -> str:
    """A UUID."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def item(chance: random.Random, number: int, rules: int) -> dict[str, Any]:
    """A card purchase at one of as many vendors as there are rules."""
    value = chance.randrange(100, 500_000)
    money = {"currency": "EUR", "value": value}
    amount = {"inSupplierCurrency": money, "inWalletCurrency": money}
    return {
        "_links": {},
        "accountingEntryId": identity(chance),
        "companyId": COMPANY,
        "type": "card_purchase",
        "date": f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T00:00:00Z",
        "amount": amount,
        "note": "office",
        "bookkeeping": {"method": "journal"},
        "contraAccount": {"id": str(UUID(int=5)), "name": "Pleo", "code": "1940", "identifier": None},
        "supplier": {"name": f"VENDOR {chance.randrange(rules):05d} STOCKHOLM", "country": "SE"},
        "additionalInformation": {"reconciliationId": str(5_000_000 + number)},
        "accountingEntryLines": [
            {
                "accountingEntryLineId": identity(chance),
                "lineAmount": amount,
                "netAmount": amount,
                "account": {"id": str(UUID(int=9)), "name": "Office", "code": "6540", "identifier": None},
            }
        ],
    }


def prepare(folder: Path, items: int, rules: int) -> None:
    """Write the same work for both programs."""
    chance = random.Random(SEED)
    made = [item(chance, number, rules) for number in range(items)]
    (folder / "items.jsonl").write_text("".join(json.dumps(one) + "\n" for one in made))
    rows = [
        f'  - {{id: v{n}, when: {{supplier: {{startsWith: "Vendor {n:05d}"}}}}, account: "{6000 + n % 97}"}}'
        for n in range(rules)
    ]
    (folder / "mapping.yaml").write_text(_MAPPING.format(rows="\n".join(rows)))
    (folder / "pleoctl.yaml").write_text(WORKSPACE)
    lines = ["date,code,description,amount"]
    for one in made:
        value = one["amount"]["inWalletCurrency"]["value"]
        code = one["additionalInformation"]["reconciliationId"]
        lines.append(f"{one['date'][:10]},{code},{one['supplier']['name']},{value / 100:.2f}")
    (folder / "items.csv").write_text("\n".join(lines) + "\n")
    blocks = [f"if %description ^VENDOR {n:05d}\n  account1 expenses:{6000 + n % 97}\n" for n in range(rules)]
    (folder / "items.rules").write_text(_CSV_RULES + "".join(blocks))


def timed(command: list[str], folder: Path) -> float:
    """Seconds that one run keeps a core busy; what else the machine does makes no difference to them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pleoctl(folder: Path, kind: str) -> float:
    """Seconds of `pleoctl map`, the start of the program included."""
    return timed([sys.executable, "-m", "pleoctl", "map", "items.jsonl", "--format", kind, "-o", "ours"], folder)


def hledger(folder: Path) -> float:
    """Seconds of `hledger print` with CSV rules."""
    options = ["-f", "items.csv", "--rules-file", "items.rules", "print", "-o", "theirs.journal"]
    return timed(["hledger", *options], folder)


def loads(folder: Path) -> float:
    """Seconds of json.loads of every line."""
    lines = (folder / "items.jsonl").read_bytes().splitlines()
    started = time.process_time()
    for line in lines:
        json.loads(line)
    return time.process_time() - started


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rules", type=int, action="append")
    parser.add_argument("--no-hledger", action="store_true")
    given = parser.parse_args()
    # As installed: modules are compiled once, not at each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds = []
    for rules in given.rules or [100, 1000]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, given.items, rules)
            ours = {kind: min(pleoctl(folder, kind) for _ in range(RUNS)) for kind in ("json", "hledger")}
            floor = min(loads(folder) for _ in range(RUNS))
            theirs = None if given.no_hledger or shutil.which("hledger") is None else hledger(folder)
        seconds.append(ours["hledger"])
        for kind, spent in ours.items():
            text = f"{given.items} items, {rules} rules, {kind}: {given.items / spent:,.0f} items/s"
            text += f", {spent / floor:.2f} x json.loads"
            print(text + (f", {theirs / spent:.1f} x faster than hledger" if theirs else ""))
    for one, other in itertools.pairwise(seconds):
        print(f"more rules cost {other / one:.2f} x")


if __name__ == "__main__":
    main()
