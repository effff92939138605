"""Entries as CSV: one row for each posting, one for each failed item; safe to open in a spreadsheet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal, units_of
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.outputs.known import Known
from pleoctl.mapping.io.outputs.tags import plain_tags, tags_text
from pleoctl.mapping.io.outputs.text import clean, from_bytes, in_bytes, joined, plain
from pleoctl.mapping.rules.dialect import COLUMNS
from pleoctl.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.mapping.engine.entries import Entry, OriginalOf
    from pleoctl.mapping.rules.model import Rules

_Text = str | None
#: What an entry has in common with others: status, types, method, rule; currency, company.
_Kind = tuple[str, _Text, _Text, _Text, _Text, _Text, _Text]
#: The same of a posting, but for its account: number and kind of its ledger entry; side, role; tax code; rule, branch.
_Seat = tuple[int, str, str, _Text, _Text, _Text, _Text]
#: Signs that mean nothing in a cell, but for the comma, for which it is quoted.
_CELL: Final = plain(",:()[]")
_is_cell: Final = re.compile(_CELL).fullmatch
_are_cells: Final = re.compile(rf"{_CELL}(?:\n{_CELL}){{2}}").fullmatch
_is_id: Final = re.compile("[0-9A-Za-z][0-9A-Za-z-]*").fullmatch


class CsvWriter:
    """Writes rows of `COLUMNS`; amounts as decimals."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors."""
        self.declared = Declared()
        self._units = Known(units_of(rules))
        self._kinds, self._ends, self._seats = Known(_kind_cells), Known(_end_cells), Known(_seat_cells)
        # Of their own, since other cells come by the thousand.
        self._accounts = Known(_safe)

    def start(self) -> bytes:
        """The header."""
        return f"{_joined(COLUMNS)}\n".encode()

    def entries(self, entries: list[Entry]) -> bytes:
        """The rows of each."""
        rows: list[str] = []
        for entry in entries:
            self._add(rows, entry)
        return from_bytes(rows)

    # All texts below have a sign for each byte, as `in_bytes` makes them.

    def _add(self, rows: list[str], entry: Entry) -> None:
        """Add the entry's rows."""
        kind, currency, company = self._kinds[
            entry.status, entry.type, entry.sub_type, entry.method, entry.rule, entry.currency, entry.company
        ]
        end = self._ends[entry.rules_digest, entry.failure_reason_type, entry.failure_reason, *entry.warnings]
        name, text, known_as = entry.accounting_entry_id or "", entry.description, entry.reconciliation_id or ""
        told = f"{name}\n{text}\n{known_as}"
        if not _are_cells(told) or "," in told:
            name, text, known_as = _safe(name), _safe(text), _safe(known_as)
        elif not told.isascii():
            name, text, known_as = in_bytes(name), in_bytes(text), in_bytes(known_as)
        before = f"{name},{kind},{entry.posting_date or ''},{text},{known_as},{self._facts(entry)},{company}"
        if entry.status == "failed":
            rows.append(f"{before},,,,,,,{currency},,,,,,{end}")
        self._book(rows, entry, before, f",{currency},", end)

    def _book(self, rows: list[str], entry: Entry, before: str, currency: str, end: str) -> None:
        """Add a row for each posting: what stands ``before``, its cells and the ``currency``, the ``end``."""
        printed, amount, seats, accounts = -1, "", self._seats, self._accounts
        for number, ledger in enumerate(entry.entries, 1):
            kind = ledger.kind
            for one in ledger.postings:
                seat = seats[number, kind, one.side, one.role, one.tax_code, one.rule, one.branch]
                left, role, tax_code, right = seat
                tags = _tags_cell(one.tags) if one.tags else ""
                line = one.line_id
                cell = "" if line is None else line if _is_id(line) else _safe(line)
                # Most postings of an entry are of one amount; all of them are in its currency.
                if one.amount != printed:
                    printed = one.amount
                    divisor, ends = self._units[one.currency]
                    amount = f"{printed // divisor}{ends[printed % divisor]}{currency}"
                rows.append(f"{before}{left}{accounts[one.account]}{role}{amount}{cell}{tax_code}{tags}{right}{end}")

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def _facts(self, entry: Entry) -> str:
        """Cells of what most entries lack."""
        vendor, invoice = entry.vendor, entry.invoice
        original, period = entry.original, entry.service_period
        of_original = "," if original is None else self._paid(original)
        if vendor is None and invoice is None and period is None and not (entry.reconciled_entries or entry.attendees):
            return f",,,,,,,{of_original},,"
        reconciled, attendees = _safe(joined(entry.reconciled_entries)), _safe(joined(entry.attendees))
        of_vendor = f"{_cells[vendor.code]},{_cells[vendor.name]}" if vendor else ","
        of_invoice = f"{_safe(invoice.number)},{_cells[invoice.date]},{_cells[invoice.due_date]}" if invoice else ",,"
        of_period = f"{_cells[period.start]},{_cells[period.end]}" if period else ","
        return f"{reconciled},{attendees},{of_vendor},{of_invoice},{of_original},{of_period}"

    def _paid(self, original: OriginalOf) -> str:
        amount, currency = original.amount, original.currency
        divisor, ends = self._units[currency]
        if amount < 0:
            return f"{_cells[currency]},{decimal(amount, divisor)}"
        return f"{_cells[currency]},{amount // divisor}{ends[amount % divisor]}"


def _tags_cell(tags: dict[str, str]) -> str:
    text = plain_tags(tags)
    if text is None:
        return _safe(tags_text(tags))
    return in_bytes(text if len(tags) == 1 else f'"{text}"')


def _kind_cells(told: _Kind) -> tuple[str, str, str]:
    """Cells from the status to the rule, of the currency, of the company."""
    *kind, currency, company = told
    return _joined(kind), _cells[currency], _cells[company]


def _end_cells(told: tuple[_Text, ...]) -> str:
    """Cells from the failure on, and the end of the row."""
    digest, failure_type, failure, *warnings = told
    return f"{_joined((failure_type, failure, digest, '; '.join(map(str, warnings))))}\n"


def _seat_cells(seat: _Seat) -> tuple[str, str, str, str]:
    """Cells before the account, between that and the amount, between line and tags, and behind these."""
    number, kind, side, role, tax_code, rule, branch = seat
    left, right = f",{number},{_cells[kind]},{_cells[side]},", f",{_cells[rule]},{_cells[branch]},"
    return left, f",{_cells[role]},", f",{_cells[tax_code]},", right


def _joined(texts: Iterable[str | None]) -> str:
    return ",".join([_cells[text] for text in texts])


def _safe(text: str | None) -> str:
    if not text:
        return ""
    if _is_cell(text):
        return in_bytes(f'"{text}"' if "," in text else text)
    safe = in_bytes(csv_cell(clean(text)))
    if "," in safe or '"' in safe:
        doubled = safe.replace('"', '""')
        return f'"{doubled}"'
    return safe


# Most cells of a file say what others do: accounts, rules, currencies.
_cells: Final = Known(_safe)
