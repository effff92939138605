"""The table of entries in the form that rules give it: the plain one, its cells picked and written anew."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.csv import CsvWriter
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.outputs.known import Known
from pleoctl.mapping.io.outputs.text import clean
from pleoctl.mapping.rules.dialect import AMOUNTS, COLUMNS, DAYS
from pleoctl.mapping.vocabulary import tag_group
from pleoctl.text import bare_commas_cell, csv_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.mapping.rules.dialect import Dialect
    from pleoctl.mapping.rules.model import Rules

    #: Makes a cell of a plain row and its posting; a failed item has none.
    Picker = Callable[[list[str], Posting | None], str]


class ShapedWriter:
    """Writes rows of the rules' dialect."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the dialect and the divisors."""
        self.declared = Declared()
        self._plain = CsvWriter(rules)
        self._dialect = rules.dialect
        self._pickers = [_picker(name, rules.dialect) for name, _ in rules.dialect.columns]
        self._lines: list[str] = []
        lines = SimpleNamespace(write=self._lines.append)
        self._table = csv.writer(lines, delimiter=rules.dialect.delimiter, lineterminator="\n")

    def start(self) -> bytes:
        """The header."""
        return self._written([[_guarded(csv_cell(clean(title)), self._dialect) for _, title in self._dialect.columns]])

    def entries(self, entries: list[Entry]) -> bytes:
        """The rows of each."""
        return b"".join(map(self.entry, entries))

    def entry(self, entry: Entry) -> bytes:
        """The entry's rows."""
        plain = self._plain.entries([entry]).decode()
        rows = _quoted(plain) if '"' in plain else [line.split(",") for line in plain.split("\n")[:-1]]
        booked = [posting for ledger in entry.entries for posting in ledger.postings]
        postings: list[Posting | None] = [*booked] or [None]
        pickers = self._pickers
        return self._written(
            [[pick(row, posting) for pick in pickers] for row, posting in zip(rows, postings, strict=True)]
        )

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def _written(self, rows: Iterable[list[str]]) -> bytes:
        self._table.writerows(rows)
        written = "".join(self._lines).encode()
        self._lines.clear()
        return written


def _quoted(rows: str) -> Iterable[list[str]]:
    return csv.reader(io.StringIO(rows, newline=""))


def _picker(name: str, dialect: Dialect) -> Picker:
    """What makes the cells of a column."""
    group = tag_group(name)
    if group is not None:
        return _of_tag(group, dialect)
    if name not in COLUMNS:
        return _of_amount(name, dialect.decimal)
    place, decimal = COLUMNS.index(name), dialect.decimal
    if name in AMOUNTS:
        return lambda row, _: row[place].replace(".", decimal)
    if name in DAYS:
        days: Known[str, str] = Known(lambda text: _guarded(dialect.day(text), dialect))
        return lambda row, _: days[row[place]] if row[place] else ""
    return lambda row, _: _guarded(row[place], dialect) if "," in row[place] else row[place]


def _guarded(cell: str, dialect: Dialect) -> str:
    return cell if dialect.delimiter == "," else bare_commas_cell(cell)


def _of_tag(group: str, dialect: Dialect) -> Picker:
    """The codes of a tag group."""
    wanted, folded = group.casefold(), Known(str.casefold)
    cells: Known[str, str] = Known(lambda code: _guarded(csv_cell(clean(code)), dialect))

    def told(_: list[str], posting: Posting | None) -> str:
        tags = {} if posting is None else posting.tags
        codes = [code for name, code in tags.items() if folded[name] == wanted]
        return cells[codes[-1]] if codes else ""

    return told


def _of_amount(name: str, decimal: str) -> Picker:
    """Amounts of one side, or those of both with the credit's below zero."""
    place = COLUMNS.index("amount")

    def amount(row: list[str], posting: Posting | None) -> str:
        if posting is None or name not in {posting.side, "signedAmount"}:
            return ""
        sign = "-" if name == "signedAmount" and posting.side == "credit" else ""
        return sign + row[place].replace(".", decimal)

    return amount
