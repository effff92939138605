"""Amounts as integers of hundredths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.failures import look

if TYPE_CHECKING:
    from pleoctl.mapping.items import Money

MAX_AMOUNT: Final = 2**53


def hundredths(money: Money, label: str, *args: Any) -> int:
    """The amount as an integer of hundredths. Raises `ItemFailure` for a value that is not integral (D9)."""
    value = money.value
    if type(value) is int and -MAX_AMOUNT < value < MAX_AMOUNT:
        return value
    if type(value) is not int:
        if not float(value).is_integer():
            raise look(f"{label % args if args else label}: {value} is not a whole number of hundredths")
        value = int(value)
    if not -MAX_AMOUNT < value < MAX_AMOUNT:
        raise look(f"{label % args if args else label}: the amount is too large; it must be less than 2^53 hundredths")
    return value
