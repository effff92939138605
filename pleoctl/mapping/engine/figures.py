"""The amounts of an item that are in order, so that postings can be told apart from what they amount to.

Three for each line: the whole of it, its tax, and the line without its tax. All are hundredths without sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.mapping.engine.amounts import MAX_AMOUNT

if TYPE_CHECKING:
    from pleoctl.mapping.items import Item

#: The figures of a line, by the three names below.
Figures = tuple[int, int, int]
GROSS: Final = 0
TAX: Final = 1
NET: Final = 2


def figures_of(item: Item) -> list[Figures] | None:
    """The figures of the lines of an item whose amounts are in order, as almost all are; None for any other.

    In order: whole numbers that can be posted, in one currency, lines and taxes of the sign of the whole, none of the
    lines zero, lines that add up, no tax larger than its line.
    """
    money = item.amount.in_wallet_currency
    whole, currency = money.value, money.currency
    if type(whole) is not int or not whole or not -MAX_AMOUNT < whole < MAX_AMOUNT:
        return None
    negative = whole < 0
    rest = -whole if negative else whole
    made: list[Figures] = []
    for line in item.accounting_entry_lines:
        money, taxed = line.line_amount.in_wallet_currency, line.tax
        value = money.value
        if type(value) is not int or money.currency != currency:
            return None
        value, part = -value if negative else value, 0
        if taxed is not None:
            money = taxed.amount.in_wallet_currency
            sent = money.value
            if type(sent) is not int or money.currency != currency:
                return None
            part = -sent if negative else sent
        if not 0 <= part <= value or not value:
            return None
        rest -= value
        made.append((value, part, value - part))
    return None if rest else made
