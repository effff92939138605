"""Our own sources pass the suite that plug-ins run."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pytest

from fake_books import TOKEN, Call, FakeServer, Reply
from pleoctl.testing.sources import CHECKS, SourceCase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shapes import Json

CSV = "externalId,code,name,active\n1,100,Cash,true\n2,,Old,false\n"
SIE = '#FLAGGA 0\n#SIETYP 4\n#KONTO 1930 "Bank"\n#DIM 1 "Avdelning"\n#OBJEKT 1 "A" "Ett"\n'
LEDGER = '2020-01-01 open Assets:Bank\n  code: "1930"\n2021-01-01 open Expenses:Travel\n'
JOURNAL = "account Assets:Bank  ; code:1930\naccount Expenses:Travel\n"
BOOK = (
    '<?xml version="1.0"?><gnc-v2 xmlns:gnc="http://www.gnucash.org/XML/gnc" '
    'xmlns:act="http://www.gnucash.org/XML/act" xmlns:cd="http://www.gnucash.org/XML/cd">'
    '<gnc:book><gnc:count-data cd:type="account">1</gnc:count-data>'
    "<gnc:account><act:name>Bank</act:name><act:id>a1</act:id><act:type>BANK</act:type></gnc:account></gnc:book></gnc-v2>"
)
SQL = """
CREATE TABLE chart (id TEXT, name TEXT);
INSERT INTO chart VALUES ('1', 'Cash'), ('2', 'Bank');
"""


def writes(name: str, text: str) -> Callable[[Path], object]:
    """A step that writes a text file."""
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def workbook(folder: Path) -> None:
    """The csv sample as a sheet."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for line in CSV.splitlines():
        sheet.append(line.split(","))
    book.save(folder / "book.xlsx")


def cut(name: str) -> Callable[[Path], object]:
    """A step that leaves the first half of a file."""

    def half(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return half


def database(script: str) -> Callable[[Path], object]:
    """A step that makes a database."""

    def make(folder: Path) -> None:
        (folder / "books.db").unlink(missing_ok=True)
        with closing(sqlite3.connect(folder / "books.db")) as connection:
            connection.executescript(script)

    return make


FILES = {
    "csv": SourceCase(
        {"type": "csv", "accounts": {"path": "a.csv"}},
        writes("a.csv", CSV),
        {
            "no column": writes("a.csv", "externalId\n1\n"),
            "empty": writes("a.csv", ""),
            "open quote": writes("a.csv", 'externalId,name\n1,"Cash\n'),
        },
    ),
    "xlsx": SourceCase({"type": "xlsx", "accounts": {"path": "book.xlsx"}}, workbook, {"cut": cut("book.xlsx")}),
    "sie": SourceCase(
        {"type": "sie", "path": "b.se"},
        writes("b.se", SIE),
        {
            "open quote": writes("b.se", SIE + '#KONTO 1 "Cu'),
            "no head": writes("b.se", '#KONTO 1 "A"\n'),
            "open block": writes("b.se", SIE + "#VER A 1\n{\n"),
        },
    ),
    "beancount": SourceCase(
        {"type": "beancount", "path": "b.beancount"},
        writes("b.beancount", LEDGER),
        {"open quote": cut("b.beancount"), "include": writes("b.beancount", 'include "none.beancount"\n' + LEDGER)},
    ),
    "gnucash": SourceCase(
        {"type": "gnucash", "path": "b.gnucash"},
        writes("b.gnucash", BOOK),
        {"cut": cut("b.gnucash"), "count": writes("b.gnucash", BOOK.replace(">1<", ">7<"))},
    ),
    "sql": SourceCase(
        {"type": "sql", "url": "file:url.txt", "accounts": {"query": 'SELECT id AS "externalId", name FROM chart'}},
        lambda folder: (writes("url.txt", "sqlite:///books.db")(folder), database(SQL)(folder)),
        {"no table": database("CREATE TABLE other (id TEXT)")},
    ),
    "exec": SourceCase(
        {"type": "exec", "accounts": {"command": [sys.executable, "-Sc", "print(open('rows.jsonl').read(), end='')"]}},
        writes("rows.jsonl", '{"externalId": "1", "name": "Cash"}\n'),
        {
            "cut": writes("rows.jsonl", '{"externalId": "1", "name": "Cash"}\n{"ext'),
            "no end": writes("rows.jsonl", '{"externalId": "1", "name": "Cash"}'),
        },
        {"PLEOCTL_ALLOW_EXEC": "1"},
    ),
    "hledger": SourceCase(
        {"type": "hledger", "path": "b.journal"},
        writes("b.journal", JOURNAL),
        {"include": writes("b.journal", "include none.journal\n" + JOURNAL)},
        {"PLEOCTL_ALLOW_EXEC": "1"},
    ),
}

TWO = ({"externalId": "1", "code": "100", "name": "Cash"}, {"externalId": "2", "code": None, "name": "Old"})
SHEET: Final[list[Json]] = [{**row, "active": row["name"] != "Old"} for row in TWO]
OPENED: Final[list[Json]] = [
    {"externalId": "Assets:Bank", "code": "1930", "name": "Bank", "active": True},
    {"externalId": "Expenses:Travel", "code": None, "name": "Travel", "active": True},
]
ROWS: Final[dict[str, dict[str, list[Json]]]] = {
    "csv": {"accounts": SHEET},
    "xlsx": {"accounts": SHEET},
    "sie": {
        "accounts": [{"externalId": "1930", "code": "1930", "name": "Bank"}],
        "dimensions": [{"code": "1", "name": "Avdelning"}],
        "values": [{"dimension": "1", "code": "A", "name": "Ett"}],
    },
    "beancount": {"accounts": OPENED},
    "gnucash": {"accounts": [{"externalId": "a1", "code": None, "name": "Bank", "active": True}]},
    "sql": {"accounts": [{"externalId": "1", "name": "Cash"}, {"externalId": "2", "name": "Bank"}]},
    "exec": {"accounts": [{"externalId": "1", "name": "Cash"}]},
    "hledger": {"accounts": OPENED},
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", FILES)
def test_sources_of_files_and_programs_conform(kind: str, check: str, tmp_path: Path) -> None:
    """Each check by itself, so that a failure names what is not kept."""
    if kind == "hledger" and shutil.which("hledger") is None:
        pytest.skip("hledger is not installed")
    CHECKS[check](replace(FILES[kind], rows=ROWS[kind]), tmp_path)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server without an app yet."""
    fake = FakeServer()
    yield fake
    fake.close()


def answers(server: FakeServer, app: Callable[[Call], Reply]) -> Callable[[Path], object]:
    """A step that lets the server answer so."""
    return lambda _folder: setattr(server, "app", app)


def http_case(server: FakeServer) -> SourceCase:
    """A list of two pages with a total."""
    rows = [{"id": str(n), "name": f"Account {n}"} for n in range(4)]

    def page(call: Call, *, total: int = 4) -> Reply:
        start = int(call.query["offset"])
        return Reply({"rows": rows[start : start + 2], "total": total})

    accounts = {
        "path": "/a",
        "query": {"offset": "{offset}"},
        "paginate": {"type": "offset"},
        "records": "rows",
        "total": "total",
        "fields": {"externalId": "id", "name": "name"},
    }
    return SourceCase(
        {"type": "http", "baseUrl": server.url, "auth": {"bearer": "env:BOOKS_TOKEN"}, "accounts": accounts},
        answers(server, page),
        {
            "short": answers(server, lambda call: page(call, total=9)),
            "refused": answers(server, lambda call: Reply({"message": f"no {TOKEN} {call.headers}"}, 403)),
            "not json": answers(server, lambda _call: Reply(b"<html>")),
        },
        {"BOOKS_TOKEN": TOKEN},
        {"accounts": [{"externalId": row["id"], "name": row["name"]} for row in rows]},
    )


def tryton_case(server: FakeServer) -> SourceCase:
    """Two accounts and no analytic ones."""
    rows = [{"id": n, "code": str(n), "name": "A", "active": True, "closed": False, "type": 1} for n in (1, 2)]

    def call_of(call: Call, *, total: int = 2) -> Reply:
        method, params = call.body["method"], call.body["params"]
        if method == "common.db.login":
            return Reply({"result": [7, "session-key-1"]})
        if method.endswith("_count"):
            return Reply({"result": total})
        return Reply({"result": rows[params[1] : params[1] + params[2]]})

    return SourceCase(
        {
            "type": "tryton",
            "baseUrl": server.url,
            "database": "d",
            "user": "u",
            "password": "env:BOOKS_TOKEN",
            "resources": ["accounts"],
        },
        answers(server, call_of),
        {
            "short": answers(server, lambda call: call_of(call, total=3)),
            "error": answers(server, lambda call: Reply({"error": f"no {call.body} {dict(call.headers)}"})),
        },
        {"BOOKS_TOKEN": TOKEN},
        {"accounts": [{"externalId": n, "code": n, "name": "A", "active": True} for n in ("1", "2")]},
    )


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("made", [http_case, tryton_case])
def test_sources_of_servers_conform(
    made: Callable[[FakeServer], SourceCase],
    check: str,
    server: FakeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same suite with a server in place of files."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    CHECKS[check](made(server), tmp_path)
