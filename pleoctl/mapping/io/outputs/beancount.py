"""Entries as a beancount journal that `bean-check` accepts.

Directives are sorted by date when they are read, so accounts are opened at the end, when all of them are known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.journal import Journal
from pleoctl.mapping.io.outputs.tags import plain_tags, tags_text
from pleoctl.mapping.io.outputs.text import clean, in_bytes, plain

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.io.outputs.journal import Tail


#: Signs that mean nothing between quotes.
_STRING: Final = plain(",:;()[]")
_are_strings: Final = re.compile(rf"{_STRING}(?:\n{_STRING}){{2}}").fullmatch


class BeancountWriter(Journal):
    """Writes transactions, then the `commodity` and `open` directives."""

    def start(self) -> bytes:
        """A title."""
        return b'option "title" "Pleo export items"\n'

    def end(self) -> bytes:
        """The declarations."""
        lines = [""]
        lines += [f"{self.declared.first} commodity {currency}" for currency in sorted(self.declared.currencies)]
        for name, code in self.names:
            lines += [f"{self.declared.first} open {name}", f"  code: {_string(code)}"]
        return ("\n".join(lines) + "\n").encode() if self.declared.first else b""

    def begun(self, entry: Entry) -> str:
        """See `Journal`."""
        day = entry.posting_date or ""
        if not self.declared.first or day < self.declared.first:
            self.declared.first = day
        text, name, number = entry.description, entry.accounting_entry_id or "", entry.reconciliation_id or ""
        if _are_strings(f"{text}\n{name}\n{number}"):
            ids = f'  accountingEntryId: "{name}"\n  reconciliationId: "{number}"\n'
            return in_bytes(f'\n{day} * "{text}"\n{ids}')
        ids = self.note("accountingEntryId", name) + self.note("reconciliationId", number)
        return in_bytes(f"\n{day} * {_string(text)}\n") + ids

    def note(self, key: str, value: str | None) -> str:
        """See `Journal`."""
        return in_bytes(f"  {key}: {_string(value)}\n") if value else ""

    def before(self, name: str) -> str:
        """See `Journal`."""
        return f"  {name:<40} "

    def behind(self, tail: Tail) -> tuple[str, str]:
        """See `Journal`."""
        currency, tax_code, tagged = tail
        after = in_bytes(f" {currency}\n" + (f"    taxCode: {_string(tax_code)}\n" if tax_code else ""))
        return (f"{after}    tags: ", "\n") if tagged else (after, "")

    def tags(self, tags: dict[str, str]) -> str:
        """See `Journal`."""
        text = plain_tags(tags)
        return in_bytes(_string(tags_text(tags)) if text is None else f'"{text}"')


def _string(text: str) -> str:
    cleaned = clean(text)
    if '"' in cleaned or "\\" in cleaned:
        cleaned = cleaned.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{cleaned}"'
