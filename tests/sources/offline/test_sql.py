from __future__ import annotations

import re
import sqlite3
from contextlib import closing, nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from pleoctl.errors import InvalidFile, PleoctlError, SourceError
from pleoctl.place import Setting
from pleoctl.sources.cells import as_text
from pleoctl.sources.sql import check_for_sql_server

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json

ACCOUNTS = 'SELECT id AS "externalId", number AS code, title AS name, open AS active FROM chart ORDER BY id'


def database(books: Books, monkeypatch: pytest.MonkeyPatch, **queries: str) -> Json:
    """A small database behind a secret url, and the section that asks it."""
    path = books.folder / "books.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("""
            CREATE TABLE IF NOT EXISTS chart (id INTEGER, number INTEGER, title TEXT, open INTEGER);
            DELETE FROM chart;
            INSERT INTO chart VALUES (1, 100, 'Cash: "EUR"', 1), (2, NULL, 'Closed', 0), (3, 300, 'Odd', 7);
        """)
    monkeypatch.setenv("BOOKS_URL", f"sqlite:///{path}")
    return {"type": "sql", "url": "env:BOOKS_URL", **{name: {"query": query} for name, query in queries.items()}}


def test_a_database_is_asked_with_three_queries(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are named like fields; numbers become text, 1 and 0 are states, anything else is a bad row."""
    source = database(
        books,
        monkeypatch,
        accounts=ACCOUNTS,
        dimensions="SELECT 'D' AS code /* one; */, 'a:b;c' AS name WHERE 'it''s; x' LIKE '%;%' -- ; fine",
        values="WITH v AS (SELECT 7 AS c) SELECT 'D' AS dimension, c AS code, 'Seven' AS name, '2026-12-31' AS expires "
        "FROM v;",
    )
    state = books.read(source)
    assert [(row.key, row.fields, row.active, row.hold) for row in state.accounts or []] == [
        ("1", {"code": "100", "name": 'Cash: "EUR"'}, True, None),
        ("2", {"code": None, "name": "Closed"}, False, None),
        ("3", {"code": "300", "name": "Odd"}, True, "active is neither true nor false: 7"),
    ]
    (dimension,) = state.dimensions or []
    assert dimension.row.fields["name"] == "a:b;c"
    assert [(v.key, v.expires) for v in dimension.values or []] == [("7", "2026-12-31")]


def test_a_number_without_end_holds_its_row(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """One such cell stops no company; drivers give UUIDs, and numbers that are none, as objects of their own."""
    query = 'SELECT id AS "externalId", CASE id WHEN 2 THEN 9e999 ELSE number END AS code, title AS name FROM chart'
    state = books.read(database(books, monkeypatch, accounts=query))
    assert [row.hold for row in state.accounts or []] == [None, "code is not text", None]
    for odd in (Decimal("NaN"), Decimal("-Infinity"), float("nan"), float("inf")):
        assert as_text(odd) is odd
    assert as_text(UUID(int=1)) == "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("DELETE FROM chart", "is not one SELECT"),
        ("SELECT 1; DELETE FROM chart", "is not one SELECT"),
        ("SELECT $$'$$; COMMIT; DELETE FROM chart; --'", "has a semicolon within, and '$', which databases read in"),
        (r"SELECT E'\''; COMMIT; DELETE FROM chart; --'", "and 'E', which"),
        (r"SELECT '\''; DELETE FROM chart; -- '", "and '\\\\', which"),
        ("SELECT 1 /* /* */ ' */; COMMIT; DELETE FROM chart; --'", "and '/*', which"),
        ("SELECT 1 /*! ; DELETE FROM chart */", "and '/*', which"),
        ("SELECT 1 -- \r; COMMIT; DELETE FROM chart", "and '\\r', which"),
        ("SELECT 1--1; DELETE FROM chart", "and '--', which"),
        ("SELECT 1 # '\n; DELETE FROM chart -- '", "and '#', which"),
        ("SELECT `'`; DELETE FROM chart -- '", "and '`', which"),
        ("SELECT [a'b]; DELETE FROM chart -- '", "and '[', which"),
        ("SELECT id FROM chart", "gives a column 'id', which is no field"),
        ('SELECT id AS "externalId" FROM chart', "gives no column name"),
        ('SELECT id AS "externalId", id AS name, id AS name FROM chart', "gives a column twice"),
        ('SELECT id AS "externalId", title AS name FROM nowhere', "no such table: nowhere"),
    ],
)
def test_a_query_that_does_not_fit_is_refused(
    books: Books, monkeypatch: pytest.MonkeyPatch, query: str, words: str
) -> None:
    """With the database's own words where it has some, and nothing changed in it."""
    with pytest.raises((SourceError, InvalidFile)) as caught:
        books.read(database(books, monkeypatch, accounts=query))
    assert words in str(caught.value.findings[0])


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("SELECT 1 AS x DELETE FROM chart COMMIT", "DELETE"),
        ("SELECT [a'b] DELETE FROM chart --'", "DELETE"),
        ("SELECT 1 DELETE/**/FROM chart", "DELETE"),
        ("SELECT 1 /* /* */ ' */ DELETE FROM chart --'", "/*"),
        ("SELECT id INTO other FROM chart", "INTO"),
        ("SELECT 'delete', [update]]drop], \"set\" /* if */, is_set -- while\nFROM chart", None),
    ],
)
def test_sql_server_takes_statements_without_semicolons(query: str, word: str | None) -> None:
    """So words that only another statement can have are refused there; in texts and names they are no such words."""
    with pytest.raises(SourceError, match=f"it has {re.escape(word)}") if word else nullcontext():
        check_for_sql_server(query, Setting("source", "accounts", "query"))


def test_a_database_cannot_be_written(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a SELECT has got past the check, the transaction is read-only."""
    monkeypatch.setattr("pleoctl.sources.sql.check_query", lambda *_arguments: None)
    with pytest.raises(SourceError, match="readonly"):
        books.read(database(books, monkeypatch, accounts="INSERT INTO chart VALUES (9, 9, 'x', 1) RETURNING id"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "is not an SQLAlchemy url"),
        ("postgresql://ann:x@host:hunter22/db", "is not an SQLAlchemy url"),
        ("postgresql://ann:x@hunter22@host/db", "has an @ in its user or password (write it as %40)"),
        ("oracledb+none://ann:hunter22@host/db", "does not know"),
        ("postgresql+pg8000://ann:hunter22@127.0.0.1:9/db", "needs the driver pg8000"),
        ("sqlite:////no/such/folder/hunter22.db", "unable to open database file"),
    ],
)
def test_a_url_never_shows_in_an_error(books: Books, monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    """Neither the password nor the rest."""
    source = database(books, monkeypatch, accounts=ACCOUNTS)
    monkeypatch.setenv("BOOKS_URL", url)
    with pytest.raises(PleoctlError) as caught:
        books.read(source)
    assert words in str(caught.value.findings[0])
    assert "hunter22" not in str(caught.value.findings) + repr(caught.value)
