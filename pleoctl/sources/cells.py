"""Cells of systems that know more types than text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

#: Days that accounting systems write where there is no end.
NO_END: Final = ("0001-01-01", "9999-12-31")


def settle(cells: dict[str, Any]) -> None:
    """Empty cells mean what they mean in a csv: a null code or tax code, no currency, no expiry."""
    for name in ("code", "taxCodeExternalId"):
        if cells.get(name) == "":
            cells[name] = None
    for name in ("currency", "expires"):
        if name in cells and cells[name] in (None, ""):
            del cells[name]


def as_text(value: Any) -> Any:
    """A number or a date as people write account numbers and days; anything else as it is."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal) and value == value.__trunc__():
        return str(int(value))
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value
