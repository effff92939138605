"""Entries as an hledger journal that passes `hledger check -s`.

Everything that people typed is kept from being read as syntax: comments end descriptions, and dates or tags in
comments would change postings. Accounts and commodities are declared at the end, when all of them are known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.mapping.io.outputs.journal import Journal
from pleoctl.mapping.io.outputs.tags import plain_tags, tags_text
from pleoctl.mapping.io.outputs.text import clean, in_bytes, plain

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.io.outputs.journal import Tail

_HARMLESS: Final = str.maketrans({"\\": "/", ";": ",", ":": "=", "[": "(", "]": ")"})
_CODE: Final = str.maketrans({"(": "<", ")": ">", ";": ","})


#: Matches a description, an id and a number that are written as they are.
_are_harmless: Final = re.compile(rf"{plain(',:()[]')}(?:\n{plain()}){{2}}").fullmatch


class HledgerWriter(Journal):
    """Writes transactions, then the `commodity` and `account` directives."""

    def start(self) -> bytes:
        """How numbers are written."""
        return b"decimal-mark .\n"

    def end(self) -> bytes:
        """The declarations."""
        lines = [""]
        for currency in sorted(self.declared.currencies):
            sample = decimal(1000 * self.rules.divisor(currency), self.rules.divisor(currency))
            lines.append(f"commodity {sample if '.' in sample else sample + '.'} {currency}")
        lines += [f"account {name}  ; code {_comment(code)}" for name, code in self.names]
        return ("\n".join(lines) + "\n").encode()

    def begun(self, entry: Entry) -> str:
        """See `Journal`."""
        text, name, number = entry.description, entry.accounting_entry_id or "", entry.reconciliation_id or ""
        if not _are_harmless(f"{text}\n{name}\n{number}"):
            text, name, number = clean(text).replace(";", ","), _comment(name), _code(number)
        first = f"\n{entry.posting_date} * ({number}) {text}".rstrip()
        return in_bytes(f"{first}\n    ; accountingEntryId: {name}\n" if name else f"{first}\n")

    def note(self, key: str, value: str | None) -> str:
        """See `Journal`."""
        return in_bytes(f"    ; {key}: {_comment(value)}\n") if value else ""

    def before(self, name: str) -> str:
        """See `Journal`."""
        return f"    {name:<40}  "

    def behind(self, tail: Tail) -> tuple[str, str]:
        """See `Journal`."""
        currency, tax_code, tagged = tail
        notes = [f"taxCode: {_comment(tax_code)}"] if tax_code else []
        notes += ["dimensions: "] if tagged else []
        return in_bytes(f" {currency}{'  ; ' if notes else ''}{', '.join(notes)}"), "\n"

    def tags(self, tags: dict[str, str]) -> str:
        """See `Journal`."""
        text = plain_tags(tags)
        return in_bytes(_comment(tags_text(tags)) if text is None else text)


def _comment(text: str | None) -> str:
    cleaned = clean(text)
    # Five searches cost less than one translation, and almost no text has any of these.
    if ";" in cleaned or ":" in cleaned or "[" in cleaned or "]" in cleaned or "\\" in cleaned:
        return cleaned.translate(_HARMLESS)
    return cleaned


def _code(text: str | None) -> str:
    cleaned = clean(text)
    return cleaned if cleaned.isalnum() else cleaned.translate(_CODE)
