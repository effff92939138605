"""When a list is taken for one without an end: a server may give ever new cursors."""

from __future__ import annotations

from typing import Final

# Of one list: more of them take all memory before anybody sees that there is no end.
MAX_ROWS: Final = 500_000
# As many at 100 a page.
MAX_PAGES: Final = 5000
# A list whose pages are nearly empty is given up much sooner.
MAX_THIN_PAGES: Final = 1000
_THIN: Final = 10


def endless(pages: int, rows: int) -> bool:
    """Whether so many pages with so many rows in all, and yet another one to come, are no honest list."""
    return pages >= MAX_PAGES or rows >= MAX_ROWS or (pages >= MAX_THIN_PAGES and rows < pages * _THIN)
