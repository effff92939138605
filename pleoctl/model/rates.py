"""Rates of tax as exact decimals: one spelling for each, whichever the books and Pleo use."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_DECIMAL: Final = r"[0-9]{1,9}(\.[0-9]{1,30})?"
_compiled: Final = cache(re.compile)  # not at the import, which `plan --help` waits for


def spelt(text: str) -> str:
    """The shortest spelling of a decimal (``0.250`` is ``0.25``); anything else stays as it is."""
    if _compiled(_DECIMAL).fullmatch(text) is None:
        return text
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    return f"{whole.lstrip('0') or '0'}.{part}" if part else whole.lstrip("0") or "0"


def of_number(number: float) -> str:
    """The decimal that a JSON number was written as: the shortest that reads back as the same number."""
    from decimal import Decimal  # few companies have rates, and `plan --help` waits for imports

    return spelt(format(Decimal(repr(number)), "f"))


def of_percent(text: str) -> str:
    """The fraction of a percentage (``25`` is ``0.25``); anything else stays as it is."""
    if _compiled(_DECIMAL).fullmatch(text) is None:
        return text
    from decimal import Decimal

    return spelt(format(Decimal(text).scaleb(-2), "f"))
