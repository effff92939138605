"""The table of entries in the form that rules give it: the plain one, its cells picked and written anew."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.csv import CsvWriter
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.outputs.text import clean
from pleoctl.mapping.rules.dialect import AMOUNTS, COLUMNS, DAYS
from pleoctl.mapping.vocabulary import tag_group
from pleoctl.text import bare_commas_cell, csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.mapping.rules.model import Rules


class ShapedWriter:
    """Writes rows of the rules' dialect."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the dialect and the divisors."""
        self.declared = Declared()
        self._plain = CsvWriter(rules)
        self._dialect = rules.dialect
        self._columns = [name for name, _ in rules.dialect.columns]

    def start(self) -> bytes:
        """The header."""
        return self._lines([[csv_cell(clean(title)) for _, title in self._dialect.columns]])

    def entry(self, entry: Entry) -> bytes:
        """The entry's rows."""
        rows = csv.reader(io.StringIO(self._plain.entry(entry).decode(), newline=""))
        booked = [posting for ledger in entry.entries for posting in ledger.postings]
        postings: list[Posting | None] = [*booked] or [None]
        shaped = (
            self._shaped(dict(zip(COLUMNS, row, strict=True)), posting)
            for row, posting in zip(rows, postings, strict=True)
        )
        return self._lines([[cells.get(name, "") for name in self._columns] for cells in shaped])

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def _lines(self, rows: Iterable[list[str]]) -> bytes:
        out = io.StringIO()
        delimiter = self._dialect.delimiter
        safe = rows if delimiter == "," else ([bare_commas_cell(cell) for cell in row] for row in rows)
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(safe)
        return out.getvalue().encode()

    def _shaped(self, cells: dict[str, str], posting: Posting | None) -> dict[str, str]:
        """The cells of a posting in this form, its amount by side, and the codes of its tags."""
        if posting is not None:
            sign = "" if posting.side == "debit" else "-"
            cells |= {posting.side: cells["amount"], "signedAmount": sign + cells["amount"], **self._tags(posting)}
        for name in AMOUNTS & cells.keys():
            cells[name] = cells[name].replace(".", self._dialect.decimal)
        for name in DAYS & cells.keys():
            cells[name] = self._dialect.day(cells[name]) if cells[name] else ""
        return cells

    def _tags(self, posting: Posting) -> dict[str, str]:
        codes = {group.casefold(): code for group, code in posting.tags.items()}
        groups = {name: group for name in self._columns if (group := tag_group(name)) is not None}
        return {name: csv_cell(clean(codes.get(group.casefold()))) for name, group in groups.items()}
