"""The amounts that postings are made of, by number, so that postings can be told apart from what they amount to.

The first figure is the item's amount; three follow for each of its lines: the whole of the line, its tax, and the line
without its tax. All are hundredths without sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.mapping.engine.amounts import MAX_AMOUNT

if TYPE_CHECKING:
    from pleoctl.mapping.items import Item

TOTAL: Final = 0
#: How many figures a line has.
A_LINE: Final = 3


def gross(line: int) -> int:
    """The number of the figure that is the whole of a line, which counts from 0."""
    return 1 + A_LINE * line


def tax(line: int) -> int:
    """The number of the figure that is the tax of a line."""
    return 2 + A_LINE * line


def base(line: int) -> int:
    """The number of the figure that is a line without its tax."""
    return 3 + A_LINE * line


def line_of(figure: int) -> int | None:
    """The line that a figure is of, None for the item's amount."""
    return None if figure == TOTAL else (figure - 1) // A_LINE


def figures_of(item: Item) -> list[int] | None:
    """The figures of an item whose amounts are in order, as almost all are; None for any other.

    In order: whole numbers that can be posted, in one currency, lines and taxes of the sign of the whole, none of the
    lines zero, lines that add up, no tax larger than its line.
    """
    money = item.amount.in_wallet_currency
    whole, currency = money.value, money.currency
    if type(whole) is not int or not whole or not -MAX_AMOUNT < whole < MAX_AMOUNT:
        return None
    negative = whole < 0
    rest = -whole if negative else whole
    made = [rest]
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
        made += (value, part, value - part)
    return None if rest else made
