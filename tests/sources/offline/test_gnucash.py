from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json, Value

TABLES = """
CREATE TABLE books (guid TEXT, root_account_guid TEXT, root_template_guid TEXT);
CREATE TABLE commodities (guid TEXT, namespace TEXT, mnemonic TEXT);
CREATE TABLE accounts (guid TEXT, name TEXT, account_type TEXT, commodity_guid TEXT, parent_guid TEXT, code TEXT,
  hidden INTEGER, placeholder INTEGER);
INSERT INTO books VALUES ('b', 'r', 't');
INSERT INTO commodities VALUES ('eur', 'CURRENCY', 'EUR'), ('x', 'template', 'template');
INSERT INTO accounts VALUES ('r', 'Root Account', 'ROOT', NULL, NULL, '', 0, 0), ('t', 'Template', 'ROOT', NULL, NULL, '', 0, 0),
  ('s', 'Scheduled', 'BANK', 'x', 't', '', 0, 0), ('h', 'Aufwand', 'EXPENSE', 'eur', 'r', '', 0, 1),
  ('a1', 'Reise & Ünï', 'EXPENSE', 'eur', 'h', '0100', 0, 0), ('a2', 'Alt', 'EXPENSE', 'eur', 'h', '', 1, 0),
  ('a3', 'Bank', 'BANK', 'eur', 'r', '1930', 0, 0);
"""  # noqa: E501 - one row reads better whole
FOUND = {
    "a1": ("0100", "Reise & Ünï", True, "EUR"),
    "a2": (None, "Alt", False, "EUR"),
    "a3": ("1930", "Bank", True, "EUR"),
}


def xml_account(guid: str, name: str, kind: str, *, code: str = "", slot: str = "", parent: str = "r") -> str:
    """One account as GnuCash writes it."""
    slots = (
        f"<act:slots><slot><slot:key>{slot}</slot:key><slot:value type='string'>true</slot:value></slot></act:slots>"
    )
    return (
        f"<gnc:account version='2.0.0'><act:name>{name}</act:name><act:id type='guid'>{guid}</act:id>"
        f"<act:type>{kind}</act:type>"
        + (
            "<act:commodity><cmdty:space>CURRENCY</cmdty:space><cmdty:id>EUR</cmdty:id></act:commodity>"
            if parent
            else ""
        )
        + (f"<act:code>{code}</act:code>" if code else "")
        + (slots if slot else "")
        + (f"<act:parent type='guid'>{parent}</act:parent>" if parent else "")
        + "</gnc:account>\n"
    )


SPACES = " ".join(
    f'xmlns:{name}="http://www.gnucash.org/XML/{name}"' for name in ("gnc", "act", "book", "cd", "cmdty", "slot")
)
XML = (
    f'<?xml version="1.0" encoding="utf-8" ?>\n<gnc-v2 {SPACES}>\n<gnc:book version="2.0.0">\n'
    '<gnc:count-data cd:type="account">5</gnc:count-data>\n'
    + xml_account("r", "Root Account", "ROOT", parent="")
    + xml_account("h", "Aufwand", "EXPENSE", slot="placeholder")
    + xml_account("a1", "Reise &amp; Ünï", "EXPENSE", code="0100", parent="h")
    + xml_account("a2", "Alt", "EXPENSE", slot="hidden", parent="h")
    + xml_account("a3", "Bank", "BANK", code="1930")
    + "<gnc:template-transactions>"
    + xml_account("s", "Scheduled", "BANK")
    + "</gnc:template-transactions>\n"
    "</gnc:book>\n</gnc-v2>\n"
)


def accounts(books: Books, source: Json) -> dict[str | None, tuple[Value, ...]]:
    """Key → code, name, active, currency."""
    rows = books.read(source).accounts or []
    return {row.key: (row.fields["code"], row.fields["name"], row.active, row.currency) for row in rows}


def write_book(books: Books, kind: str) -> None:
    """The same book in each of the formats that GnuCash saves."""
    path = books.folder / "books.gnucash"
    if kind == "sqlite":
        with closing(sqlite3.connect(path)) as database:
            database.executescript(TABLES)
    else:
        path.write_bytes(gzip.compress(XML.encode()) if kind == "gzip" else XML.encode())


@pytest.mark.parametrize("kind", ["sqlite", "gzip", "xml"])
def test_a_gnucash_book_is_read_in_every_format(books: Books, kind: str) -> None:
    """Placeholders, roots and scheduled transactions are left out; hidden is inactive."""
    write_book(books, kind)
    assert accounts(books, {"type": "gnucash", "path": "books.gnucash"}) == FOUND
    only = accounts(books, {"type": "gnucash", "path": "books.gnucash", "types": ["BANK"]})
    assert set(only) == {"a3"}


def test_a_type_that_there_is_not_is_told(books: Books) -> None:
    """A slip would leave out all accounts of the type that was meant; one that the book does not use is none."""
    write_book(books, "xml")
    source = {"type": "gnucash", "path": "books.gnucash", "types": ["BANK", "EXPENSES", "INCOME"]}
    (told,) = books.findings(source)
    assert told.message == "source.types lists 'EXPENSES', which no account has"
    assert told.hint == "did you mean 'EXPENSE'?"


def grow_book(books: Books, kind: str, tree: list[tuple[str, str, bool, bool]]) -> None:
    """The book with further accounts: guid, parent, hidden, placeholder."""
    path = books.folder / "books.gnucash"
    if kind == "xml":
        made = [
            xml_account(guid, guid, "EXPENSE", slot="hidden" if hidden else "placeholder" if heading else "", parent=up)
            for guid, up, hidden, heading in tree
        ]
        book = XML.replace(">5<", f">{5 + len(tree)}<").replace("<gnc:template", "".join(made) + "<gnc:template", 1)
        path.write_text(book.replace("CURRENCY", "ISO4217"), encoding="utf-8")
    else:
        rows = [f"('{g}', '{g}', 'EXPENSE', 'eur', '{up}', '', {hidden:d}, {head:d})" for g, up, hidden, head in tree]
        more = f"INSERT INTO accounts VALUES {', '.join(rows)}; UPDATE accounts SET hidden = NULL WHERE guid = 'd';"
        with closing(sqlite3.connect(path)) as database:
            database.executescript(TABLES.replace("CURRENCY", "ISO4217") + more)


@pytest.mark.parametrize("kind", ["sqlite", "xml"])
def test_accounts_that_hang_on_nothing_are_told(books: Books, kind: str) -> None:
    """A parent that is not there, and a ring, once, whoever lies below it: they stay, and may have been hidden."""
    ups = {"lost": "gone", "below": "lost", "p": "q", "q": "s2", "s2": "p", "t": "q", "self": "self"}
    grow_book(books, kind, [(guid, up, False, False) for guid, up in ups.items()])
    source = {"type": "gnucash", "path": "books.gnucash"}
    told = sorted(finding.message for finding in books.findings(source) if finding.code == "lost-parent")
    assert told == [
        "account lost (lost) lies below gone, which the book does not have",
        "account p (p) lies below itself",
        "account self (self) lies below itself",
    ]
    found = accounts(books, source)
    assert all(found[guid][2] for guid in ups)


@pytest.mark.parametrize("kind", ["sqlite", "xml"])
def test_what_lies_below_a_hidden_account_is_inactive(books: Books, kind: str) -> None:
    """Nobody sees it in the program, however deep, also below a placeholder; a sibling stays active."""
    tree = [("p", "r", True, False), ("q", "p", False, True), ("c", "q", False, False), ("d", "r", False, False)]
    grow_book(books, kind, tree)
    found = accounts(books, {"type": "gnucash", "path": "books.gnucash"})
    states = {key: (active, currency) for key, (_, _, active, currency) in found.items() if key in {"p", "q", "c", "d"}}
    assert states == {"p": (False, "EUR"), "c": (False, "EUR"), "d": (True, "EUR")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(XML.encode())[:-30], "is not a whole gzip file"),
        (XML[: XML.index("Bank")].encode(), "is not whole"),
        (XML.replace(">5<", ">7<").encode(), "announces 7 accounts and has 5"),
        (XML.replace("<gnc-v2", '<!DOCTYPE a [<!ENTITY b "c">]><gnc-v2', 1).encode(), "is neither a GnuCash XML"),
        (b"SQLite format 3\x00" + b"x" * 200, "is not a GnuCash book"),
        (b"id;name", "is neither a GnuCash XML"),
        (XML.replace("gnc:book", "gnc:cook").encode(), "has no book"),
        (b'<?xml version="1.0" encoding="x"?><gnc-v2/>', "is not readable: unknown encoding: x"),
    ],
)
def test_a_gnucash_book_that_is_not_whole_is_refused(books: Books, content: bytes, words: str) -> None:
    """Cut off, miscounted, or something else."""
    (books.folder / "books.gnucash").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        books.read({"type": "gnucash", "path": "books.gnucash"})
    assert words in str(caught.value)
