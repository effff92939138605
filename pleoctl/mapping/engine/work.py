"""What is known of one item while it is mapped, and the checks of the item itself (I, N4, N6, D9, T41)."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.failures import invalid
from pleoctl.mapping.vocabulary import INVERTED, Cell

if TYPE_CHECKING:
    from pleoctl.mapping.items import Item, Money
    from pleoctl.mapping.rules.model import TypeRow, VendorRow

MAX_AMOUNT: Final = 2**53
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY: Final = re.compile("[A-Z]{3}")


class Work:
    """One item on its way: ``amount`` and ``values`` (one for each line) are signed hundredths of ``currency``."""

    __slots__ = (
        "amount", "branch", "cell", "currency", "description", "item", "method", "posting_date", "row", "values",
        "vendor", "warnings",
    )  # fmt: skip

    def __init__(self, item: Item) -> None:
        self.item = item
        self.currency: str | None = None
        self.description = ""
        self.posting_date: str | None = None
        self.method: str | None = None
        self.cell: Cell | None = None
        self.row: TypeRow | None = None
        self.vendor: VendorRow | None = None
        self.branch: str = ""
        self.warnings: list[str] = []
        self.amount = 0
        self.values: list[int] = []

    def read(self) -> None:
        """Take over date, currency and amounts. Raises `ItemFailure` for what cannot be posted."""
        item = self.item
        self.posting_date = _day(item.date)
        total = item.amount.in_wallet_currency
        if not is_currency(total.currency):
            raise invalid(f"amount: {total.currency[:20]!r} is no currency to post in")
        self.currency = total.currency
        self.amount = hundredths(total, "amount")
        if not item.accounting_entry_lines:
            raise invalid("accountingEntryLines: the item has no lines")
        self.values = [self._line(index) for index in range(len(item.accounting_entry_lines))]

    def _line(self, index: int) -> int:
        line = self.item.accounting_entry_lines[index]
        money = line.line_amount.in_wallet_currency
        if money.currency != self.currency:
            raise invalid(f"line {index + 1} is in {money.currency[:20]}, the item in {self.currency}")
        return hundredths(money, "line %d", index + 1)

    def check_amounts(self) -> None:
        """The lines must add up and point one way. Raises `ItemFailure` (N4, N6, T41)."""
        values = self.values
        if sum(values) != self.amount:
            raise invalid(f"the lines add up to {sum(values)}, the item's amount is {self.amount}")
        if self.amount == 0 and not any(values):
            raise invalid("the item's amount is zero")
        if min(values) < 0:
            if max(values) > 0:
                raise invalid("the lines do not share one sign")
            if (self.item.type, self.item.sub_type) not in INVERTED:
                raise invalid(f"a negative amount contradicts the direction of {self.item.type}")


def hundredths(money: Money, label: str, *args: Any) -> int:
    """The amount as an integer of hundredths. Raises `ItemFailure` for a value that is not integral (D9)."""
    value = money.value
    if type(value) is int and -MAX_AMOUNT < value < MAX_AMOUNT:
        return value
    if type(value) is not int:
        if not float(value).is_integer():
            raise invalid(f"{label % args if args else label}: {value} is not a whole number of hundredths")
        value = int(value)
    if not -MAX_AMOUNT < value < MAX_AMOUNT:
        raise invalid(f"{label % args if args else label}: the amount is out of range")
    return value


@lru_cache(maxsize=256)
def is_currency(text: str) -> bool:
    """Whether entries can be posted in it: three capital letters."""
    return _CURRENCY.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _known_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _day(text: str) -> str:
    day = text[:10]
    if not _known_day(day):
        raise invalid(f"date: {text[:40]!r} does not start with a day")
    return day
