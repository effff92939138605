"""CSV as books: the columns of `map --format csv`, a row for each posting."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.mapping.io.outputs.csv import CsvWriter
from pleoctl.sinks.base import HeldPosting, KeyRoom
from pleoctl.sinks.files.format import BATCH, FILES, Roomy, Standing
from pleoctl.sinks.files.told import Line, tags_in

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.base import Booking

_KEY: Final = "accountingEntryId"
#: Of a row's many cells, those that are looked at.
_READ: Final = ("postingDate", "side", "account", "amount", "currency", "taxCode", "tags")


class CsvFormat(Roomy):
    """Writes and reads back tables."""

    suffix = ".csv"

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors."""
        self._rules = rules
        key = KeyRoom("the column accountingEntryId")
        self.capabilities = replace(FILES, key=key, tells_tax_codes=True, tells_tags=True)

    def owns(self, name: str) -> bool:
        """See `Format`: a batch of DATEV's ends in the same way."""
        return name.endswith(self.suffix) and not name.startswith(BATCH)

    def render(self, bookings: Sequence[Booking]) -> bytes:
        """See `Format`."""
        writer = CsvWriter(self._rules)
        entries = [
            msgspec.structs.replace(booking.entry, posting_date=booking.date, entries=booking.legs)
            for booking in bookings
        ]
        return writer.start() + writer.entries(entries) + writer.end()

    def read(self, content: bytes, wanted: Container[str]) -> Iterator[Standing]:
        """See `Format`; a file of other columns holds nothing of ours."""
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
        columns = {name: place for place, name in enumerate(next(rows, []))}
        place = columns.get(_KEY, -1)
        found: dict[str, list[dict[str, str]]] = {}
        for row in rows if place >= 0 else ():
            if len(row) > place and row[place] in wanted:
                cells = {name: row[columns[name]] for name in _READ if columns.get(name, len(row)) < len(row)}
                if cells.get("side"):
                    found.setdefault(row[place], []).append(cells)
        for key, postings in found.items():
            day = postings[0].get("postingDate")
            yield Standing(key, None, day, self._postings(postings), [_line(cells) for cells in postings])

    def _postings(self, rows: list[dict[str, str]]) -> tuple[HeldPosting, ...] | None:
        try:
            return tuple(
                HeldPosting(row["side"], _plain(row["account"]), self._hundredths(row), row["currency"]) for row in rows
            )
        except (KeyError, TypeError, InvalidOperation):
            return None

    def _hundredths(self, row: dict[str, str]) -> int:
        return int(Decimal(row["amount"]) * self._rules.divisor(row["currency"]))


def _line(cells: dict[str, str]) -> Line:
    """Not of a file of fewer columns: its line is one on no account."""
    if not cells.keys() >= {"account", "taxCode", "tags"}:
        return Line("", (), {})
    return Line(_plain(cells["account"]), [_plain(cells["taxCode"])], tags_in(cells["tags"]))


def _plain(cell: str) -> str:
    """A code without the quote that keeps spreadsheets from reading a formula."""
    return cell.removeprefix("'")
