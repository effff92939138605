"""Lists inside records, which rows may come from, and what stands beside such a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding
from pleoctl.sources.http.annotations import announced, pages_announced, word_of
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a record, whose own names may be anything, says something about a list that it holds.
_ABOUT: Final = frozenset({"links", "_links", "link", "paging", "pagination", "pageinfo", "meta", "_meta", "page"})


def held(value: Any, rows: list[dict[str, Any]], *, record: bool) -> Iterator[tuple[dict[str, Any], int]]:
    """What is said of each list inside a record that has some of these rows, and how many it has in all.

    An object that wraps the list (``{"items": […], "total": 5}``) speaks of nothing else; of a record that has it
    itself, some parts do. ``record``: ``value`` is one itself, and else an answer, whose own lists are none of these.
    """
    known = {id(row) for row in rows}
    left: list[tuple[Any, bool, bool]] = [(value, record, False)]
    while left:
        part, inside, wraps = left.pop()
        if isinstance(part, list):
            left += [(one, True, False) for one in part if isinstance(one, dict | list)]
        for one in part.values() if isinstance(part, dict) else ():
            if isinstance(one, dict):
                left.append((one, inside, inside))
            elif isinstance(one, list) and any(id(row) in known for row in one):
                if inside:
                    yield part if wraps else _about(part), len(one)
            elif isinstance(one, list):
                left.append((one, inside, False))


def _about(record: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in record.items() if word_of(name) in _ABOUT}


def announced_inside(about: dict[str, Any], number: int) -> tuple[str, int] | None:
    """The name and the larger number of rows, or the number of pages, that are said of a list of so many rows."""
    said = announced(about)
    return said if said is not None and said[1] > number else pages_announced(about)


def told_of_inner(label: str, number: int, name: str, said: int) -> Finding:
    """The warning for rows of a list inside a record, beside which something says that it has more."""
    words = f"of which one has {many(number, 'row')}, and beside it {name!r} says {said}"
    hint = "if that counts its rows or pages, read the list by a request of its own; if not, name it"
    return Finding(
        "full-page", f"{label} are in lists inside records, {words}", "warning", hint=f"{hint}: optional: [{name!r}]"
    )
