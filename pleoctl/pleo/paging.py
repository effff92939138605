"""Cursor paging that proves it read everything (law 1).

A list is complete when every page came, each cursor was new, no id came twice, the totals agree with each other and
with what was read, and the last page said ``hasNextPage: false``. A page shorter than asked for proves nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from pleoctl.errors import PleoError
from pleoctl.remote.errors import ApiError
from pleoctl.remote.pages import endless
from pleoctl.words import many, short_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from msgspec.json import Decoder

    from pleoctl.remote.transport import Transport

T = TypeVar("T")
PAGE_SIZE: Final = 100
PASSES: Final = 2
MAX_EMPTY: Final = 5
_BAD_REQUEST: Final = 400


class Page(msgspec.Struct, Generic[T]):
    """A page whose rows have the contract's shape."""

    data: list[T]
    pagination: dict[str, Any]


class _Incomplete(Exception):
    """A pass that does not prove completeness."""


class Listing(msgspec.Struct, frozen=True):
    """Which list is read: the operation, what goes into its query and body, the scope that it needs.

    ``shape`` is a `Page` of rows that are decoded at once.
    """

    method: str
    path: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    body: Any = None
    scope: str = ""
    shape: Decoder[Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_pages(
    transport: Transport,
    listing: Listing,
    convert: Callable[[dict[str, Any]], Any],
    whole: Callable[[list[Any]], list[Any] | None] = lambda _: None,
) -> list[Any]:
    """All rows of a paged list, each put through ``convert`` (which must give an object with ``id``).

    ``whole`` may give the same of all rows of a page at once, None where one of them needs a closer look. A pass that
    contradicts itself is repeated once, since the list may have changed underway. Raises `PleoError`.
    """
    problem = ""
    for _ in range(PASSES):
        reading = _Pass(transport, listing, lambda rows: whole(rows) or map(_each(convert), rows))
        try:
            return reading.read()
        except _Incomplete as error:
            transport.repeated(reading.requests)
            problem = str(error)
    raise PleoError(
        f"{listing} was not read completely: {problem}",
        hint="nothing was changed; run again, and report it to Pleo if it stays",
    )


def _each(convert: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    def converted(row: Any) -> Any:
        if isinstance(row, msgspec.Struct):
            return convert(msgspec.to_builtins(row))
        if not isinstance(row, dict):
            raise _Incomplete("a row is not an object")
        return convert(row)

    return converted


class _Pass:
    def __init__(self, transport: Transport, listing: Listing, convert: Callable[[list[Any]], Iterable[Any]]) -> None:
        self._transport, self._listing, self._convert = transport, listing, convert
        self.requests = 0
        self._limit: int | None = PAGE_SIZE
        self._rows: dict[str, Any] = {}
        self._total: int | None = None

    def read(self) -> list[Any]:
        cursor: str | None = None
        seen: set[str] = set()
        empty = 0
        while True:
            rows, page = self._page(cursor)
            self._keep(rows)
            self._check_total(page.get("total"))
            if page.get("hasNextPage") is False:
                break
            if page.get("hasNextPage") is not True:
                raise _Incomplete("a page does not say whether more follow")
            cursor = page.get("endCursor")
            if not isinstance(cursor, str) or not cursor or cursor in seen:
                raise _Incomplete("the cursor does not move on")
            seen.add(cursor)
            self._refuse_endless(len(seen))
            empty = 0 if rows else empty + 1
            if empty > MAX_EMPTY:
                raise _Incomplete("page after page is empty")
        if self._total is not None and self._total != len(self._rows):
            raise _Incomplete(short_of(len(self._rows), self._total))
        return list(self._rows.values())

    def _refuse_endless(self, pages: int) -> None:
        if endless(pages, len(self._rows)):
            raise PleoError(
                f"{self._listing} was not read completely: {pages} pages came with {many(len(self._rows), 'row')}, "
                "and each says that more follow",
                hint="nothing was changed; report it to Pleo if it stays",
            )

    def _page(self, cursor: str | None) -> tuple[list[Any], dict[str, Any]]:
        listing = self._listing
        params = dict(listing.params)
        if self._limit is not None:
            params["limit"] = self._limit
        if cursor is not None:
            params["after"] = cursor
        request: dict[str, Any] = {"params": params}
        if listing.body is not None:
            request["json"] = listing.body
        self.requests += 1
        try:
            answer = self._transport.read(
                listing.method, listing.path, scope=listing.scope, shape=listing.shape, **request
            ).body
        except ApiError as error:
            # The largest page is not published: where 100 is refused, Pleo chooses (once, on the first page).
            if error.status != _BAD_REQUEST or self._limit is None or cursor is not None:
                raise
            self._limit = None
            return self._page(cursor)
        if isinstance(answer, Page):
            return answer.data, answer.pagination
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            raise _Incomplete("a page has no list of data")
        page = answer.get("pagination")
        if not isinstance(page, dict):
            raise _Incomplete("a page has no pagination")
        return answer["data"], page

    def _keep(self, rows: list[Any]) -> None:
        records = list(self._convert(rows))
        # Ids are UUIDs, which case does not tell apart: of two one would look like a duplicate to be archived.
        names = [record.id.lower() for record in records]
        if len(set(names)) < len(names) or not self._rows.keys().isdisjoint(names):
            twice = Counter([*self._rows, *names])
            record = next(one for one, name in zip(records, names, strict=True) if twice[name] > 1)
            raise _Incomplete(f"record {record.id} came twice")
        self._rows |= zip(names, records, strict=True)

    def _check_total(self, total: Any) -> None:
        if total is None:
            return
        if not isinstance(total, int) or isinstance(total, bool):
            raise _Incomplete("the total is not a number")
        if self._total is not None and total != self._total:
            raise _Incomplete(f"the total moved from {self._total} to {total}")
        self._total = total
