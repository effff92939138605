"""What is known of one item while it is mapped, and what can be read of the item itself (I, D9)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.entries import OriginalOf
from pleoctl.mapping.failures import look
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from pleoctl.mapping.engine.record import Recorder
    from pleoctl.mapping.engine.share import Share
    from pleoctl.mapping.items import Item
    from pleoctl.mapping.rules.model import Leg, TypeRow, VendorRow
    from pleoctl.mapping.rules.template import Template
    from pleoctl.mapping.vocabulary import Cell, Side

_CURRENCY: Final = re.compile("[A-Z]{3}")


class Work(msgspec.Struct, gc=False):
    """One item on its way: ``amount`` and ``values`` (one for each line) are signed hundredths of ``currency``.

    ``template``: what a line row has set for the description. ``employee``: the vendor that stands for the employee,
    where a side uses its account; ``vendor`` is never that one, so that no role depends on another. ``shares`` are what
    the lines put on the expense side, ``legs`` the entries to be made, each with the side on which they stand, if any.
    ``warnings`` are of the item, ``of_lines`` those of its lines, which come behind them.
    """

    item: Item
    recorder: Recorder
    currency: str | None = None
    description: str = ""
    posting_date: str | None = None
    method: str | None = None
    cell: Cell | None = None
    row: TypeRow | None = None
    vendor: VendorRow | None = None
    employee: VendorRow | None = None
    template: Template | None = None
    original: OriginalOf | None = None
    amount: int = 0
    values: list[int] = []  # msgspec copies an empty default for each item
    warnings: list[str] = []
    of_lines: list[str] = []
    shares: list[Share] = []
    legs: list[tuple[Leg, Side | None]] = []

    def read(self) -> None:
        """Take over date, currency and amounts. Raises `ItemFailure` for what cannot be posted."""
        item = self.item
        self.posting_date = _day(item.date)
        total = item.amount.in_wallet_currency
        if not is_currency(total.currency):
            raise look(f"amount: {total.currency[:20]!r} is no currency to post in")
        self.currency = total.currency
        self.amount = hundredths(total, "amount")
        paid = item.amount.paid
        if paid is not None:
            self.original = OriginalOf(paid.currency, hundredths(paid, "amount.inSupplierCurrency"))
        if not item.accounting_entry_lines:
            raise look("accountingEntryLines: the item has no lines")
        for number, line in enumerate(item.accounting_entry_lines, 1):
            money = line.line_amount.in_wallet_currency
            if money.currency != self.currency:
                raise look(f"line {number} is in {money.currency[:20]}, the item in {self.currency}")
            self.values.append(hundredths(money, "line %d", number))


@lru_cache(maxsize=256)
def is_currency(text: str) -> bool:
    """Whether entries can be posted in it: three capital letters."""
    return _CURRENCY.fullmatch(text) is not None


def _day(text: str) -> str:
    day = text[:10]
    if not is_day(day):
        raise look(f"date: {text[:40]!r} does not start with a day")
    return day
