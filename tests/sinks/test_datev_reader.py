"""DATEV batches judged by a reader that is not ours: a strict one for EXTF 700, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from export_pleo import COMPANY, JOB, World, payload, serving
from job_rules import SKR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Cli, MakeWorkspace

HOME = os.environ.get("PLEOCTL_EXTF_READER", "")
READ = """
import json, sys
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch
header, columns = read_batch(sys.argv[1])
rows = [dict(zip(columns, map(str, row))) for row in zip(*columns.values())]
print(json.dumps({"until": header.datum_bis.isoformat(), "client": header.mandant, "rows": rows}))
"""

pytestmark = [
    pytest.mark.judges,
    pytest.mark.skipif(
        not HOME or not (Path(HOME) / "bin" / "python").exists(),
        reason="no reader of EXTF is installed; PLEOCTL_EXTF_READER names its virtual environment",
    ),
]


@pytest.fixture
def world() -> Iterator[World]:
    """A Pleo with a job over two months."""
    made = World(0)
    dates = {1: "2026-03-15", 2: "2026-03-31", 3: "2026-04-01", 4: "2026-04-30"}
    words = 'Größe \\"L\\"; 5 € – żółć 漢'
    rows = [payload(n, date=f"{day}T12:00:00Z", supplier={"name": words}) for n, day in dates.items()]
    text = json.dumps(rows).replace('"SEK"', '"EUR"').replace('"5810"', '"4930"')
    made.add(JOB, json.loads(text))
    with serving(made) as running:
        yield running


def test_an_independent_reader_gives_the_sums_of_the_plan(world: World, workspace: MakeWorkspace, cli: Cli) -> None:
    """Every batch is read without a complaint; accounts, sides, amounts and days are those of the plan."""
    sink = {"type": "datev", "path": "books", "consultant": 1001, "client": 7, "currency": "EUR"}
    pleo = {"url": world.url, "auth": {"apiKey": "env:PLEO_API_KEY"}}
    folder = workspace(sink=sink, mapping="mapping.yaml", pleo=pleo, company=COMPANY)
    (folder / "mapping.yaml").write_text(SKR)
    plan = cli("jobs", "plan", "--format", "json")
    assert plan.code == 0, plan.stderr
    done = cli("jobs", "run")
    assert done.code == 0, done.stdout + done.stderr
    files = sorted((folder / "books").glob("EXTF_*.csv"))
    assert [path.name[-10:-4] for path in files] == ["202603", "202604"]
    found: Counter[tuple[str, str]] = Counter()
    days = set()
    for path in files:
        read = subprocess.run(
            [str(Path(HOME) / "bin" / "python"), "-W", "ignore", "-c", READ, str(path)],
            check=True,
            capture_output=True,
            timeout=120,
        )
        batch = json.loads(read.stdout)
        assert batch["client"] == "7"
        for row in batch["rows"]:
            amount = int(Decimal(row["Betrag"]) * 100)
            found[row["Konto"], "debit" if amount > 0 else "credit"] += abs(amount)
            days.add(row["Buchungsdatum"])
    assert found == {
        (total["account"], side): total[side]
        for total in plan.json["summary"]["totals"]
        for side in ("debit", "credit")
        if total[side]
    }
    assert days == {"2026-03-15", "2026-03-31", "2026-04-01", "2026-04-30"}
