"""Time what reads files and answers that others control, at three sizes, and print how it grows.

    python bench/growth.py [--size 2000] [SHAPE…]

Each shape is made hostile in one way. Work in proportion to the size grows 4 times from the first size to the third;
what grows more than 6 times is marked, since it would take for ever on a large file.
"""

from __future__ import annotations

import argparse
import atexit
import io
import json
import shutil
import tempfile
import time
import uuid
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl

from pleoctl.desired.comments import render
from pleoctl.desired.read import checked, read_state
from pleoctl.documents.load import load_json
from pleoctl.errors import PleoctlError
from pleoctl.fleet.confine import beside
from pleoctl.fleet.fleet import Fleet
from pleoctl.fleet.private import hidden_from, read_only
from pleoctl.fleet.work import Task
from pleoctl.mapping.analysis.check import check
from pleoctl.mapping.analysis.impact import compare
from pleoctl.mapping.catalog import Catalog, CatalogAccount
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.io.read import read_items
from pleoctl.mapping.items import convert
from pleoctl.mapping.rules.build import read_rules
from pleoctl.mapping.rules.files import folder_reader
from pleoctl.mapping.suites.run import run_tests
from pleoctl.model.kinds import KINDS
from pleoctl.model.records import DRAFT, Live, Row
from pleoctl.reconcile.changes import Reconciliation
from pleoctl.reconcile.drafts import set_apart
from pleoctl.sources.gnucash import hidden
from pleoctl.sources.gnucash_xml import Account
from pleoctl.sources.xlsx import sample_sheets

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_MUCH = 6
#: Below this a ratio says more about the machine than about the work.
LEAST_SECONDS = 0.05
_STATE = "apiVersion: pleoctl/v1\nkind: DesiredState\n"
_RULES = (
    "apiVersion: pleoctl/v1\nkind: ExportMapping\n"
    'accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}\n'
)
_STANDARD = _RULES + "include: [standard]\n"


def state(text: str) -> None:
    """Read, check and write a desired state."""
    found, comments = read_state(text, "f.yaml")
    render(checked(found), comments)


def rules(text: str, catalog: Catalog | None = None, files: dict[str, str] | None = None) -> None:
    """Load and check a mapping."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in {"mapping.yaml": text, **(files or {})}.items():
            (folder / file).write_text(content)
        check(*read_rules("mapping.yaml", folder_reader(folder)), catalog)


def tests(text: str) -> None:
    """Run the tests of a mapping."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "mapping.yaml").write_text(text)
        made, _ = read_rules("mapping.yaml", folder_reader(Path(name)))
        run_tests(made, made.tests)


def books(size: int) -> None:
    """Find the hidden accounts of a GnuCash book in which each account lies below the one before."""
    one = Account("0", None, "N", hidden=False, placeholder=False, kind="EXPENSE", currency=None)
    hidden([one._replace(guid=f"{n}", parent=f"{n - 1}") for n in range(10 * size, 0, -1)])


def sheet(size: int) -> Callable[[], None]:
    """Read a sheet of so many rows as people see them."""
    book = openpyxl.Workbook(write_only=True)
    rows = book.create_sheet()
    for n in range(size):
        rows.append([f"acc-{n:06d}", str(n), f"Account {n}", n])
    content = io.BytesIO()
    book.save(content)

    def read() -> None:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "a.xlsx").write_bytes(content.getvalue())
            sample_sheets(Path(name) / "a.xlsx", "a.xlsx", size)

    return read


def drafts(size: int) -> None:
    """Hold drafts against rows that all have one code."""
    fields: dict[str, str | None] = {"code": "C", "name": "N"}
    rows = [Row(f"v{n}", fields, file="f", line=n) for n in range(size)]
    live = [Live(f"id{n}", "", archived=False, fields={**fields, "state": DRAFT}) for n in range(size)]
    set_apart(KINDS["vendor"], rows, live, Reconciliation())


def line_rows(*rows: str) -> str:
    """Rules with rows of the line table."""
    return _STANDARD + "lines:\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in rows)


def row(number: int, when: str, account: str = "1") -> str:
    """A row of the line table."""
    return f'id: r{number}, when: {{{when}}}, account: "{account}"'


def items(content: str) -> None:
    """Read export items."""
    for _ in read_items(io.BytesIO(content.encode()), "items.json"):
        pass


def item(lines: int = 1, **more: Any) -> dict[str, Any]:
    """An export item of so many lines without ids."""
    money = {"inWalletCurrency": {"currency": "EUR", "value": 100}}
    total = {"inWalletCurrency": {"currency": "EUR", "value": 100 * lines}}
    line = {"lineAmount": money, "account": {"code": "6540"}, **more}
    return {
        "accountingEntryId": "x",
        "type": "card_purchase",
        "date": "2026-01-01",
        "amount": total,
        "bookkeeping": {"method": "journal"},
        "additionalInformation": {"reconciliationId": "1"},
        "accountingEntryLines": [line] * lines,
    }


def searched(rows: int) -> None:
    """Map as many items as there are rows that search a text, each of them another one."""
    with tempfile.TemporaryDirectory() as name:
        text = line_rows(*(row(n, f'note: {{regex: "word ?{n}x"}}', str(n % 7)) for n in range(rows)))
        (Path(name) / "mapping.yaml").write_text(text)
        made, _ = read_rules("mapping.yaml", folder_reader(Path(name)))
    engine = Engine(made)
    for number in range(rows):
        engine.entry(convert({**item(), "note": f"the word{number}x"}))


def impact(lines: int) -> None:
    """Compare two rule sets on one long item."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "mapping.yaml").write_text(_STANDARD)
        made, _ = read_rules("mapping.yaml", folder_reader(Path(name)))
    compare(Engine(made), Engine(made), [convert(item(lines))])


@cache
def fleet(companies: int) -> Fleet:
    """A fleet of so many companies."""
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root)
    for number in range(companies):
        place = root / "companies" / f"c{number:05}"
        place.mkdir(parents=True)
        head = f"apiVersion: pleoctl/v1\nkind: Workspace\ncompany: {uuid.UUID(int=number + 1, version=4)}\n"
        (place / "pleoctl.yaml").write_text(
            f'{head}pleo: {{url: "https://external.pleo.io", auth: {{apiKey: "env:K"}}}}\n'
        )
    whole = "apiVersion: pleoctl/v1\nkind: Fleet\ncompanies: [companies/*/pleoctl.yaml]\nsharedEnv: [K]\n"
    (root / "fleet.yaml").write_text(whole)
    return Fleet(root / "fleet.yaml", {"K": "k"})


def opened(companies: int) -> Callable[[], None]:
    """Open every company of a fleet."""
    made = fleet(companies)
    return lambda: Fleet(made.file, made.environ).opened().clear()


def confined(companies: int) -> Callable[[], None]:
    """Find what one company of a fleet is kept from."""
    made = fleet(companies)
    one, _ = made.open(made.companies[0]), made.folders

    def work() -> None:
        hidden = hidden_from(made, Task("drift", made.root), one)
        list(beside([*hidden, *map(str, read_only(None, one, hidden))]))

    return work


def document(text: str) -> None:
    """Load JSON that a machine wrote."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "f.json").write_text(text)
        load_json(Path(name) / "f.json")


def _accounts(n: int, more: str = "", end: str = "\n") -> str:
    return _STATE + "accounts:\n" + "".join(f'- {{externalId: "e{i}", name: "N"{more}}}{end}' for i in range(n))


def _test(n: int, expected: str) -> str:
    lines = ", ".join(['{account: "6540", amount: 100}'] * n)
    return (
        _STANDARD + f"tests:\n- {{name: t, given: {{type: card_purchase, lines: [{lines}]}}, expect: [{expected}]}}\n"
    )


SHAPES: dict[str, Callable[[int], Callable[[], None]]] = {
    "state: canonical rows": lambda n: lambda: state(_accounts(10 * n)),
    "state: comments": lambda n: lambda: state(_accounts(5 * n, end="  # why\n")),
    "state: block style": lambda n: (
        lambda: state(_STATE + "accounts:\n" + "".join(f'- externalId: "e{i}"\n  name: "N" # c\n' for i in range(n)))
    ),
    "state: plain texts, and one that is over lines": lambda n: (
        lambda: state(
            _STATE
            + "accounts:\n"
            + "".join(f"- externalId: e{i}\n  # c\n  name: N\n" for i in range(2 * n))
            + "- externalId: e\n  name: a\n    b\n"
        )
    ),
    "state: a run of blanks in a line": lambda n: (
        lambda: state(_STATE + f"accounts:\n- externalId: e\n  name: N{' ' * 500 * n}\t\n")
    ),
    "state: a run of comments and empty lines": lambda n: (
        lambda: state(_STATE + "accounts:\n- externalId: e\n" + "  # c\n\n" * 5 * n + "  name: N\n")
    ),
    "state: CRLF": lambda n: lambda: state(_accounts(10 * n, end="\r\n")),
    "state: unknown keys": lambda n: lambda: state(_accounts(0) + "".join(f"key{i}: 1\n" for i in range(10 * n))),
    "state: an unknown field in each row": lambda n: lambda: state(_accounts(n, ', nam3: "x"')),
    "state: a wrong type in each row": lambda n: lambda: state(_accounts(n, ", active: 1")),
    "state: the same key in each row": lambda n: (
        lambda: state(_STATE + "accounts:\n" + '- {externalId: "e", name: "N"}\n' * n * 5)
    ),
    "state: the same key in one mapping": lambda n: lambda: state(_STATE + "a: 1\n" * n),
    "state: tabs": lambda n: lambda: state(_accounts(n // 4) + "# a\ttab\n"),
    "state: anchors": lambda n: (
        lambda: state(
            _STATE + "accounts:\n" + "".join(f'- {{externalId: &a{i} "e{i}", name: *a{i}}}\n' for i in range(n // 4))
        )
    ),
    "state: a long text": lambda n: lambda: state(_accounts(1, f', hold: "{"x" * n * 100}"')),
    "state: a folded text": lambda n: lambda: state(_STATE + "accounts:\n- externalId: e\n  hold: >\n" + "   x\n" * n),
    "state: a plain text over lines": lambda n: (
        lambda: state(_STATE + "accounts:\n- externalId: e\n  hold: a\n" + "   x\n" * n + "\t\n")
    ),
    "state: a long flow list": lambda n: lambda: state(_STATE + f"accounts: [{'{}, ' * n}]\n"),
    "json: the same key": lambda n: lambda: document("{" + ",".join(f'"k{i}": 1' for i in range(5 * n)) + ',"k1": 2}'),
    "rules: prefixes": lambda n: (
        lambda: rules(
            line_rows(*(row(i, f'supplier: {{startsWith: "Vendor {i:06d}"}}', str(i % 7)) for i in range(n // 2)))
        )
    ),
    "rules: prefixes within prefixes": lambda n: (
        lambda: rules(
            line_rows(*(row(i, f'supplier: {{startsWith: "{"a" * (i % 60)}{i}"}}', str(i % 7)) for i in range(n // 2)))
        )
    ),
    "rules: exact values": lambda n: (
        lambda: rules(line_rows(*(row(i, f'supplier: "V{i}", account: "{i % 9}"', str(i % 7)) for i in range(n // 2))))
    ),
    "rules: a long list in each of two rows": lambda n: (
        lambda: rules(line_rows(*(row(k, f"supplier: [{', '.join(f'V{k}x{i}' for i in range(n))}]") for k in range(2))))
    ),
    "rules: ranges": lambda n: (
        lambda: rules(line_rows(*(row(i, f"amount: {{range: [{i}, {i + 5}]}}", str(i % 7)) for i in range(n // 4))))
    ),
    "rules: ranges of one supplier": lambda n: (
        lambda: rules(
            line_rows(
                *(row(i, f"supplier: V, amount: {{range: [{i}, {i + 5}]}}", str(i % 7)) for i in range(1, n // 2))
            )
        )
    ),
    "rules: days": lambda n: (
        lambda: rules(
            line_rows(
                *(
                    row(i, "supplier: V", str(i % 7)) + f', from: "{date.fromordinal(700_000 + i)}"'
                    for i in range(n // 2)
                )
            )
        )
    ),
    "rules: regexes": lambda n: (
        lambda: rules(line_rows(*(row(i, f'note: {{regex: "^a.*{i}$"}}', str(i % 7)) for i in range(n // 8))))
    ),
    "rules: a long list of parts": lambda n: (
        lambda: rules(
            line_rows(*(row(k, f"note: {{contains: [{', '.join(f'w{k}x{i}x' for i in range(n))}]}}") for k in range(2)))
        )
    ),
    "rules: contains": lambda n: (
        lambda: rules(line_rows(*(row(i, f'note: {{contains: "word{i}x"}}', str(i % 7)) for i in range(n // 8))))
    ),
    "rules: a tag group of its own in each row": lambda n: (
        lambda: rules(line_rows(*(row(i, f'tag.G{i}: "x"', str(i % 7)) for i in range(n // 4))))
    ),
    "rules: unknown keys": lambda n: lambda: rules(_STANDARD + "".join(f"key{i}: 1\n" for i in range(n))),
    "rules: an unknown field in each row": lambda n: (
        lambda: rules(line_rows(*(row(i, 'suplier: "x"') for i in range(n // 2))))
    ),
    "rules: unknown words in a list": lambda n: (
        lambda: rules(
            _STANDARD + f"vendors: {{unmatched: fail, match: [{', '.join(f'w{i}, code' for i in range(n))}]}}\n"
        )
    ),
    "rules: unknown rows replaced": lambda n: (
        lambda: rules(
            _STANDARD
            + "expenseTypes:\n"
            + "".join(
                f"- {{id: t{i}, when: {{type: fee}}, debit: line, credit: wallet, replaces: standard/fe{i}}}\n"
                for i in range(n // 4)
            )
        )
    ),
    "rules: the same type in each row": lambda n: (
        lambda: rules(
            _RULES
            + "expenseTypes:\n"
            + "".join(f"- {{id: t{i}, when: {{type: fee}}, debit: line, credit: wallet}}\n" for i in range(n // 4))
        )
    ),
    "rules: accounts that do not exist": lambda n: (
        lambda: rules(
            line_rows(*(row(i, f'supplier: "V{i}"', f"acc{i}") for i in range(n // 2))),
            Catalog([CatalogAccount(f"e{i}", f"code{i}") for i in range(n)]),
        )
    ),
    "rules: columns of a vendor file": lambda n: (
        lambda: rules(
            _STANDARD + "vendors: {unmatched: fail, file: v.csv}\n",
            files={"v.csv": ",".join(f"c{i}" for i in range(n)) + "\n"},
        )
    ),
    "tests: a posting for each line": lambda n: (
        lambda: tests(_test(n // 4, ", ".join(['{debit: "6540", amount: 100}'] * (n // 4))))
    ),
    "tests: other postings": lambda n: (
        lambda: tests(_test(n // 4, ", ".join(f'{{debit: "{i}", amount: 100}}' for i in range(n // 4))))
    ),
    "books: a chain of accounts": lambda n: lambda: books(n),
    "books: a sheet": lambda n: sheet(5 * n),
    "live: drafts that could be any row": lambda n: lambda: drafts(n),
    "fleet: companies": lambda n: opened(n // 8),
    "fleet: what one company of a process of its own is kept from": lambda n: confined(2 * n),
    "items: one long list": lambda n: lambda: items(json.dumps([item()] * n)),
    "items: many small ones behind a large one": lambda n: (
        lambda: items(json.dumps([item(note="x" * 1000 * n)] + [item()] * 2 * n))
    ),
    "items: one long line": lambda n: lambda: items(json.dumps(item(note="x" * 10_000 * n)) + "\n"),
    "items: lines without ids": lambda n: lambda: impact(n),
    "items: as many as rows that search a text": lambda n: lambda: searched(n),
}


def seconds(work: Callable[[], None]) -> float:
    """CPU seconds of one run, whose errors are part of the work."""
    started = time.process_time()
    with suppress(PleoctlError):
        work()
    return time.process_time() - started


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("shapes", nargs="*")
    given = parser.parse_args()
    for name, make in SHAPES.items():
        if given.shapes and not any(part in name for part in given.shapes):
            continue
        spent = [seconds(make(given.size * factor)) for factor in (1, 2, 4)]
        ratio = spent[2] / max(spent[0], 1e-9)
        mark = "  <- too much" if ratio > TOO_MUCH and spent[2] > LEAST_SECONDS else ""
        print(f"{name:<45} {' '.join(f'{s:8.3f}' for s in spent)} s, {ratio:5.1f} x{mark}", flush=True)


if __name__ == "__main__":
    main()
