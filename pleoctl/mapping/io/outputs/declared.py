"""What a journal has to remember of its entries until its end."""

from __future__ import annotations

import msgspec


class Declared(msgspec.Struct):
    """What a journal declares at its end: account names by code, currencies, the first day."""

    accounts: dict[str, str] = {}  # msgspec copies empty defaults
    currencies: set[str] = set()
    first: str = ""

    def agrees(self, later: Declared) -> bool:
        """Whether accounts have the same names in both, so that ``later`` may be written after this."""
        return all(self.accounts.get(code, name) == name for code, name in later.accounts.items())

    def join(self, later: Declared) -> None:
        """Declare what ``later`` does, too."""
        self.accounts.update(later.accounts)
        self.currencies |= later.currencies
        if later.first:
            self.first = min(self.first or later.first, later.first)

    def become(self, other: Declared) -> None:
        """Declare what ``other`` does, and forget the rest."""
        self.accounts.clear()
        self.currencies.clear()
        self.first = ""
        self.join(other)
