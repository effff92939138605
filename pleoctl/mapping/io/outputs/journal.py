"""What the plain-text journals of beancount and hledger have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.outputs.names import Names
from pleoctl.mapping.io.outputs.text import clean

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.mapping.rules.model import Rules


class Journal:
    """Declares at its end what its entries have named."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors."""
        self.rules = rules
        self.declared = Declared()
        self.names = Names(rules, self.declared.accounts)

    def booked(self, posting: Posting) -> tuple[str, str]:
        """The name of a posting's account and its amount, below zero for a credit; they are declared."""
        currency = posting.currency
        self.declared.currencies.add(currency)
        amount = decimal(posting.amount, self.rules.divisor(currency))
        return self.names.name(posting), amount if posting.side == "debit" else f"-{amount}"


def failed(entry: Entry) -> bytes:
    """A comment that says why there is no transaction."""
    reason = f"{entry.failure_reason_type}: {entry.failure_reason}"
    return f"\n; failed {clean(entry.accounting_entry_id)} {clean(reason)}\n".encode()
