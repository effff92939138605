"""Entries as CSV: one row for each posting, one for each failed item; safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.mapping.io.outputs.text import clean, joined, paid
from pleoctl.text import csv_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.mapping.rules.model import Rules

COLUMNS: Final = (
    "accountingEntryId",
    "status",
    "type",
    "subType",
    "method",
    "rule",
    "postingDate",
    "description",
    "reconciliationId",
    "reconciledEntries",
    "attendees",
    "vendorCode",
    "vendorName",
    "invoiceNumber",
    "invoiceDate",
    "invoiceDueDate",
    "originalCurrency",
    "originalAmount",
    "servicePeriodStart",
    "servicePeriodEnd",
    "company",
    "entry",
    "kind",
    "side",
    "account",
    "role",
    "amount",
    "currency",
    "lineId",
    "taxCode",
    "tags",
    "lineRule",
    "branch",
    "failureReasonType",
    "failureReason",
    "rulesDigest",
    "warnings",
)


class CsvWriter:
    """Writes rows of `COLUMNS`; amounts as decimals."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors."""
        self._rules = rules

    def start(self) -> bytes:
        """The header."""
        return _lines([list(COLUMNS)])

    def entry(self, entry: Entry) -> bytes:
        """The entry's rows."""
        return _lines([[cells.get(name, "") for name in COLUMNS] for cells in self._rows(entry)])

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def _rows(self, entry: Entry) -> Iterator[dict[str, str]]:
        head = _safe(_head(entry, self._rules))
        if entry.failed:
            yield head
        for number, ledger in enumerate(entry.entries, 1):
            for posting in ledger.postings:
                yield {**head, "entry": str(number), "kind": ledger.kind, **_safe(self._posting(posting))}

    def _posting(self, posting: Posting) -> dict[str, str | None]:
        return {
            "side": posting.side,
            "account": posting.account,
            "role": posting.role,
            "amount": decimal(posting.amount, self._rules.divisor(posting.currency)),
            "lineId": posting.line_id,
            "taxCode": posting.tax_code,
            "tags": tags_text(posting.tags),
            "lineRule": posting.rule,
            "branch": posting.branch,
        }


def tags_text(tags: dict[str, str]) -> str:
    """``DEPT=20, PROJ=7``."""
    return ", ".join(f"{group}={code}" for group, code in tags.items())


def _head(entry: Entry, rules: Rules) -> dict[str, str | None]:
    vendor, invoice = entry.vendor, entry.invoice
    original, period = entry.original, entry.service_period
    return {
        "accountingEntryId": entry.accounting_entry_id,
        "status": entry.status,
        "type": entry.type,
        "subType": entry.sub_type,
        "method": entry.method,
        "rule": entry.rule,
        "postingDate": entry.posting_date,
        "description": entry.description,
        "reconciliationId": entry.reconciliation_id,
        "reconciledEntries": joined(entry.reconciled_entries),
        "attendees": joined(entry.attendees),
        "vendorCode": vendor.code if vendor else None,
        "vendorName": vendor.name if vendor else None,
        "invoiceNumber": invoice.number if invoice else None,
        "invoiceDate": invoice.date if invoice else None,
        "invoiceDueDate": invoice.due_date if invoice else None,
        "originalCurrency": original.currency if original else None,
        "originalAmount": paid(original, rules) if original else None,
        "servicePeriodStart": period.start if period else None,
        "servicePeriodEnd": period.end if period else None,
        "company": entry.company,
        "currency": entry.currency,
        "failureReasonType": entry.failure_reason_type,
        "failureReason": entry.failure_reason,
        "rulesDigest": entry.rules_digest,
        "warnings": "; ".join(entry.warnings),
    }


def _safe(cells: dict[str, str | None]) -> dict[str, str]:
    return {name: csv_cell(clean(text)) for name, text in cells.items() if text}


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
