"""Files that the programs themselves wrote, see the README in `native`."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from beancount import loader
from beancount.core import data
from beancount.parser import printer

from pleoctl.documents.load import parse

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json, Value
    from tests.conftest import Cli

NATIVE = Path(__file__).parents[1] / "native"
TABLES: dict[str, Json] = {
    "de": {
        "columns": {"externalId": "Konto", "code": "Konto", "name": "Bezeichnung", "active": "Gesperrt"},
        "activeValues": ["nein"],
        "inactiveValues": ["ja"],
    },
    "sv": {
        "columns": {"externalId": "Konto", "code": "Konto", "name": "Benämning", "active": "Spärrad"},
        "activeValues": ["nej"],
        "inactiveValues": ["ja"],
    },
    "en": {
        "columns": {
            "externalId": "Account Number",
            "code": "Account Number",
            "name": "Account Name",
            "active": "Blocked",
        },
        "activeValues": ["no"],
        "inactiveValues": ["yes"],
    },
}
FOUND = {
    "de": [("420", "Büroeinrichtung", True), ("4930", "Bürobedarf; Papier", True), ("4990", "Altes Konto", False)],
    "sv": [("1930", "Företagskonto", True), ("6110", "Kontorsmateriel", True), ("6990", "Övrigt gammalt", False)],
    "en": [("1000", "Café & Catering", True), ("6110", "Office, supplies", True), ("6990", "Old one", False)],
}
TEXT = {
    "de": {"encoding": "cp1252", "delimiter": ";"},
    "sv": {"delimiter": ";"},
    "en": {},
}
ENDS = {"de": "Gültig bis", "sv": "Giltig till", "en": "Valid until"}


def accounts(books: Books, source: Json) -> list[tuple[Value, ...]]:
    """Key, name and state of each account; none is held."""
    rows = books.read(source).accounts or []
    assert not [row for row in rows if row.hold is not None]
    return [(row.key, row.fields["name"], row.active) for row in rows]


@pytest.mark.parametrize("locale", TABLES)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_tables_of_libreoffice_in_three_languages(kind: str, locale: str, books: Books) -> None:
    """Numbers are codes as people see them, whatever the language; letters, quotation marks and states are read."""
    shutil.copy(NATIVE / f"{locale}.{kind}", books.folder / f"chart.{kind}")
    more = TEXT[locale] if kind == "csv" else {}
    source = {"type": kind, "accounts": {"path": f"chart.{kind}", **TABLES[locale], **more}}
    assert accounts(books, source) == FOUND[locale]


@pytest.mark.parametrize("locale", TABLES)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_they_are_understood_without_settings(kind: str, locale: str, books: Books, cli: Cli) -> None:
    """`source init` writes a section that reads them as they are meant."""
    shutil.copy(NATIVE / f"{locale}.{kind}", books.folder / f"chart.{kind}")
    books.workspace({"type": "csv"})
    text = (books.folder / "pleoctl.yaml").read_text(encoding="utf-8")
    options = ("--workspace", str(books.folder), "--format", "json")
    said = cli("source", "init", str(books.folder / f"chart.{kind}"), *options)
    assert said.code == 0, said
    assert (books.folder / "pleoctl.yaml").read_text(encoding="utf-8") == text
    assert accounts(books, parse(said.json["result"]["section"], "section").data["source"]) == FOUND[locale]


@pytest.mark.parametrize("locale", TABLES)
def test_dates_of_a_workbook_are_days_in_every_language(locale: str, books: Books) -> None:
    """A cell that shows 31.12.2026 or 12/31/26 is one day; the CSV of it is held where that would be guessed."""
    columns = {**TABLES[locale]["columns"], "expires": ENDS[locale]}
    del columns["externalId"], columns["active"]
    for kind in ("xlsx", "csv"):
        shutil.copy(NATIVE / f"{locale}.{kind}", books.folder / f"chart.{kind}")
        more = TEXT[locale] if kind == "csv" else {}
        state = books.read(
            {
                "type": kind,
                "dimensions": {"rows": [{"code": "D", "name": "D"}]},
                "values": {"path": f"chart.{kind}", "fixed": {"dimension": "D"}, "columns": columns, **more},
            }
        )
        values = (state.dimensions or [])[0].values or []
        if kind == "csv" and locale != "sv":
            assert [row.hold is not None for row in values] == [True, False, True]
        else:
            assert [row.expires for row in values] == ["2026-12-31", None, "2024-12-31"]


@pytest.mark.parametrize("kind", ["book.gnucash", "sqlite.gnucash.gz"])
def test_a_book_of_gnucash_in_xml_and_in_sqlite(kind: str, books: Books) -> None:
    """Headings are left out; what is below a hidden account is hidden, as the program shows it."""
    book = (NATIVE / kind).read_bytes()
    (books.folder / "book.gnucash").write_bytes(gzip.decompress(book) if kind.startswith("sqlite") else book)
    rows = books.read({"type": "gnucash", "path": "book.gnucash"}).accounts or []
    assert {(row.fields["code"], row.fields["name"], row.active, row.currency) for row in rows} == {
        ("4930", "Bürobedarf", True, "EUR"),
        ("0100", "Reise & Ünï", True, "EUR"),
        ("4999", "Alt", False, "EUR"),
        ("4998", "Benzin", False, "EUR"),
        ("1930", "Bank", True, "EUR"),
    }


def test_an_older_book_of_gnucash_in_sqlite(books: Books) -> None:
    """Names and ids as GnuCash keeps them."""
    book = gzip.decompress((NATIVE / "simple_sample.gnucash.gz").read_bytes())
    (books.folder / "book.gnucash").write_bytes(book)
    found = {name: title for name, title, *_ in accounts(books, {"type": "gnucash", "path": "book.gnucash"})}
    assert found == {
        "fcd795021c976ba75621ec39e75f6214": "Asset",
        "96ed7a45459fb5fe570e48fcd46f05d0": "Liability",
        "6bbc8f20544452cac1637fb9a9b851bb": "Income",
        "af88d386d44b14acf244362b85ccaf4c": "Expense",
        "8056f425ecdc352cf6039e3a0d0d1e6c": "Equity",
        "1305127e63737f8c39afb49b5bbeca7a": "Opening Balances - EUR",
    }


def test_a_ledger_that_beancount_wrote(books: Books) -> None:
    """What beancount's printer writes and its loader reads is what comes out."""
    day = dt.date(2026, 1, 1)
    names = ["Assets:Bank", "Expenses:Büro:Bedarf", "Expenses:Reise", "Expenses:Alt"]
    entries: list[Value] = [
        data.Open(data.new_metadata("x", n, {"code": f"{n:04}", "name": f'{name} "ä" \\ x'}), day, name, ["EUR"], None)
        for n, name in enumerate(names)
    ]
    entries.append(data.Close(data.new_metadata("x", 9), day, "Expenses:Alt"))
    written = io.StringIO()
    untyped: Any = printer
    untyped.print_entries(entries, file=written)
    path = books.folder / "main.beancount"
    path.write_text(written.getvalue(), encoding="utf-8")
    loaded, errors, _ = loader.load_file(str(path))
    assert errors == []
    meta = {entry.account: entry.meta for entry in loaded if isinstance(entry, data.Open)}
    rows = books.read({"type": "beancount", "path": "main.beancount"}).accounts or []
    assert {row.key: (row.fields["code"], row.fields["name"]) for row in rows} == {
        account: (found["code"], found["name"]) for account, found in meta.items()
    }
    assert [row.key for row in rows if not row.active] == ["Expenses:Alt"]
