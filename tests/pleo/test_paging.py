"""A list is complete or an error: every lie that pages can tell, and what is no lie."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from clocks import FakeTime
from pleoctl.errors import PleoError
from pleoctl.pleo.paging import Listing, read_pages
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport

if TYPE_CHECKING:
    from requests_mock import Mocker

    from shapes import Json, Value

URL = "https://external.pleo.io"


def page(*ids: str, cursor: str | None = None, **pagination: Value) -> Json:
    """One page; with a cursor it is not the last."""
    more = {"hasNextPage": cursor is not None} | ({"endCursor": cursor} if cursor else {}) | pagination
    return {"data": [{"id": i} for i in ids], "pagination": more}


def read(requests_mock: Mocker, *answers: Json | list[Value] | None, status: int = 200) -> list[str]:
    """The ids that reading these answers gives."""
    requests_mock.get(f"{URL}/x", [{"json": answer, "status_code": status} for answer in answers])
    http = Transport(Service(URL, "Pleo", failure=PleoError), None, Budget(None, machine=FakeTime()))
    return [r.id for r in read_pages(http, Listing("GET", "/x"), lambda raw: SimpleNamespace(id=raw["id"]))]


def test_all_pages_come_in_order(requests_mock: Mocker) -> None:
    """Pages are followed by their cursors, 100 rows each, until one says that it is the last."""
    answers = page("a", "b", cursor="C1", total=3), page("c", total=3)
    assert read(requests_mock, *answers) == ["a", "b", "c"]
    queries = [request.qs for request in requests_mock.request_history]
    assert queries == [{"limit": ["100"]}, {"limit": ["100"], "after": ["c1"]}]


def test_a_short_page_is_not_the_end(requests_mock: Mocker) -> None:
    """Neither a short nor an empty page ends a list; only the word of the server does."""
    answers = page("a", cursor="C1"), page(cursor="C2"), page("b", cursor="C3"), page()
    assert read(requests_mock, *answers) == ["a", "b"]


def test_the_total_may_be_left_out(requests_mock: Mocker) -> None:
    """A total is optional; null is none."""
    assert read(requests_mock, page("a", cursor="C1", total=None), page("b", total=2)) == ["a", "b"]


LIES: dict[str, list[Value]] = {
    "total too large": [page("a", total=2)],
    "total too small": [page("a", "b", total=1)],
    "total moves": [page("a", cursor="C1", total=2), page("b", total=3)],
    "total is text": [page("a", total="1")],
    "total is true": [page("a", total=True)],
    "no word about more": [{"data": [], "pagination": {}}],
    "more is text": [{"data": [], "pagination": {"hasNextPage": "false"}}],
    "no cursor": [page("a", hasNextPage=True)],
    "empty cursor": [page("a", hasNextPage=True, endCursor="")],
    "cursor is a number": [page("a", hasNextPage=True, endCursor=7)],
    "stalled cursor": [page("a", cursor="C1"), page("b", cursor="C1")],
    "cursor goes back": [page("a", cursor="C1"), page("b", cursor="C2"), page("c", cursor="C1")],
    "repeated page": [page("a", cursor="C1"), page("a", cursor="C2")],
    "one id twice": [page("a", "a")],
    "one id in two cases": [page("a", cursor="C1"), page("b", "A")],
    "empty for ever": [page(cursor=f"C{n}") for n in range(20)],
    "no list": [{"data": {"id": "a"}, "pagination": {"hasNextPage": False}}],
    "no data": [{"pagination": {"hasNextPage": False}}],
    "no pagination": [{"data": []}],
    "pagination is null": [{"data": [], "pagination": None}],
    "a bare list": [[{"id": "a"}]],
    "null": [None],
    "a row is no object": [{"data": ["a"], "pagination": {"hasNextPage": False}}],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_an_error(requests_mock: Mocker, lie: str) -> None:
    """A list that contradicts itself twice is never taken for a shorter list (law 1)."""
    with pytest.raises(PleoError, match="not read completely"):
        read(requests_mock, *LIES[lie], *LIES[lie])


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "empty for ever"])
def test_a_lie_told_once_is_read_again(requests_mock: Mocker, lie: str) -> None:
    """The list may have changed underway, so the whole of it is read once more."""
    good = [page("a", cursor="C1", total=2), page("b", total=2)]
    assert read(requests_mock, *LIES[lie], *good) == ["a", "b"]


def test_a_refused_page_size_is_left_to_pleo(requests_mock: Mocker) -> None:
    """Where 100 rows are refused with 400, the list is asked for without a size, once."""
    http = Transport(Service(URL, "Pleo", failure=PleoError), None, Budget(None, machine=FakeTime()))
    answers: list[Json] = [{"status_code": 400}, {"json": page("a", cursor="C1")}, {"json": page("b")}]
    requests_mock.get(f"{URL}/x", answers)
    found = read_pages(http, Listing("GET", "/x", {"k": "v"}), lambda raw: SimpleNamespace(id=raw["id"]))
    assert [r.id for r in found] == ["a", "b"]
    queries = [request.qs for request in requests_mock.request_history]
    assert queries == [{"k": ["v"], "limit": ["100"]}, {"k": ["v"]}, {"k": ["v"], "after": ["c1"]}]


@pytest.mark.parametrize("refusals", [[400, 400], [409]])
def test_other_refusals_are_errors(requests_mock: Mocker, refusals: list[int]) -> None:
    """A 400 that stays, and any other refusal, is told as it is."""
    http = Transport(Service(URL, "Pleo", failure=PleoError), None, Budget(None, machine=FakeTime()))
    requests_mock.get(f"{URL}/x", [{"status_code": status} for status in refusals])
    with pytest.raises(ApiError) as caught:
        read_pages(http, Listing("GET", "/x"), lambda raw: SimpleNamespace(id=raw["id"]))
    assert caught.value.status == refusals[-1]
    assert requests_mock.call_count == len(refusals)


@pytest.mark.parametrize(("rows", "pages"), [(1, 1000), (9, 1000), (10, 5000)])
def test_a_list_without_an_end_is_given_up(requests_mock: Mocker, rows: int, pages: int) -> None:
    """Ever new cursors end with the number of pages in a sentence, soon where the pages are nearly empty."""
    numbers = iter(range(pages))

    def answer(_request: object, _context: object) -> Json:
        number = next(numbers)
        return page(*(f"{number}.{row}" for row in range(rows)), cursor=f"C{number}")

    requests_mock.get(f"{URL}/x", json=answer)
    http = Transport(Service(URL, "Pleo", failure=PleoError), None, Budget(None, machine=FakeTime()))
    with pytest.raises(PleoError, match=f"{pages} pages came with {pages * rows} rows"):
        read_pages(http, Listing("GET", "/x"), lambda raw: SimpleNamespace(id=raw["id"]))
