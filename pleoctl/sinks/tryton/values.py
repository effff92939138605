"""Values as Tryton's JSON writes them: dates, decimals and bytes are objects with their class."""

from __future__ import annotations

import base64
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pleoctl.sinks.base import HUNDREDTHS, BooksUnusable


def day_of(value: Any) -> str | None:
    """An ISO date; None where there is none. Raises `BooksUnusable`."""
    if value is None:
        return None
    try:
        return date(value["year"], value["month"], value["day"]).isoformat()
    except (TypeError, KeyError, ValueError) as error:
        raise BooksUnusable(f"Tryton gives {value!r} for a date") from error


def to_day(day: str) -> dict[str, Any]:
    """The other way round."""
    found = date.fromisoformat(day)
    return {"__class__": "date", "year": found.year, "month": found.month, "day": found.day}


def hundredths_of(value: Any) -> int:
    """Hundredths of a decimal; none is zero. Raises `BooksUnusable` for anything finer."""
    text = value.get("decimal") if isinstance(value, dict) else value
    try:
        amount = Decimal(str(text or 0)) * HUNDREDTHS
        if amount == amount.to_integral_value():
            return int(amount)
    except InvalidOperation:
        pass
    raise BooksUnusable(f"Tryton gives {text!r} for an amount")


def to_decimal(hundredths: int) -> dict[str, str]:
    """The other way round."""
    whole, rest = divmod(hundredths, HUNDREDTHS)
    return {"__class__": "Decimal", "decimal": f"{whole}.{rest:02d}"}


def to_bytes(content: bytes) -> dict[str, str]:
    """The content of a file."""
    return {"__class__": "bytes", "base64": base64.b64encode(content).decode()}
