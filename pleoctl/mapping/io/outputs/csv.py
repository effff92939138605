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

    from pleoctl.mapping.engine.entries import Entry, Posting
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
        own = f"{_safe(entry.accounting_entry_id)},{_common(_kind_of(entry))},{_safe(entry.description)}"
        own += f",{_safe(entry.reconciliation_id)}"
        before, after = f"{own},{_facts(entry, self._rules)}", _common(_after(entry))
        currency = _cell(entry.currency)
        rows = [f"{before},,,,,,,{currency},,,,,,{after}\n"] if entry.failed else []
        for number, ledger in enumerate(entry.entries, 1):
            head = f"{before},{number},{_cell(ledger.kind)}"
            rows += [f"{head},{_posting(one, self._rules, currency)},{after}\n" for one in ledger.postings]
        return "".join(rows).encode()

    def end(self) -> bytes:
        """Nothing."""
        return b""


def tags_text(tags: dict[str, str]) -> str:
    """``DEPT=20, PROJ=7``."""
    return ", ".join([f"{group}={code}" for group, code in tags.items()]) if tags else ""


def _kind_of(entry: Entry) -> tuple[str | None, ...]:
    return entry.status, entry.type, entry.sub_type, entry.method, entry.rule, entry.posting_date


def _facts(entry: Entry, rules: Rules) -> str:
    vendor, invoice = entry.vendor, entry.invoice
    original, period = entry.original, entry.service_period
    before = (
        joined(entry.reconciled_entries),
        joined(entry.attendees),
        vendor.code if vendor else None,
        vendor.name if vendor else None,
        invoice.number if invoice else None,
        invoice.date if invoice else None,
        invoice.due_date if invoice else None,
        original.currency if original else None,
    )
    after = (
        period.start if period else None,
        period.end if period else None,
        entry.company,
    )
    amount = _safe(paid(original, rules)) if original else ""
    # The amount is another in almost every entry, what stands around it the same in many.
    return f"{_common(before)},{amount},{_common(after)}"


def _posting(posting: Posting, rules: Rules, currency: str) -> str:
    of_account = _common((posting.side, posting.account, posting.role))
    of_rule = _common((posting.tax_code, tags_text(posting.tags), posting.rule, posting.branch))
    amount = decimal(posting.amount, rules.divisor(posting.currency))
    return f"{of_account},{amount},{currency},{_safe(posting.line_id)},{of_rule}"


def _after(entry: Entry) -> tuple[str | None, ...]:
    return entry.failure_reason_type, entry.failure_reason, entry.rules_digest, "; ".join(entry.warnings)


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
