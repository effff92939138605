"""Amounts as decimals: integers divided by a power of ten, never by floating point (D9)."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = {10**digits: digits for digits in range(1, 5)}  # the divisors that the schema knows


def decimal(hundredths: int, divisor: int) -> str:
    """``8830`` over 100 is ``88.30``; the sign stays in front."""
    if divisor == 1:
        return str(hundredths)
    digits = _DIGITS[divisor]
    if hundredths >= divisor:
        text = str(hundredths)
        return f"{text[:-digits]}.{text[-digits:]}"
    text = str(abs(hundredths)).rjust(digits + 1, "0")
    return f"{'-' if hundredths < 0 else ''}{text[:-digits]}.{text[-digits:]}"
