"""Cells of systems that know more types than text."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final
from uuid import UUID

from pleoctl.model.kinds import KINDS

#: The day that is the end of time, and stands for none.
ENDLESS: Final = "9999-12-31"
#: Days that systems write where there is no end: their ends of time, and their zeros (of .NET, MySQL, SQL Server and
#: Navision, OLE and spreadsheets, SQL Server's 0 and Dynamics, Unix). As an end they would archive what is in use.
NO_END: Final = frozenset(
    {ENDLESS, "0001-01-01", "0000-00-00", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01"}
)


def settle(cells: dict[str, Any]) -> None:
    """Empty cells are null where a record's field may be null (code, tax code …); texts that stay here are absent."""
    values = cells.values()
    if all(values) or ("" not in values and None not in values):
        return
    nullable, local = _names(tuple(KINDS))
    for name in [name for name, value in cells.items() if value is None or value == ""]:
        if name in local and (name not in nullable or cells[name] is None):
            del cells[name]
        elif name in nullable:
            cells[name] = None


@cache
def _names(kinds: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that may be null, and those that never go to Pleo, of all kinds."""
    known = [KINDS[kind] for kind in kinds]
    local = frozenset(name for kind in known for name in kind.locals)
    return frozenset(name for kind in known for name in kind.nullable), local


def as_text(value: Any) -> Any:
    """A number, a date or a UUID as people write account numbers, days and ids; anything else as it is.

    Numbers that nobody writes, infinity and what is none, are no texts.
    """
    if isinstance(value, bool) or (isinstance(value, float | Decimal) and not math.isfinite(value)):
        return value
    if isinstance(value, float | Decimal) and value == value.__trunc__():
        return str(int(value))
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
