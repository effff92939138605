"""Amounts as decimals: integers divided by a power of ten, never by floating point (D9)."""

from __future__ import annotations


def decimal(hundredths: int, divisor: int) -> str:
    """``8830`` over 100 is ``88.30``; the sign stays in front."""
    if divisor == 1:
        return str(hundredths)
    whole, rest = divmod(abs(hundredths), divisor)
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{whole}.{rest:0{len(str(divisor)) - 1}d}"
