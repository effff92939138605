"""What others wrote has an end: views, queries, packed files and programs, each in one line."""

from __future__ import annotations

import gzip
import io
import shutil
import sqlite3
import sys
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pleoctl.errors import PleoctlError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fake_books import Books
    from shapes import Json

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
GNUCASH = {"type": "gnucash", "path": "books.gnucash"}


def told(books: Books, source: Json) -> str:
    """The one line of an export that is refused."""
    with pytest.raises(PleoctlError) as caught:
        books.export(source)
    (finding,) = caught.value.findings
    assert not (books.folder / "desired-state.yaml").exists()
    assert "\n" not in str(finding)
    return str(finding)


def sqlite(books: Books, name: str, *statements: str) -> None:
    """A database made of these."""
    with closing(sqlite3.connect(books.folder / name)) as connection:
        connection.executescript(";".join(statements))


# --- GnuCash -------------------------------------------------------------------------------------------------------

TABLES = (
    "CREATE TABLE books (guid TEXT, root_account_guid TEXT, root_template_guid TEXT)",
    "CREATE TABLE commodities (guid TEXT, namespace TEXT, mnemonic TEXT)",
)
ACCOUNTS = (
    "CREATE TABLE accounts (guid TEXT, name TEXT, account_type TEXT, commodity_guid TEXT, parent_guid TEXT, code TEXT, "
    "hidden INTEGER, placeholder INTEGER)"
)


def test_a_book_whose_accounts_are_a_view_is_none(books: Books) -> None:
    """GnuCash keeps tables; a view may never end."""
    sqlite(books, "books.gnucash", *TABLES, f"CREATE VIEW accounts AS {ENDLESS} i AS guid FROM n")
    assert "accounts is no table but a view" in told(books, GNUCASH)


def test_a_book_that_multiplies_itself_ends(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A join of small tables that gives a million rows takes no more than its rows or its time."""
    monkeypatch.setattr("pleoctl.sources.bounds.MAX_ROWS", 1000)
    rows = f"INSERT INTO accounts {ENDLESS} i, 'x', 'BANK', 'c', NULL, '', 0, 0 FROM n LIMIT 2000"
    many = f"INSERT INTO commodities {ENDLESS} 'c', 'CURRENCY', 'EUR' FROM n LIMIT 2000"
    sqlite(books, "books.gnucash", *TABLES, ACCOUNTS, rows, many)
    monkeypatch.setattr("pleoctl.sources.gnucash.SECONDS", 0.05)
    assert "was not read within 0.05 s" in told(books, GNUCASH)


def test_a_value_that_is_huge_only_when_read_is_refused(books: Books) -> None:
    """A column that is worked out may say any length."""
    accounts = ACCOUNTS.replace("code TEXT", "code TEXT AS (hex(zeroblob(5000000)))")
    values = "INSERT INTO accounts (guid, name, account_type, hidden, placeholder) VALUES ('a', 'A', 'BANK', 0, 0)"
    sqlite(books, "books.gnucash", *TABLES, accounts, values)
    assert "is not a GnuCash book" in told(books, GNUCASH)


SPACES = " ".join(f'xmlns:{n}="http://www.gnucash.org/XML/{n}"' for n in ("gnc", "act", "cd", "cmdty", "slot"))
HEAD = f'<?xml version="1.0"?><gnc-v2 {SPACES}><gnc:book>'
TAIL = "</gnc:book></gnc-v2>"
ACCOUNT = "<gnc:account><act:name>A</act:name><act:id>a</act:id><act:type>BANK</act:type></gnc:account>"
COUNT = '<gnc:count-data cd:type="account">{}</gnc:count-data>'


def packed(*portions: tuple[str, int]) -> bytes:
    """A gzip file of texts, each so many times."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1) as stream:
        for text, times in portions:
            stream.write(text.encode() * times)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (packed((HEAD, 1), ("<!--", 1), ("x" * 1024, 5 * 1024)), "has a part without end"),
        (packed((HEAD, 1), ('<a b="', 1), ("x" * 1024, 5 * 1024)), "has a part without end"),
        (packed((HEAD, 1), ("<a>", 200)), "is nested too deeply"),
        (packed((HEAD, 1), ("<gnc:account>", 1), ("<a/>", 30_000)), "has an account of too many parts"),
        (packed((HEAD, 1), ("<gnc:account>", 1), ("x\n" * 512, 5 * 1024)), "has an account of too much text"),
        (
            packed(("<!--<gnc-v2-->", 1), (" " * 99, 50), ("<!DOCTYPE a [<!ENTITY b 'c'>]><gnc-v2/>", 1)),
            "is neither a GnuCash XML",
        ),
        (f"{HEAD}{COUNT.format('many')}{ACCOUNT}{TAIL}".encode(), "announces 'many' accounts, which is no number"),
        (f"{HEAD}{COUNT.format('')}{ACCOUNT}{TAIL}".encode(), "announces '' accounts, which is no number"),
        (f"{HEAD}{COUNT.format('²')}{ACCOUNT}{TAIL}".encode(), "which is no number"),
        (f"{HEAD}{COUNT.format('9' * 5000)}{ACCOUNT}{TAIL}".encode(), "announces 99999999999999999999 accounts"),
    ],
)
def test_a_book_in_xml_cannot_grow(books: Books, content: bytes, words: str) -> None:
    """Parts without end, depth, entities, and counts that are none: one line each."""
    (books.folder / "books.gnucash").write_bytes(content)
    assert words in told(books, GNUCASH)


def test_a_book_that_unpacks_without_end_is_refused(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream is read no further than a file may be long."""
    monkeypatch.setattr("pleoctl.sources.gnucash_xml.MAX_BYTES", 1024 * 1024)
    (books.folder / "books.gnucash").write_bytes(packed((HEAD, 1), ("<a/>" * 256, 2048)))
    assert "unpacks to more than 1 MiB" in told(books, GNUCASH)


# --- SQL -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{ENDLESS} count(*) AS \"externalId\", 'x' AS name FROM n", "was not read within 0.2 s"),
        ('SELECT 1 AS "externalId", hex(zeroblob(900000000)) AS name', "cannot be read"),
        (f'{ENDLESS} i AS "externalId", hex(zeroblob(100000)) AS name FROM n', "than"),
    ],
)
def test_a_query_without_end_is_ended(books: Books, monkeypatch: pytest.MonkeyPatch, query: str, words: str) -> None:
    """By its time, by the size of a value, by the size of all of them."""
    monkeypatch.setattr("pleoctl.sources.bounds.MAX_TEXT", 10 * 1024 * 1024)
    sqlite(books, "books.db", "CREATE TABLE t (a TEXT)")
    monkeypatch.setenv("BOOKS_URL", "sqlite:///books.db")
    # A busy machine may need longer than that to see that a value is too large.
    seconds = 0.2 if "within" in words else 60
    source = {"type": "sql", "url": "env:BOOKS_URL", "timeoutSeconds": seconds, "accounts": {"query": query}}
    assert words in told(books, source)


@pytest.mark.parametrize("part", ["'", '"', "/*"])
def test_a_query_of_open_quotes_is_judged_in_no_time(books: Books, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """The check of a query looks at each letter once."""
    monkeypatch.setenv("BOOKS_URL", "sqlite:///books.db")
    query = f"SELECT 1; SELECT {part}" + "x/*" * 200_000
    assert "is not one SELECT" in told(books, {"type": "sql", "url": "env:BOOKS_URL", "accounts": {"query": query}})


# --- workbooks -----------------------------------------------------------------------------------------------------


def book(books: Books, **parts: Iterable[bytes]) -> Json:
    """A workbook with some of its parts put in place of the true ones."""
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.append(["externalId", "name"])
    sheet.append(["1", "Cash"])
    whole, path = io.BytesIO(), books.folder / "book.xlsx"
    made.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in {*old.namelist(), *parts}:
            with new.open(name, "w", force_zip64=True) as target:
                for portion in parts.get(name, [old.read(name)] if name in old.namelist() else []):
                    target.write(portion)
    return {"type": "xlsx", "accounts": {"path": "book.xlsx"}}


SHEET = "xl/worksheets/sheet1.xml"
SHEET_HEAD = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>externalId</t></is></c>'
    b'<c r="B1" t="inlineStr"><is><t>name</t></is></c></row>'
)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({SHEET: [SHEET_HEAD, *[b" " * 1024 * 1024] * 50]}, "unpacks to more than 48 MiB"),
        ({"xl/sharedStrings.xml": [b" " * 1024 * 1024] * 33}, "unpacks to more than 32 MiB"),
        ({"xl/styles.xml": [b" " * 1024 * 1024] * 17}, "unpacks to more than 16 MiB"),
        ({SHEET: [SHEET_HEAD, b"<a/>" * 3000]}, "more elements"),
        ({SHEET: [SHEET_HEAD, b'<row r="2">', b"<c/>" * 3000]}, "more elements"),
        ({"xl/styles.xml": [b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]}, "declares a DOCTYPE"),
        ({f"x{n}.bin": [b" " * 1024 * 1024] * 15 for n in range(9)}, "unpacks to more than 128 MiB"),
        ({SHEET: [SHEET_HEAD, b'<row r="99999999999"><c r="A9"/></row></sheetData></worksheet>']}, "rows or"),
        ({SHEET: [SHEET_HEAD, b'<row><c r="XFD2"><v>1</v></c></row>' * 2000, b"</sheetData></worksheet>"]}, "rows or"),
        ({SHEET: [SHEET_HEAD, b'<row r="x"><c r="A2"/></row></sheetData></worksheet>']}, "is not a readable workbook"),
    ],
)
def test_a_workbook_cannot_grow(
    books: Books, monkeypatch: pytest.MonkeyPatch, parts: dict[str, list[bytes]], words: str
) -> None:
    """Neither by what it unpacks to nor by rows and cells that are gaps."""
    monkeypatch.setattr("pleoctl.sources.xlsx_parts.MOST_ROWS", 2500)
    monkeypatch.setattr("pleoctl.sources.xlsx_parts.MOST_PARTS_OF_ROW", 2500)
    monkeypatch.setattr("pleoctl.sources.xlsx.LAST_ROW", 20_000)
    monkeypatch.setattr("pleoctl.sources.xlsx.MOST_CELLS", 1_000_000)
    assert words in told(books, book(books, **parts))


def test_an_honest_workbook_is_read(books: Books) -> None:
    """The same builder without a bomb."""
    assert [row.key for row in books.read(book(books)).accounts or []] == ["1"]


# --- text and programs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["punycode", "idna", "unicode_escape", "undefined", "bz2", "no-such"])
def test_only_encodings_of_files_are_encodings(books: Books, encoding: str) -> None:
    """Those that take for ever, unpack, or mean something else are unknown."""
    (books.folder / "a.csv").write_text("externalId,name\n1,Cash\n", encoding="utf-8")
    assert "is unknown" in told(books, {"type": "csv", "accounts": {"path": "a.csv", "encoding": encoding}})
    assert "is unknown" in told(books, {"type": "sie", "path": "a.csv", "encoding": encoding})


def test_a_table_has_no_end_of_rows_or_columns(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that no chart of accounts comes near."""
    monkeypatch.setattr("pleoctl.sources.csv_files.MAX_COLUMNS", 100)
    (books.folder / "a.csv").write_text("externalId,name" + ",x" * 100 + "\n", encoding="utf-8")
    assert "more than 100 columns" in told(books, {"type": "csv", "accounts": {"path": "a.csv"}})


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("while True: print('x' * 4096)", "printed more than 1 MiB"),
        ("import time; time.sleep(600)", "did not end within 0.3 s"),
        ("import os, time; os.close(1); time.sleep(600)", "did not end within 0.3 s"),
        ("import os, time; os.fork() or time.sleep(3)", "did not end within 0.3 s|left somebody"),
    ],
)
def test_a_program_without_end_is_ended(
    books: Books, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    """Whether it prints for ever, sleeps, closes its output, or leaves a child that holds it."""
    assert shutil.which(sys.executable)
    monkeypatch.setattr("pleoctl.sources.running.MAX_OUTPUT", 1024 * 1024)
    seconds = 30 if "print" in program else 0.3
    source = {"type": "exec", "accounts": {"command": [sys.executable, "-Sc", program], "timeoutSeconds": seconds}}
    with pytest.raises(SourceError, match=words):
        books.read(source)
