"""Rows of the table of goals: how writing grows with what is to be written, and what it takes in memory."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, exponent, peak, pleoctl, workspace

from pleoctl.model.records import DesiredState, Row
from pleoctl.sandbox import Sandbox, Seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_UPDATES = (500, 2_000, 8_000)
_CREATES = (2_000, 10_000, 50_000)
_ITEMS = (1_000, 5_000, 20_000)
_MAPPING = (
    "apiVersion: pleoctl/v1\nkind: ExportMapping\ninclude: [standard]\n"
    'accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}\n'
    "vendors: {unmatched: fallback, match: [code], rows: []}\ntax: {shape: code}\n"
)


def sizes() -> Iterator[Result]:
    """Updates and creates of accounts, and an export job into csv files, at three sizes each."""
    for what, work, counts in (
        ("updates", _update, _UPDATES),
        ("creates", _create, _CREATES),
        ("items", _book, _ITEMS),
    ):
        with tempfile.TemporaryDirectory() as name, Sandbox() as pleo:
            taken = [work(Path(name), pleo, count) for count in counts]
            job = "jobs run" if what == "items" else "apply"
            yield Result(f"{job} of {what}, growth", exponent(counts, taken), 1.15, unit="^")
            yield Result(f"{job} of {counts[-1]:,} {what}, memory", peak(Path(name)), 300, unit="MiB")


def _update(folder: Path, pleo: Sandbox, count: int) -> float:
    pleo.reset(Seed(accounts=[{"externalId": f"e{n}", "code": str(n), "name": f"Account {n}"} for n in range(count)]))
    return _applied(folder, pleo, count, lambda n: f"New {n}")


def _create(folder: Path, pleo: Sandbox, count: int) -> float:
    pleo.reset(Seed())
    return _applied(folder, pleo, count, lambda n: f"Account {n}")


def _applied(folder: Path, pleo: Sandbox, count: int, name: Callable[[int], str]) -> float:
    workspace(folder, pleo, DesiredState([Row(f"e{n}", {"code": str(n), "name": name(n)}) for n in range(count)]))
    pleoctl(folder, "plan", "-o", "plan.json", "--brief")
    return pleoctl(folder, "apply", "plan.json")


def _book(folder: Path, pleo: Sandbox, count: int) -> float:
    rows = [{"amount": 10_000 + n, "account": "6820", "type": "card_purchase"} for n in range(count)]
    pleo.reset(Seed(export_jobs=[{"items": rows}]))
    books = json.dumps({"type": "csv", "path": f"books-{count}"})
    workspace(folder, pleo, more=f"mapping: mapping.yaml\nsink: {books}\n")
    (folder / "mapping.yaml").write_text(_MAPPING)
    return pleoctl(folder, "jobs", "run")


ROWS = {"size": sizes}
