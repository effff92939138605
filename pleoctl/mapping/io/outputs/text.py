"""Live text in journals and tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.text import obeyed_by_nobody, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.rules.model import Rules

_LETTERS: Final = "0-9A-Za-z\u00c0-\u024f\u0370-\u052f"
_SIGNS: Final = " !$%&'*+./<=>?@^_`{|}~\u00a1-\u00ac\u00ae-\u00bf\u2010-\u2027\u20a0-\u20bf-"


def plain(also: str = "") -> str:
    """The regex of text that every output writes as it is, or one in which the signs ``also`` mean nothing either.

    It begins with a letter or a digit, and nothing in it means anything to what reads tables and journals, to a
    terminal or to a CI system. So most texts take one look.
    """
    return f"[{_LETTERS}][{re.escape(also)}{_LETTERS}{_SIGNS}]*"


is_plain: Final = re.compile(plain()).fullmatch
#: The same of text that nobody but what reads tables and journals takes for more.
_is_quiet: Final = re.compile(plain('",:;()[]\\')).fullmatch


def clean(text: str | None) -> str:
    """Text that no terminal and no CI system obeys; an empty text for None."""
    if not text:
        return ""
    if _is_quiet(text):
        return text
    return obeyed_by_nobody(terminal(text))


def joined(texts: Iterable[str | None]) -> str:
    """The texts that are there, in one cell."""
    return ", ".join([text for text in texts if text])


def facts(entry: Entry, rules: Rules) -> list[tuple[str, str | None]]:
    """What a journal tells of an entry that not every one has; the original amount where it is in another currency."""
    told: list[tuple[str, str | None]] = []
    if entry.vendor is not None:
        told += [("vendor", entry.vendor.code), ("vendorName", entry.vendor.name)]
    if entry.invoice is not None:
        number, day, due = entry.invoice.number, entry.invoice.date, entry.invoice.due_date
        told += [("invoice", number), ("invoiceDate", day), ("dueDate", due)]
    if entry.reconciled_entries:
        told.append(("reconciledEntries", joined(entry.reconciled_entries)))
    if entry.attendees:
        told.append(("attendees", joined(entry.attendees)))
    original, period = entry.original, entry.service_period
    if original is not None and original.currency != entry.currency:
        amount = decimal(original.amount, rules.divisor(original.currency))
        told.append(("original", f"{amount} {original.currency}"))
    if period is not None:
        told.append(("servicePeriod", f"{period.start or ''}/{period.end or ''}"))
    if entry.warnings:
        told.append(("warning", "; ".join(entry.warnings)))
    return told


def in_bytes(text: str) -> str:
    """A text with a sign for each of its bytes in UTF-8, which `from_bytes` makes of it.

    Texts of such signs are put together, and written, in less time than those of others.
    """
    return text if text.isascii() else text.encode().decode("latin-1")


def from_bytes(texts: list[str]) -> bytes:
    """The bytes of texts that `in_bytes` gave, one behind the other."""
    return "".join(texts).encode("latin-1")
