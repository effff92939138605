"""What stands in the books for an item, held against what its entry says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.mapping.engine.entries import LedgerEntry
    from pleoctl.sinks.base import Held, HeldPosting

Sums = Counter[tuple[str, str, str]]


def live(records: Iterable[Held]) -> list[Held]:
    """The records that count: what is void or deleted was never booked."""
    return [record for record in records if not record.void]


def twice(records: Sequence[Held]) -> str:
    """That the books hold something more than once, and under which ids."""
    names = list(dict.fromkeys(record.id for record in records))
    if len(names) == 1:
        return f"the books hold it {many(len(records), 'time')} under {names[0]}"
    return f"the books hold it twice: {' and '.join(names)}"


def difference(record: Held, legs: Sequence[LedgerEntry], day: str | None, *, may_move: bool) -> str | None:
    """Why a live record is not the entry, or None where it is as far as the books say (their silence is no difference).

    ``may_move``: closed periods move postings forward, so that a later date is none.
    """
    if record.date is not None and day is not None and (record.date < day or (record.date > day and not may_move)):
        return f"its date is {record.date}, not {day}"
    if "lines" in record.left:
        return None
    return (None if record.postings is None else _other_sums(record.postings, legs)) or _lost(record, legs)


def _other_sums(postings: Sequence[HeldPosting], legs: Sequence[LedgerEntry]) -> str | None:
    stands, wanted = sums(postings), sums_of(legs)
    for side, account, currency in sorted({*stands, *wanted}):
        have, want = stands[side, account, currency], wanted[side, account, currency]
        if have != want:
            return f"it has {_amount(have)} {currency} as {side} on {account}, not {_amount(want)}"
    return None


def _lost(record: Held, legs: Sequence[LedgerEntry]) -> str | None:
    """What a line was booked with and does not have; more than that, books may put there by themselves."""
    for posting in (posting for leg in legs for posting in leg.postings):
        account, code = posting.account, posting.tax_code
        if code is not None and posting.role != "tax" and record.lacks_tax_code(account, code):
            return f"it has no tax code {code} on {account}"
        for group, tag in posting.tags.items():
            if record.lacks_tag(group, account, tag):
                return f"it has no {group} {tag} on {account}"
    return None


def sums(postings: Iterable[HeldPosting]) -> Sums:
    """Hundredths by side, account and currency: books may join or split lines, the sums stay."""
    total: Sums = Counter()
    for side, account, amount, currency in postings:
        total[side, account, currency] += amount
    return total


def sums_of(legs: Iterable[LedgerEntry]) -> Sums:
    """The same of an entry."""
    total: Sums = Counter()
    for leg in legs:
        for posting in leg.postings:
            total[posting.side, posting.account, posting.currency] += posting.amount
    return total


def _amount(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}"
