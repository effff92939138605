"""Our own sources pass the suite that plug-ins run; the suite finds sources that do not do what they must."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from fake_books import TOKEN, Call, FakeServer, Reply
from pleoctl.errors import InvalidFile, SourceError
from pleoctl.place import Place
from pleoctl.sources import Context, SourceRow, Table, opening
from pleoctl.testing.sources import CHECKS, Nonconformance, SourceCase, conform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shapes import Json
    from tests.conftest import MakeWorkspace

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


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", FILES)
def test_sources_of_files_and_programs_conform(kind: str, check: str, tmp_path: Path) -> None:
    """Each check by itself, so that a failure names what is not kept."""
    if kind == "hledger" and shutil.which("hledger") is None:
        pytest.skip("hledger is not installed")
    CHECKS[check](FILES[kind], tmp_path)


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


# --- the suite finds what is wrong ---------------------------------------------------------------------------------


class Good:
    """A source of one JSON file that does everything right; the others each get one thing wrong."""

    def __init__(self, context: Context, section: Json) -> None:
        self._context = context
        self._path = context.inside(section["path"], "source", "path")

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        if resource != "accounts":
            return None
        try:
            rows = json.loads(self.text())
        except (OSError, ValueError) as error:
            raise SourceError("cannot be read", place=Place("rows.json")) from error
        return Table("rows.json", [self.row(cells) for cells in rows])

    def text(self) -> str:
        """The file."""
        return self._path.read_text(encoding="utf-8")

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow(cells, "rows.json")


class Eager(Good):
    """Reads in its constructor."""

    def __init__(self, context: Context, section: Json) -> None:
        super().__init__(context, section)
        self._path.read_bytes()


class Lenient(Good):
    """Takes what is cut short for all there is."""

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        try:
            return super().read(resource)
        except SourceError:
            return Table("rows.json", [SourceRow({"externalId": "1", "name": "Cash"}, "rows.json")])


class Bare(Good):
    """Lets the errors of others through."""

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        return None if resource != "accounts" else Table("rows.json", [self.row(c) for c in json.loads(self.text())])


class Untyped(Good):
    """Gives numbers as they come."""

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow({**cells, "code": 100}, "rows.json")


class Writing(Good):
    """Leaves something behind."""

    def text(self) -> str:
        """The file."""
        (self._context.root / "cache").write_text("x", encoding="utf-8")
        return super().text()


class Outside(Good):
    """Takes the path as it stands."""

    def __init__(self, context: Context, section: Json) -> None:
        super().__init__(context, {"path": "."})
        self._path = context.root / section["path"]


class Nosy(Good):
    """Asks its context for the workspace's company."""

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow({**cells, "currency": self._context.company}, "rows.json")  # type: ignore[attr-defined]


class Old:
    """Made as sources of an older pleoctl were."""

    def __init__(self, workspace: MakeWorkspace, section: Json) -> None:
        """Never called."""

    def read(self, _resource: str) -> Table | None:
        """See `Source.read`."""


ROWS = SourceCase(
    {"type": "made", "path": "rows.json"},
    writes("rows.json", '[{"externalId": "1", "name": "Cash"}]'),
    {"cut": writes("rows.json", '[{"externalId": "1", "na')},
)


def install(monkeypatch: pytest.MonkeyPatch, made: type) -> None:
    """Let ``type: made`` be this class."""
    monkeypatch.setitem(opening.BUILT_IN, "made", f"{__name__}:{made.__name__}")
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or type(sys)(__name__))
    monkeypatch.setattr(sys.modules[__name__], made.__name__, made, raising=False)


def test_a_source_that_does_everything_right_conforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole suite at once, as a plug-in would call it."""
    install(monkeypatch, Good)
    conform(ROWS, tmp_path)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Eager, "No such file"),
        (Lenient, "is not refused"),
        (Bare, "Expecting|No such file|Unterminated"),
        (Untyped, "wrong type: code"),
        (Writing, "changed the folder"),
        (Outside, "a link out of the workspace"),
        (Nosy, "it asks for 'company': a source is made with a context"),
        (Old, "not made with a context"),
    ],
)
def test_a_source_that_gets_one_thing_wrong_does_not(
    made: type, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is found and named."""
    install(monkeypatch, made)
    with pytest.raises((Nonconformance, OSError, ValueError, SourceError), match=words):
        conform(ROWS, tmp_path)


def test_a_case_without_spoilt_data_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in must show what its source refuses."""
    install(monkeypatch, Good)
    with pytest.raises(Nonconformance, match="no spoilt data"):
        conform(replace(ROWS, spoilt={}), tmp_path)


def test_an_old_plug_in_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what a source is made with now."""
    install(monkeypatch, Old)
    with pytest.raises(InvalidFile) as caught:
        CHECKS["gives_tables_of_rows"](ROWS, tmp_path)
    assert "made was written for an older pleoctl: a source is made with a context" in str(caught.value.findings[0])
