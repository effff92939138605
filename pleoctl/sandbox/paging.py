"""Pages: what a client asks for, and the page it gets.

Published: the parameters, that the two cursors and ``offset`` exclude each other, the pattern of a cursor,
and ``pagination``. Assumed: the default and largest page size, the sorting keys, and that a cursor of another
list is refused. A cursor holds the sort values of a row, so rows that come or go never shift the pages after
it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.errors import ApiError, Record
from pleoctl.sandbox.store import Filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.sandbox.settings import Settings
    from pleoctl.sandbox.store import Store, Table

CURSOR: Final = re.compile(r"[A-Z2-7=~]+")
# Any text that keeps to the published pattern is a cursor; hexadecimal digits spelt as letters take no time to make.
_LETTERS: Final = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")
_DIGITS: Final = str.maketrans("ABCDEFGHIJKLMNOP0123456789", "0123456789abcdef----------")
Query = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One SQL expression of the order, how to read its value from a row, and its direction."""

    expression: str
    column: str
    asks_null: bool
    descending: bool

    def value(self, row: Mapping[str, Any]) -> Any:
        """What the expression is for a row."""
        value = row[self.column]
        if self.column == "seq":
            return value
        return int(value is None) if self.asks_null else value or ""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which order; ``cursor`` is the decoded ``after`` or ``before``."""

    limit: int
    offset: int
    cursor: list[Any] | None
    backwards: bool
    keys: tuple[SortKey, ...]
    tag: str
    query: Query


def read_page_request(query: Query, settings: Settings, sortable: Sequence[str], tag: str) -> PageRequest:
    """The page that query parameters ask for; ``tag`` names the list that its cursors belong to.

    Raises the 400 when parameters exclude each other, when the limit is too large, or when a cursor is not
    one of this list.
    """
    given = [name for name in ("before", "after", "offset") if name in query]
    if len(given) > 1:
        raise _refused(f"{given[0]} and {given[1]} exclude each other")
    keys = _sort_keys(query, sortable)
    backwards = "before" in query
    text = next((query[name][0] for name in ("after", "before") if name in query), None)
    return PageRequest(
        limit=_limit(query, settings),
        offset=int(query["offset"][0]) if "offset" in query else 0,
        cursor=None if text is None else _decoded(text, tag, len(keys), given[0]),
        backwards=backwards,
        keys=keys,
        tag=tag,
        query=query,
    )


def fetch_page(
    store: Store, table: Table, where: Filter, page: PageRequest, settings: Settings
) -> tuple[list[Record], Record]:
    """The rows of a page, and its ``pagination``."""
    chosen = Filter([*where.clauses], [*where.values])
    if page.cursor is not None:
        _beyond(chosen, page)
    order = ", ".join(f"{k.expression} {_direction(k, page.backwards)}" for k in page.keys)
    found = store.select(table, chosen, order, page.limit + 1, page.offset)
    more, rows = len(found) > page.limit, found[: page.limit]
    if page.backwards:
        rows.reverse()
    return rows, _page_info(rows, page, more, store.count(table, where) if settings.totals else None)


def empty_cursor(tag: str) -> str:
    """The cursor that stands before the first row of a list."""
    return _encoded(tag, None)


def _cursor_at(page: PageRequest, row: Mapping[str, Any]) -> str:
    return _encoded(page.tag, [key.value(row) for key in page.keys])


def _encoded(tag: str, values: list[Any] | None) -> str:
    text = json.dumps([tag, values], ensure_ascii=False, separators=(",", ":"))
    return text.encode().hex().translate(_LETTERS)


def _page_info(rows: list[Record], page: PageRequest, more: bool, total: int | None) -> Record:
    moved = page.cursor is not None or page.offset > 0
    info: Record = {
        "hasNextPage": True if page.backwards else more,
        "hasPreviousPage": more if page.backwards else moved,
        "currentRequestPagination": _current(page),
    }
    if rows:
        info |= {"startCursor": _cursor_at(page, rows[0]), "endCursor": _cursor_at(page, rows[-1])}
    return info if total is None else info | {"total": total}


def _current(page: PageRequest) -> Record:
    query = page.query
    current: Record = {"parameters": query, "limit": page.limit}
    current |= {name: query[name][0] for name in ("after", "before") if name in query}
    if "offset" in query:
        current["offset"] = page.offset
    if "sorting_keys" in query:
        current["sortingKeys"] = query["sorting_keys"]
        current["sortingOrder"] = query.get("sorting_order", ["ASC"] * len(query["sorting_keys"]))
    return current


def _limit(query: Query, settings: Settings) -> int:
    if "limit" not in query:
        return min(settings.default_page_size, settings.max_page_size or settings.default_page_size)
    limit = int(query["limit"][0])
    if settings.max_page_size is None or limit <= settings.max_page_size:
        return limit
    if settings.over_limit == "error":
        raise ApiError(400, "PARAMETER_VALIDATION_FAILED", f"limit: at most {settings.max_page_size}")
    return settings.max_page_size


def _sort_keys(query: Query, sortable: Sequence[str]) -> tuple[SortKey, ...]:
    names = query.get("sorting_keys", [])
    orders = query.get("sorting_order", ["ASC"] * len(names))
    if len(orders) != len(names):
        raise _refused("sorting_order: one entry per sorting key")
    unknown = next((name for name in names if name not in sortable), None)
    if unknown is not None:
        raise ApiError(
            400, "PARAMETER_VALIDATION_FAILED", f"sorting_keys: {unknown} is not one of {', '.join(sortable)}"
        )
    pairs = [key for name, order in zip(names, orders, strict=True) for key in _pair(name, order)]
    return (*pairs, SortKey("seq", "seq", asks_null=False, descending=False))


def _pair(name: str, order: str) -> tuple[SortKey, SortKey]:
    """A column sorts by whether it is null, then by its value: nulls come last in ASC and first in DESC."""
    descending = order.startswith("DESC")
    nulls_first = order.endswith("FIRST") or (descending and not order.endswith("LAST"))
    return (
        SortKey(f"({name} IS NULL)", name, asks_null=True, descending=nulls_first),
        SortKey(f"IFNULL({name}, '')", name, asks_null=False, descending=descending),
    )


def _direction(key: SortKey, backwards: bool) -> str:
    return "DESC" if key.descending != backwards else "ASC"


def _beyond(where: Filter, page: PageRequest) -> None:
    """Keep the rows beyond the cursor: equal in the first keys, and beyond it in the next one."""
    parts, values = [], []
    cursor = page.cursor or []
    for n, key in enumerate(page.keys):
        sign = "<" if key.descending != page.backwards else ">"
        equal = [f"{k.expression} = ?" for k in page.keys[:n]]
        parts.append(f"({' AND '.join([*equal, f'{key.expression} {sign} ?'])})")
        values.extend(cursor[: n + 1])
    where.where(f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0], *values)


def _decoded(text: str, tag: str, length: int, name: str) -> list[Any] | None:
    try:
        found, values = json.loads(bytes.fromhex(text.translate(_DIGITS))) if CURSOR.fullmatch(text) else (None, None)
    except (ValueError, TypeError):
        found, values = None, None
    if found != tag or (values is not None and len(values) != length):
        raise _refused(f"{name}: not a cursor of this list")
    return None if values is None else list(values)


def _refused(message: str) -> ApiError:
    return ApiError(400, "PARAMETER_VALIDATION_FAILED", message, violation=True)
