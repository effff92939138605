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
    from collections.abc import Iterator

RULES = 100
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
    for items, goal in ((20_000, 1.9), (200_000, 1.6)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, items, RULES)
            turns = 5 if items < 100_000 else 3
            ratio = against(lambda: _map(folder), lambda: python(folder, _LOADS), turns)  # noqa: B023 - called at once
            yield Result(f"map of {items:,} items / json.loads of them", ratio, goal)
            if items > 100_000:
                continue
            if shutil.which("hledger"):
                times = 1 / against(lambda: _map(folder, "hledger"), lambda: cpu(_HLEDGER, folder), 2)  # noqa: B023 - called at once
                yield Result(f"hledger / map of {items:,} items to hledger", times, 20, most=False)
            yield from _forms(folder, items)


def others() -> Iterator[Result]:
    """20,000 and 200,000 items each of which is another than the rest; 20,000 as answers of the API."""
    for items, goal in ((20_000, 2), (200_000, 1.6)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            varied.prepare(folder, items)
            turns = 5 if items < 100_000 else 3
            ratio = against(lambda: _map(folder), lambda: python(folder, _LOADS), turns)  # noqa: B023 - called at once
            yield Result(f"map of {items:,} other items / json.loads of them", ratio, goal)
            for file, form in (("page.json", "one answer"), ("pages.json", "pages of 100")) if items < 100_000 else ():
                ratio = against(lambda file=file: _map(folder, "json", file), lambda: _map(folder))  # type: ignore[misc]  # noqa: B023 - called at once
                yield Result(f"map of {items:,} other items as {form} / JSON lines", ratio, 1.15)
            if items < 100_000:
                yield from _written(folder, f"{items:,} other items")


def companies() -> Iterator[Result]:
    """20,000 and 200,000 items of a company with 300 vendors and 300 projects, under rows of eleven kinds."""
    for items, goal in ((20_000, 2), (200_000, 1.6)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            company.prepare(folder, items)
            turns = 5 if items < 100_000 else 3
            ratio = against(lambda: _map(folder), lambda: python(folder, _LOADS), turns)  # noqa: B023 - called at once
            yield Result(f"map of {items:,} items of a company / json.loads of them", ratio, goal)
            yield from _written(folder, f"{items:,} items of a company")
            if shutil.which("hledger") and items < 100_000:
                times = 1 / against(lambda: _map(folder, "hledger"), lambda: cpu(_HLEDGER, folder), 2)  # noqa: B023 - called at once
                yield Result(f"hledger / map of {items:,} items of a company to hledger", times, 20, most=False)


def _forms(folder: Path, items: int) -> Iterator[Result]:
    lines = (folder / "items.jsonl").read_text().splitlines()
    (folder / "page.json").write_text(f'{{"data": [{", ".join(lines)}], "pagination": {{"hasNextPage": false}}}}')
    ratio = against(lambda: _map(folder, "json", "page.json"), lambda: _map(folder))
    yield Result(f'map of {items:,} items as {{"data": […]}} / JSON lines', ratio, 1.15)
    yield from _written(folder, f"{items:,} items")


def _written(folder: Path, what: str) -> Iterator[Result]:
    for kind in ("csv", "beancount", "hledger"):
        ratio = against(lambda kind=kind: _map(folder, kind), lambda: _map(folder))  # type: ignore[misc]
        yield Result(f"map of {what} to {kind} / to json", ratio, 1.3)


ROWS = {"map": maps, "others": others, "company-items": companies, "shared": shared}
