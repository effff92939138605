"""Entries as a beancount journal that `bean-check` accepts.

Directives are sorted by date when they are read, so accounts are opened at the end, when all of them are known.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.csv import tags_text
from pleoctl.mapping.io.outputs.journal import Journal, failed
from pleoctl.mapping.io.outputs.text import clean, facts

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
    from pleoctl.mapping.io.outputs.names import Notes


class BeancountWriter(Journal):
    """Writes transactions, then the `commodity` and `open` directives."""

    def start(self) -> bytes:
        """A title."""
        return b'option "title" "Pleo export items"\n'

    def entry(self, entry: Entry, further: Notes = ()) -> bytes:
        """The entry's transactions with further metadata, or a comment that says why there are none."""
        if entry.failed:
            return failed(entry)
        day = entry.posting_date or ""
        if not self.declared.first or day < self.declared.first:
            self.declared.first = day
        return "".join([self._transaction(entry, ledger, further) for ledger in entry.entries]).encode()

    def end(self) -> bytes:
        """The declarations."""
        lines = [""]
        lines += [f"{self.declared.first} commodity {currency}" for currency in sorted(self.declared.currencies)]
        for name, code in self.names:
            lines += [f"{self.declared.first} open {name}", f"  code: {_string(code)}"]
        return ("\n".join(lines) + "\n").encode() if self.declared.first else b""

    def _transaction(self, entry: Entry, ledger: LedgerEntry, further: Notes) -> str:
        text = f"\n{entry.posting_date} * {_string(entry.description)}\n"
        text += _note("accountingEntryId", entry.accounting_entry_id)
        text += _note("reconciliationId", entry.reconciliation_id)
        text += _common("kind", ledger.kind) + _common("rule", entry.rule)
        text += "".join([_note(*note) for note in (*facts(entry, self.rules), *further)])
        return text + "".join([self._posting(posting) for posting in ledger.postings])

    def _posting(self, posting: Posting) -> str:
        name, amount = self.booked(posting)
        line = f"  {name:<40} {amount:>14} {posting.currency}\n"
        if not posting.tax_code and not posting.tags:
            return line
        told = (("taxCode", posting.tax_code), ("tags", tags_text(posting.tags)))
        return line + "".join([f"    {key}: {_string(value)}\n" for key, value in told if value])


def _note(key: str, value: str | None) -> str:
    return f"  {key}: {_string(value)}\n" if value else ""


# What many transactions say alike.
_common: Final = lru_cache(maxsize=1024)(_note)


def _string(text: str) -> str:
    cleaned = clean(text)
    if '"' in cleaned or "\\" in cleaned:
        cleaned = cleaned.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{cleaned}"'
