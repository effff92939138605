"""Amounts as decimals: integers divided by a power of ten, never by floating point (D9)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.mapping.rules.model import Rules


@cache
def ends_of(divisor: int) -> tuple[str, ...]:
    """What stands behind the whole units, by the rest: ``.00`` to ``.99`` for 100, nothing for 1."""
    digits = len(str(divisor)) - 1
    return tuple([f".{rest:0{digits}d}" for rest in range(divisor)]) if digits else ("",)


def decimal(hundredths: int, divisor: int) -> str:
    """``8830`` over 100 is ``88.30``; the sign stays in front."""
    whole, rest = divmod(abs(hundredths), divisor)
    return f"{'-' if hundredths < 0 else ''}{whole}{ends_of(divisor)[rest]}"


def units_of(rules: Rules) -> Callable[[str], tuple[int, tuple[str, ...]]]:
    """What rules divide amounts of a currency by, and `ends_of` that."""

    def unit(currency: str) -> tuple[int, tuple[str, ...]]:
        divisor = rules.divisor(currency)
        return divisor, ends_of(divisor)

    return unit
