"""Rows of the table of goals: `mapping check` of large rules, names that are not known, coverage."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from growth import item
from mapping import WORKSPACE
from measure import Result, against, exponent, peak, pleoctl, python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEAD = """\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
include: [standard]
"""
_LOAD = """
from pathlib import Path
from pleoctl.mapping.context import catalog_of
from pleoctl.mapping.rules.build import load_rules
from pleoctl.workspace import Workspace
load_rules(Path("mapping.yaml"), Path("."))
catalog_of(Workspace.find("."))
"""
# One row for each account; 1930 and its like are there as well.
_OWN = ("1940", "2890", "1930", "2440")


def _lines(number: int, when: Callable[[int], str]) -> str:
    rows = (f'  - {{id: r{n}, when: {{{when(n)}}}, account: "{6000 + n % 97}"}}\n' for n in range(number))
    return f"{_HEAD}lines:\n  rows:\n{''.join(rows)}"


def _vendors(number: int) -> str:
    rows = (f'  - {{code: "V{n}", account: "{10_000 + n}"}}\n' for n in range(number))
    return f"{_HEAD}vendors:\n  unmatched: fail\n  rows:\n{''.join(rows)}"


def _listed(number: int) -> str:
    values = (", ".join(f"V{k}x{n}" for n in range(number // 2)) for k in range(2))
    rows = (f'  - {{id: r{k}, when: {{supplier: [{one}]}}, account: "{6000 + k}"}}\n' for k, one in enumerate(values))
    return f"{_HEAD}lines:\n  rows:\n{''.join(rows)}"


def _elsewhere(number: int) -> str:
    """Rows whose accounts are not there, each a letter longer than one that is."""
    rows = (f'  - {{id: r{n}, when: {{supplier: "V{n}"}}, account: "{10_000 + n}x"}}\n' for n in range(number))
    return f"{_HEAD}lines:\n  rows:\n{''.join(rows)}"


class _Shape(NamedTuple):
    """Rules of a form, beside so many accounts as ``accounts`` says; the check of them ends with ``code``."""

    size: int
    text: Callable[[int], str]
    accounts: Callable[[int], int] = int
    code: int = 0


SHAPES: dict[str, _Shape] = {
    "vendors × as many accounts": _Shape(5_000, _vendors),
    "vendors of accounts that are not there": _Shape(
        5_000, lambda n: _vendors(n).replace(', account: "1', ', account: "x'), code=3
    ),
    "rows of accounts unknown among ten times as many": _Shape(2_000, _elsewhere, lambda n: 10 * n, code=3),
    "rows of accounts that look like one of 800": _Shape(2_000, _elsewhere, lambda _: 800, code=3),
    "rows of contains": _Shape(1_000, lambda n: _lines(n, lambda k: f'note: {{contains: "word{k}x"}}')),
    "rows of startsWith": _Shape(5_000, lambda n: _lines(n, lambda k: f'supplier: {{startsWith: "Vendor {k:06d}"}}')),
    "listed values": _Shape(5_000, _listed),
}


def _workspace(folder: Path, accounts: int) -> None:
    codes = [*_OWN, *(str(6000 + n) for n in range(97)), *(str(10_000 + n) for n in range(accounts))]
    rows = "".join(f'- {{externalId: "{code}", code: "{code}", name: "Account {code}"}}\n' for code in codes)
    (folder / "pleoctl.yaml").write_text(WORKSPACE)
    (folder / "desired-state.yaml").write_text(f"apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n{rows}")


def checks() -> Iterator[Result]:
    """Each shape at a quarter, a half and its whole size, against loading its rules and accounts."""
    for name, (size, text, accounts, code) in SHAPES.items():
        sizes = (size // 4, size // 2, size)
        taken = []
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            for number in sizes:
                _workspace(folder, accounts(number))
                (folder / "mapping.yaml").write_text(text(number))
                taken.append(_check(folder, code))
            ratio = against(partial(_check, folder, code), lambda: python(folder, _LOAD), 3)  # noqa: B023 - called at once
            yield Result(f"mapping check of {size:,} {name} / loading them", ratio, 3)
            yield Result(f"mapping check of {name}, growth", exponent(sizes, taken), 1.2, unit="^")


def _check(folder: Path, code: int) -> float:
    return pleoctl(folder, "mapping", "check", "--format", "json", code=code)


def coverages() -> Iterator[Result]:
    """Memory at 300,000 items that fail against 30,000 of them."""
    memory = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _workspace(folder, 0)
        (folder / "mapping.yaml").write_text(_HEAD)
        for number in (30_000, 300_000):
            with (folder / "items.jsonl").open("w") as stream:
                for n in range(number):
                    stream.write(json.dumps(_failing(n)) + "\n")
            pleoctl(folder, "mapping", "coverage", "--items", "items.jsonl", "--format", "json")
            memory.append(peak(folder))
    yield Result("coverage of 300,000 failures / of 30,000, memory", memory[1] / memory[0], 1.1)


def _failing(number: int) -> dict[str, Any]:
    return {**item(), "accountingEntryId": f"x{number}", "type": "unknown_type", "subType": f"s{number}"}


ROWS = {"check": checks, "coverage": coverages}
