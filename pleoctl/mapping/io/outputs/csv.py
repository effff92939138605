"""Entries as CSV: one row for each posting, one for each failed item; safe to open in a spreadsheet."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.outputs.text import clean, joined, paid
from pleoctl.mapping.rules.dialect import COLUMNS
from pleoctl.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.mapping.engine.entries import Entry, OriginalOf
    from pleoctl.mapping.rules.model import Rules


class CsvWriter:
    """Writes rows of `COLUMNS`; amounts as decimals."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors."""
        self.declared = Declared()
        self._rules = rules

    def start(self) -> bytes:
        """The header."""
        return f"{_joined(COLUMNS)}\n".encode()

    def entry(self, entry: Entry) -> bytes:
        """The entry's rows."""
        # The texts of an entry are its own, what stands around them is the same in many.
        before = f"{_safe(entry.accounting_entry_id)},{_kind_of(entry)},{_safe(entry.description)}"
        before += f",{_safe(entry.reconciliation_id)},{_facts(entry, self._rules)}"
        warnings = "; ".join(entry.warnings) if entry.warnings else ""
        after = _common((entry.failure_reason_type, entry.failure_reason, entry.rules_digest, warnings))
        currency = _cell(entry.currency)
        rows = [f"{before},,,,,,,{currency},,,,,,{after}\n"] if entry.failed else []
        for number, ledger in enumerate(entry.entries, 1):
            for one in ledger.postings:
                of_account = _common((str(number), ledger.kind, one.side, one.account, one.role))
                tags = tags_text(one.tags) if one.tags else ""
                of_rule = _common((one.tax_code, tags, one.rule, one.branch))
                amount = decimal(one.amount, self._rules.divisor(one.currency))
                line = _safe(one.line_id) if one.line_id else ""
                rows.append(f"{before},{of_account},{amount},{currency},{line},{of_rule},{after}\n")
        return "".join(rows).encode()

    def end(self) -> bytes:
        """Nothing."""
        return b""


def tags_text(tags: dict[str, str]) -> str:
    """``DEPT=20, PROJ=7``."""
    return ", ".join([f"{group}={code}" for group, code in tags.items()]) if tags else ""


def _kind_of(entry: Entry) -> str:
    return _common((entry.status, entry.type, entry.sub_type, entry.method, entry.rule, entry.posting_date))


def _facts(entry: Entry, rules: Rules) -> str:
    """Cells of what most entries lack."""
    vendor, invoice = entry.vendor, entry.invoice
    original, period = entry.original, entry.service_period
    reconciled = _safe(joined(entry.reconciled_entries)) if entry.reconciled_entries else ""
    attendees = _safe(joined(entry.attendees)) if entry.attendees else ""
    of_vendor = _common((vendor.code, vendor.name)) if vendor else ","
    of_invoice = _common((invoice.number, invoice.date, invoice.due_date)) if invoice else ",,"
    of_original = f"{_cell(original.currency)},{_paid(original, rules)}" if original else ","
    of_period = _common((period.start, period.end)) if period else ","
    return f"{reconciled},{attendees},{of_vendor},{of_invoice},{of_original},{of_period},{_cell(entry.company)}"


def _paid(original: OriginalOf, rules: Rules) -> str:
    amount = paid(original, rules)
    return amount if original.amount >= 0 else _safe(amount)


def _joined(texts: Iterable[str | None]) -> str:
    return ",".join([_cell(text) if text else "" for text in texts])


# Rows have such cells in common with many others: types and days, accounts and rules, what most entries lack.
_common: Final = lru_cache(maxsize=4096)(_joined)


# What no reader of tables, no terminal and no CI system takes for anything but text.
_PLAIN: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._/()&+-]*")


def _safe(text: str | None) -> str:
    if not text or _PLAIN.fullmatch(text):
        return text or ""
    safe = csv_cell(clean(text))
    if "," in safe or '"' in safe:
        doubled = safe.replace('"', '""')
        return f'"{doubled}"'
    return safe


# Most cells of a file say what others do: types, accounts, rules.
_cell: Final = lru_cache(maxsize=4096)(_safe)
