"""Days as pleoctl's own files have them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=4096)
def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar as ISO writes it, ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
