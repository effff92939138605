"""Rows that the section itself lists, for dimensions that the accounting system has no list of."""

from __future__ import annotations

from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sources.base import FIELDS, REQUIRED
from pleoctl.text import did_you_mean


def literal_rows(name: str, given: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows that the section itself lists, checked. Raises `SourceError`."""
    for number, cells in enumerate(given):
        key = Setting("source", name, "rows", number)
        for field in cells:
            if field not in FIELDS[name]:
                raise SourceError(
                    f"{key}: unknown field {field!r}", hint=did_you_mean(field, sorted(FIELDS[name])), setting=key
                )
        missing = [field for field in REQUIRED[name] if not cells.get(field)]
        if missing:
            raise SourceError(f"{key} lacks {', '.join(missing)}", setting=key)
    return given
