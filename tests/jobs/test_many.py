"""Hundreds of items, some of them wrong in a known way: booked as `map` says, or refused as they deserve."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from export_pleo import COMPANY, JOB, World, money, payload
from job_outcomes import booked, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from job_outcomes import MakeBooks
    from shapes import Json
    from tests.conftest import Cli

ITEMS = 300
TYPES = ("card_purchase", "out_of_pocket", "mileage", "per_diem", "fee", "refund", "cashback", "wallet_topup")


def no_account(row: Json) -> None:
    """The category has no account in Pleo."""
    row["type"], row["accountingEntryLines"][0]["account"] = "card_purchase", None


def unknown_type(row: Json) -> None:
    """A type that no rule knows."""
    row["type"] = "gift"


def wrong_sum(row: Json) -> None:
    """The lines do not add up."""
    row["accountingEntryLines"][0]["lineAmount"] = money(1)


def foreign(row: Json) -> None:
    """Another company's."""
    row["companyId"] = "6b1f2c1e-0000-4000-8000-000000000009"


def nothing(row: Json) -> None:
    """Of no amount at all."""
    row["amount"] = row["accountingEntryLines"][0]["lineAmount"] = money(0)


DEFECTS: dict[Callable[[Json], None], str] = {
    no_account: "missing_configuration",
    unknown_type: "validation_failure",
    wrong_sum: "validation_failure",
    foreign: "invalid_configuration",
    nothing: "validation_failure",
}


def test_items_are_booked_as_map_says_and_refused_as_they_deserve(world: World, books: MakeBooks, cli: Cli) -> None:
    """Postings are those of `map`, line by line; what is wrong is reported with its reason, and nothing else is."""
    chance = random.Random(20260315)
    rows = [payload(n, type=chance.choice(TYPES), note=f"n {chance.random()}") for n in range(1, ITEMS + 1)]
    wrong = {row["accountingEntryId"]: chance.choice(list(DEFECTS)) for row in chance.sample(rows, ITEMS // 10)}
    for row in rows:
        if row["accountingEntryId"] in wrong:
            wrong[row["accountingEntryId"]](row)
    world.add(JOB, rows)
    folder = books()
    plan = cli("jobs", "plan", "-o", "plan.json", "--format", "json").json
    assert cli("jobs", "fetch", JOB, "-o", "items.jsonl").code == 0
    lines = (folder / "items.jsonl").read_text().splitlines(keepends=True)
    (folder / "own.jsonl").write_text("".join(line for line in lines if json.loads(line)["companyId"] == COMPANY))
    said = cli("map", "own.jsonl", "--no-catalog").stdout.splitlines()
    mapped = {entry["accountingEntryId"]: entry for entry in map(json.loads, said)}
    planned = {change["address"].removeprefix("item:"): change["entry"] for change in plan["changes"]}
    assert {item: planned[item] for item in mapped} == mapped
    assert cli("apply", "plan.json").code == 5
    good = [row["accountingEntryId"] for row in rows if row["accountingEntryId"] not in wrong]
    assert booked(folder) == dict.fromkeys(good, 1)
    assert {item: said[0]["failureReasonType"] for item, said in world.statuses.items() if item in wrong} == {
        item: DEFECTS[defect] for item, defect in wrong.items()
    }
    assert outcomes(world) == {item: ["failed" if item in wrong else "successful"] for item in {*good, *wrong}}
    assert world.events == ["started", "completed_with_errors"]
