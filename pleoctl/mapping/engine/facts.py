"""What line rules can ask about a line, read from its item: one value for each field of the language."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.vocabulary import DATE, PER_ATTENDEE, WEEKDAY, WEEKDAYS, tag_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from pleoctl.mapping.items import Item, Line


class Facts(msgspec.Struct, gc=False):
    """What line rules can ask about: ``account`` is the line's resolved code, ``amount`` is without sign."""

    item: Item
    line: Line
    account: str | None
    amount: int

    def tag(self, group: str) -> str | None:
        """The code of the line's first tag of a folded group."""
        for tag in self.line.tags or ():
            if tag is not None and tag.code and tag.group_code.casefold() == group:
                return tag.code
        return None


def _item_amount(facts: Facts) -> int:
    return abs(hundredths(facts.item.amount.in_wallet_currency, "amount"))


def _net(facts: Facts) -> int:
    """The line without its tax, which is no part of it where it is reverse (C-18, X6)."""
    tax = facts.line.tax
    if tax is None or tax.type == "reverse":
        return facts.amount
    whole = hundredths(facts.line.line_amount.in_wallet_currency, "the line")
    return abs(whole - hundredths(tax.amount.in_wallet_currency, "the line's tax"))


def _original_currency(facts: Facts) -> str | None:
    paid = facts.item.amount.paid
    return None if paid is None else paid.currency


def _original_amount(facts: Facts) -> int | None:
    paid = facts.item.amount.paid
    return None if paid is None else abs(hundredths(paid, "amount.inSupplierCurrency"))


def _attendees(facts: Facts) -> int:
    return sum(bool(name) for name in facts.item.additional_information.attendees or ())


def _per_attendee(facts: Facts) -> Fraction | None:
    """Exact, so that no rounding decides; None where nobody attends."""
    from fractions import Fraction  # 0.5 ms that few rules need

    count = _attendees(facts)
    return Fraction(_item_amount(facts), count) if count else None


def _twice_per_attendee(facts: Facts) -> int | None:
    """The same as conditions compare it, see `predicates.folding`, in less time than fractions take."""
    count = _attendees(facts)
    if not count:
        return None
    whole, rest = divmod(_item_amount(facts), count)
    return 2 * whole + (rest > 0)


def _weekday(facts: Facts) -> str:
    return _weekday_of(facts.item.date[:10])


@lru_cache(maxsize=1024)
def _weekday_of(day: str) -> str:
    return WEEKDAYS[date.fromisoformat(day).weekday()]


def _tag(group: str) -> Callable[[Facts], Any]:
    return lambda facts: facts.tag(group)


#: How each field is read, in the order in which rows are filed by them.
_RAW: Final[dict[str, Callable[[Facts], Any]]] = {
    "supplier": lambda facts: (found := facts.item.supplier) and found.name,
    "supplierCode": lambda facts: (found := facts.item.supplier) and found.code,
    "vendor": lambda facts: (found := facts.item.vendor) and found.code,
    "user": lambda facts: (found := facts.item.user) and found.code,
    "account": lambda facts: facts.account,
    "mcc": lambda facts: (found := facts.item.supplier) and found.category_code,
    "note": lambda facts: facts.item.note,
    "team": lambda facts: (found := facts.item.team) and found.code,
    "taxCode": lambda facts: (found := facts.line.tax) and found.code,
    "country": lambda facts: (found := facts.item.supplier) and found.country,
    "vendorTaxNumber": lambda facts: (found := facts.item.vendor) and found.tax_registration_number,
    "taxType": lambda facts: (found := facts.line.tax) and found.type,
    "originalCurrency": _original_currency,
    "currency": lambda facts: facts.item.amount.in_wallet_currency.currency,
    "amount": lambda facts: facts.amount,
    "itemAmount": _item_amount,
    "netAmount": _net,
    "originalAmount": _original_amount,
    PER_ATTENDEE: _per_attendee,
    "attendees": _attendees,
    "files": lambda facts: len(facts.item.files or ()),
    WEEKDAY: _weekday,
    DATE: lambda facts: facts.item.date[:10],
}


#: What each line of an item has for itself, beside its tags.
_OF_LINE: Final = frozenset({"account", "taxCode", "taxType", "amount", "netAmount"})
#: Fields that cannot be read of every line that can be posted.
MAY_FAIL: Final = frozenset({"netAmount"})
_RANK: Final = {name: rank for rank, name in enumerate(_RAW)}
_TAG_RANK: Final = 3.5


def rank(field: str) -> float:
    """How telling a field is; the least is the most."""
    return _RANK.get(field, _TAG_RANK)


def is_of_line(field: str) -> bool:
    """Whether the lines of an item may differ in a field."""
    return field in _OF_LINE or tag_group(field) is not None


def reader(field: str) -> Callable[[Facts], Any]:
    """How the value of a field is read, as it was sent; None where there is none."""
    group = tag_group(field)
    return _RAW[field] if group is None else _tag(group)


def compared(field: str) -> Callable[[Facts], int | None]:
    """How the value of a field of numbers is read, as conditions compare it."""
    return _twice_per_attendee if field == PER_ATTENDEE else _RAW[field]
