"""Entries as an hledger journal that passes `hledger check -s`.

Everything that people typed is kept from being read as syntax: comments end descriptions, and dates or tags in
comments would change postings. Accounts and commodities are declared at the end, when all of them are known.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.mapping.io.outputs.csv import tags_text
from pleoctl.mapping.io.outputs.journal import Journal, failed
from pleoctl.mapping.io.outputs.text import clean, facts

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
    from pleoctl.mapping.io.outputs.names import Notes

_HARMLESS: Final = str.maketrans({"\\": "/", ";": ",", ":": "=", "[": "(", "]": ")"})
_CODE: Final = str.maketrans({"(": "<", ")": ">", ";": ","})


class HledgerWriter(Journal):
    """Writes transactions, then the `commodity` and `account` directives."""

    def start(self) -> bytes:
        """How numbers are written."""
        return b"decimal-mark .\n"

    def entry(self, entry: Entry, further: Notes = ()) -> bytes:
        """The entry's transactions with further comments, or a comment that says why there are none."""
        if entry.failed:
            return failed(entry)
        return "".join([self._transaction(entry, ledger, further) for ledger in entry.entries]).encode()

    def end(self) -> bytes:
        """The declarations."""
        lines = [""]
        for currency in sorted(self.declared.currencies):
            sample = decimal(1000 * self.rules.divisor(currency), self.rules.divisor(currency))
            lines.append(f"commodity {sample if '.' in sample else sample + '.'} {currency}")
        lines += [f"account {name}  ; code {_comment(code)}" for name, code in self.names]
        return ("\n".join(lines) + "\n").encode()

    def _transaction(self, entry: Entry, ledger: LedgerEntry, further: Notes) -> str:
        description = clean(entry.description).replace(";", ",")
        text = f"\n{entry.posting_date} * ({_code(entry.reconciliation_id)}) {description}".rstrip()
        text += "\n" + _note("accountingEntryId", entry.accounting_entry_id)
        text += _common("kind", ledger.kind) + _common("rule", entry.rule)
        text += "".join([_note(*note) for note in (*facts(entry, self.rules), *further)])
        return text + "".join([self._posting(posting) for posting in ledger.postings])

    def _posting(self, posting: Posting) -> str:
        name, amount = self.booked(posting)
        line = f"    {name:<40}  {amount:>14} {posting.currency}"
        if not posting.tax_code and not posting.tags:
            return line + "\n"
        notes = (("taxCode", posting.tax_code), ("dimensions", tags_text(posting.tags)))
        return f"{line}  ; {', '.join(f'{key}: {_comment(value)}' for key, value in notes if value)}\n"


def _note(key: str, value: str | None) -> str:
    return f"    ; {key}: {_comment(value)}\n" if value else ""


# What many transactions say alike.
_common: Final = lru_cache(maxsize=1024)(_note)


def _comment(text: str | None) -> str:
    cleaned = clean(text)
    # Five searches cost less than one translation, and almost no text has any of these.
    if ";" in cleaned or ":" in cleaned or "[" in cleaned or "]" in cleaned or "\\" in cleaned:
        return cleaned.translate(_HARMLESS)
    return cleaned


def _code(text: str | None) -> str:
    cleaned = clean(text)
    return cleaned if cleaned.isalnum() else cleaned.translate(_CODE)
