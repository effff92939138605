"""Rows of the table of goals: mapping items."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import company
import varied
from mapping import prepare
from measure import Result, against, cpu, pleoctl, python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RULES = 100
FEW, MANY = 20_000, 200_000
_LOADS = """
import json
with open("items.jsonl", "rb") as stream:
    for line in stream:
        json.loads(line)
"""
_HLEDGER = ["hledger", "-f", "items.csv", "--rules-file", "items.rules", "print", "-o", "theirs.journal"]


def _map(folder: Path, kind: str = "json", file: str = "items.jsonl", processes: int = 1) -> float:
    more = ("--processes", str(processes))
    return pleoctl(folder, "map", file, "--format", kind, "-o", f"ours.{kind}", *more)


def _clock(folder: Path, processes: int) -> float:
    """Seconds by the clock; other work on the machine makes them more, so the least of some runs counts."""
    started = time.perf_counter()
    _map(folder, processes=processes)
    return time.perf_counter() - started


def shared() -> Iterator[Result]:
    """200,000 items by one process and by two workers; rather for a machine that does nothing else."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, 200_000, RULES)
        ratio = against(lambda: _map(folder, processes=2), lambda: _map(folder), 3)
        yield Result("map of 200,000 JSON lines on two cores / on one, CPU", ratio, 1.3)
        turns = [(_clock(folder, 1), _clock(folder, 2)) for _ in range(7)]
        times = min(one for one, _ in turns) / min(two for _, two in turns)
        yield Result("map of 200,000 JSON lines on one core / on two, by the clock", times, 1.5, most=False)


def maps() -> Iterator[Result]:
    """20,000 and 200,000 items."""
    for folder, items in _sizes(lambda folder, items: prepare(folder, items, RULES)):
        yield _beside_loads(folder, items, "items", 1.9)
        if items == FEW:
            yield from _beside_hledger(folder, f"{items:,} items")
            yield from _forms(folder, items)


def others() -> Iterator[Result]:
    """20,000 and 200,000 items each of which is another than the rest; 20,000 as answers of the API."""
    for folder, items in _sizes(varied.prepare):
        what = f"{items:,} other items"
        yield _beside_loads(folder, items, "other items", 2)
        if items == FEW:
            yield _read(folder, what, "page.json", "one answer")
            yield _read(folder, what, "pages.json", "pages of 100")
            yield from _written(folder, what)


def companies() -> Iterator[Result]:
    """20,000 and 200,000 items of a company with 300 vendors and 300 projects, under rows of eleven kinds."""
    for folder, items in _sizes(company.prepare):
        what = f"{items:,} items of a company"
        yield _beside_loads(folder, items, "items of a company", 2)
        yield from _written(folder, what)
        if items == FEW:
            # It takes hledger 28 times as long as json.loads, and ours may take twice as long by the row above.
            yield from _beside_hledger(folder, what, 12)
        with (folder / "mapping.yaml").open("a") as rules:
            rules.write('description: "{{ supplier.name }} {{ user.name | initials }} {{ note }}"\n')
        yield _beside_loads(folder, items, "items of a company, described with initials", 2)


def _sizes(write: Callable[[Path, int], None]) -> Iterator[tuple[Path, int]]:
    """Folders with few and with many items."""
    for items in (FEW, MANY):
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), items)
            yield Path(name), items


def _beside_loads(folder: Path, items: int, kind: str, few: float) -> Result:
    """``few`` is the goal of few items."""
    turns, goal = (5, few) if items == FEW else (3, 1.6)
    ratio = against(lambda: _map(folder), lambda: python(folder, _LOADS), turns)
    return Result(f"map of {items:,} {kind} / json.loads of them", ratio, goal)


def _beside_hledger(folder: Path, what: str, goal: float = 20) -> Iterator[Result]:
    if shutil.which("hledger"):
        times = 1 / against(lambda: _map(folder, "hledger"), lambda: cpu(_HLEDGER, folder), 2)
        yield Result(f"hledger / map of {what} to hledger", times, goal, most=False)


def _forms(folder: Path, items: int) -> Iterator[Result]:
    lines = (folder / "items.jsonl").read_text().splitlines()
    (folder / "page.json").write_text(f'{{"data": [{", ".join(lines)}], "pagination": {{"hasNextPage": false}}}}')
    yield _read(folder, f"{items:,} items", "page.json", '{"data": […]}')
    yield from _written(folder, f"{items:,} items")


def _read(folder: Path, what: str, file: str, form: str) -> Result:
    ratio = against(lambda: _map(folder, "json", file), lambda: _map(folder))
    return Result(f"map of {what} as {form} / JSON lines", ratio, 1.15)


def _written(folder: Path, what: str) -> Iterator[Result]:
    for kind in ("csv", "beancount", "hledger"):
        ratio = against(lambda kind=kind: _map(folder, kind), lambda: _map(folder))  # type: ignore[misc]
        yield Result(f"map of {what} to {kind} / to json", ratio, 1.3)


ROWS = {"map": maps, "others": others, "company-items": companies, "shared": shared}
