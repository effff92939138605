"""What the plain-text journals of beancount and hledger have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pleoctl.mapping.io.outputs.amounts import units_of
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.outputs.known import Known
from pleoctl.mapping.io.outputs.names import Names
from pleoctl.mapping.io.outputs.text import clean, facts, from_bytes, in_bytes

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.mapping.io.outputs.names import Notes
    from pleoctl.mapping.rules.model import Rules

#: What stands behind an amount: currency, tax code, whether there are tags.
Tail = tuple[str, str | None, bool]


class Journal(ABC):
    """Declares at its end what its entries have named."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors."""
        self.rules = rules
        self.declared = Declared()
        self.names = Names(rules, self.declared.accounts)
        self._units, self._kinds = Known(units_of(rules)), Known(self._kind)
        self._heads, self._tails = Known(self.before), Known(self.behind)

    def entries(self, entries: list[Entry]) -> bytes:
        """The transactions of each, or a comment that says why there are none."""
        return from_bytes([self._told(entry, ()) for entry in entries])

    def entry(self, entry: Entry, further: Notes) -> bytes:
        """The same of one, with further notes."""
        return from_bytes([self._told(entry, further)])

    # All texts below have a sign for each byte, as `in_bytes` makes them.

    @abstractmethod
    def begun(self, entry: Entry) -> str:
        """The first lines of a transaction: day, description, ids."""

    @abstractmethod
    def note(self, key: str, value: str | None) -> str:
        """A line that tells more of it; none for nothing."""

    @abstractmethod
    def before(self, name: str) -> str:
        """What stands before the amount of a posting to an account."""

    @abstractmethod
    def behind(self, tail: Tail) -> tuple[str, str]:
        """What stands behind it, and behind its tags."""

    @abstractmethod
    def tags(self, tags: dict[str, str]) -> str:
        """The tags of a posting that has any."""

    def _told(self, entry: Entry, further: Notes) -> str:
        """A transaction for each ledger entry; accounts and currencies are declared."""
        if entry.status == "failed":
            return failed(entry)
        begun, told, notes = self.begun(entry), facts(entry, self.rules), ""
        if told or further:
            notes = "".join([self.note(*note) for note in (*told, *further)])
        made = [
            f"{begun}{self._kinds[one.kind, entry.rule]}{notes}{self._postings(one.postings)}" for one in entry.entries
        ]
        return made[0] if len(made) == 1 else "".join(made)

    def _kind(self, told: tuple[str, str | None]) -> str:
        kind, rule = told
        return self.note("kind", kind) + self.note("rule", rule)

    def _postings(self, postings: list[Posting]) -> str:
        known, heads, lines, printed, amount = self.declared.accounts, self._heads, [], -1, ""
        for one in postings:
            name = known.get(one.account) or self.names.name(one)
            tagged = bool(one.tags)
            after, end = self._tails[one.currency, one.tax_code, tagged]
            # Most postings of an entry are of one amount; all of them are in its currency.
            if one.amount != printed:
                printed = one.amount
                divisor, ends = self._units[one.currency]
                amount = f"{printed // divisor}{ends[printed % divisor]}"
                self.declared.currencies.add(one.currency)
            shown = amount if one.side == "debit" else f"-{amount}"
            lines.append(f"{heads[name]}{shown:>14}{after}{self.tags(one.tags) if tagged else ''}{end}")
        return "".join(lines)


def failed(entry: Entry) -> str:
    """A comment that says why there is no transaction."""
    reason = f"{entry.failure_reason_type}: {entry.failure_reason}"
    return in_bytes(f"\n; failed {clean(entry.accounting_entry_id)} {clean(reason)}\n")
