"""Which of several live records with one code is kept (T44-T49 for tags, T31 for groups)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.records import Live, Row


def keep_tag(row: Row, found: list[Live], usage: Callable[[], dict[str, int]]) -> Live:
    """The one that carries the current name, if it is one; else active, more used, older, smaller id (T44-T48).

    Among several that carry the name, or among all where none does, the same fixed order decides. ``usage`` is asked
    only where name and state leave more than one.
    """
    named = [r for r in found if r.fields.get("name") == row.fields.get("name")]
    candidates = named or found
    candidates = [r for r in candidates if not r.archived] or candidates
    if len(candidates) == 1:
        return candidates[0]
    used = usage()
    return min(candidates, key=lambda r: (-used.get(r.id, 0), moment(r.created), r.id))


def keep_group(_row: Row, found: list[Live]) -> Live:
    """Active before archived, then more tags, then older, then smaller id (T31)."""
    return min(found, key=lambda r: (r.archived, -_tags(r), moment(r.created), r.id))


def moment(created: str) -> tuple[float, str]:
    """``createdAt`` as a sortable moment: Pleo writes it with and without fractions of a second."""
    try:
        return datetime.fromisoformat(created).timestamp(), created
    except (ValueError, OverflowError):
        return float("inf"), created


def _tags(record: Live) -> int:
    count = (record.raw or {}).get("totalTagsCount")
    return count if isinstance(count, int) else 0
