"""Rows of the table of goals: mapping items."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

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


def _map(folder: Path, kind: str = "json", file: str = "items.jsonl", *more: str) -> float:
    return pleoctl(folder, "map", file, "--format", kind, "-o", f"ours.{kind}", *more)


def maps() -> Iterator[Result]:
    """20,000 and 200,000 items."""
    for items, goal in ((20_000, 2.0), (200_000, 1.6)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, items, RULES)
            turns = 5 if items < 100_000 else 3
            ratio = against(lambda: _map(folder), lambda: python(folder, _LOADS), turns)  # noqa: B023
            yield Result(f"map of {items:,} items / json.loads of them", ratio, goal)
            if items > 100_000:
                continue
            if shutil.which("hledger"):
                times = 1 / against(lambda: _map(folder, "hledger"), lambda: cpu(_HLEDGER, folder), 2)  # noqa: B023
                yield Result(f"hledger / map of {items:,} items to hledger", times, 20, most=False)
            yield from _forms(folder, items)


def _forms(folder: Path, items: int) -> Iterator[Result]:
    lines = (folder / "items.jsonl").read_text().splitlines()
    (folder / "page.json").write_text(f'{{"data": [{", ".join(lines)}], "pagination": {{"hasNextPage": false}}}}')
    ratio = against(lambda: _map(folder, "json", "page.json"), lambda: _map(folder))
    yield Result(f'map of {items:,} items as {{"data": […]}} / JSON lines', ratio, 1.15)
    for kind in ("csv", "beancount", "hledger"):
        ratio = against(lambda kind=kind: _map(folder, kind), lambda: _map(folder))  # type: ignore[misc]
        yield Result(f"map of {items:,} items to {kind} / to json", ratio, 1.3)


ROWS = {"map": maps}
