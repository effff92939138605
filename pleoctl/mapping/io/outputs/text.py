"""Live text in journals and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.text import obeyed_by_nobody, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.engine.entries import Entry, OriginalOf
    from pleoctl.mapping.rules.model import Rules


def clean(text: str | None) -> str:
    """Text that no terminal and no CI system obeys; an empty text for None."""
    if not text:
        return ""
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return text
    return obeyed_by_nobody(terminal(text))


def joined(texts: Iterable[str | None]) -> str:
    """The texts that are there, in one cell."""
    return ", ".join([text for text in texts if text])


def paid(original: OriginalOf, rules: Rules) -> str:
    """What was paid at the supplier's, as a decimal."""
    return decimal(original.amount, rules.divisor(original.currency))


def facts(entry: Entry, rules: Rules) -> Iterator[tuple[str, str | None]]:
    """What a journal tells of an entry beside its postings; the original amount where it is in another currency."""
    if entry.vendor is not None:
        yield "vendor", entry.vendor.code
        yield "vendorName", entry.vendor.name
    if entry.invoice is not None:
        yield "invoice", entry.invoice.number
        yield "invoiceDate", entry.invoice.date
        yield "dueDate", entry.invoice.due_date
    if entry.reconciled_entries:
        yield "reconciledEntries", joined(entry.reconciled_entries)
    if entry.attendees:
        yield "attendees", joined(entry.attendees)
    if entry.original is not None and entry.original.currency != entry.currency:
        yield "original", f"{paid(entry.original, rules)} {entry.original.currency}"
    if entry.service_period is not None:
        yield "servicePeriod", f"{entry.service_period.start or ''}/{entry.service_period.end or ''}"
