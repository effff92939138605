"""A sink for pleoctl: entries in the tables of an SQLite file, which has accounts and a day that it is closed until."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pleoctl.errors import SourceError
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import BooksUnusable, Capabilities, Held, HeldPosting, KeyRoom, PeriodClosed, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.sinks.base import Booking, File, Key
    from pleoctl.sources.context import Context

SCHEMA = """
create table account (code text primary key);
create table closed (until text);
create table entry (id integer primary key, key text not null, day text not null, words text, void integer default 0);
create table line (entry integer references entry, side text, account text, amount integer, currency text, tax text);
"""


class SqliteSink:
    """``sink: {type: sqlite, path: books.sqlite}``."""

    capabilities = Capabilities(
        KeyRoom("the column entry.key"),
        dimensions=frozenset(),
        periods=True,
        read_back=True,
        tells_tax_codes=True,
    )

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        if "path" not in section:
            raise SourceError("sink lacks path")
        # `inside` refuses whatever leads out of the workspace. Nothing is opened yet.
        self._path = context.inside(section["path"], "sink", "path")

    def _open(self) -> closing[sqlite3.Connection]:
        """Never makes a file. Raises `BooksUnusable`."""
        try:
            return closing(sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True))
        except sqlite3.Error as error:
            raise BooksUnusable(f"the books cannot be opened: {error}") from error

    def check(self) -> None:
        """The tables are there."""
        with self._open() as books:
            books.execute("select count(*) from entry")

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """Every entry under one of the keys; `=` compares byte for byte."""
        with self._open() as books:
            return {key.stored: [self._held(books, row) for row in self._rows(books, key)] for key in keys}

    @staticmethod
    def _rows(books: sqlite3.Connection, key: Key) -> list[tuple[int, str, int]]:
        return books.execute("select id, day, void from entry where key = ?", (key.stored,)).fetchall()

    @staticmethod
    def _held(books: sqlite3.Connection, row: tuple[int, str, int]) -> Held:
        found = books.execute("select side, account, amount, currency, tax from line where entry = ?", row[:1])
        lines = found.fetchall()
        return Held(
            str(row[0]),
            void=bool(row[2]),
            date=row[1],
            postings=tuple(HeldPosting(*line[:4]) for line in lines),
            tax_codes=frozenset((account, tax) for _, account, _, _, tax in lines if tax is not None),
        )

    def account_problem(self, code: str) -> str | None:
        """For `sink check`."""
        with self._open() as books:
            known = books.execute("select 1 from account where code = ?", (code,)).fetchone()
        return None if known else "is not in the books"

    def refuse(self, booking: Booking) -> list[str]:
        """What no plan should promise."""
        for leg in booking.legs:
            for posting in leg.postings:
                problem = self.account_problem(posting.account)
                if problem is not None:
                    raise Refusal(f"account {posting.account} {problem}", "invalid_configuration")
        return []

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """One entry with its lines, in one transaction: all of it or nothing."""
        (booking,) = bookings
        self.refuse(booking)
        with self._open() as books:
            (until,) = books.execute("select max(until) from closed").fetchone()
            if until is not None and booking.date <= until:
                raise PeriodClosed(booking.date, (date.fromisoformat(until) + timedelta(days=1)).isoformat())
            row = (booking.key.stored, booking.date, booking.entry.description)
            entry = books.execute("insert into entry (key, day, words) values (?, ?, ?)", row).lastrowid
            postings = [posting for leg in booking.legs for posting in leg.postings]
            lines = [(entry, p.side, p.account, p.amount, p.currency, p.tax_code) for p in postings]
            books.executemany("insert into line values (?, ?, ?, ?, ?, ?)", lines)
            try:
                self.commit(books)
            except sqlite3.Error as error:
                raise LostAnswer(f"the books did not say whether they kept it: {error}") from error
        return [Held(str(entry))]

    @staticmethod
    def commit(books: sqlite3.Connection) -> None:
        """The moment from which it is booked."""
        books.commit()

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """The file is the ledger."""

    def attach(self, held: Held, key: Key, file: File) -> None:
        """Never called: the capabilities say that no files are taken."""
        _ = (held, key)
        raise Refusal(f"{file.name}: these books take no files", "receipt_upload_failure")

    def close(self) -> None:
        """Nothing is held open."""
