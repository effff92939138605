"""Numbers that answers say beside a list, and that nobody named, or that are not what their name says."""

import pytest

from fake_books import Books, Call, FakeServer, Reply
from listed_accounts import ROWS, accounts
from pleoctl.errors import SourceError
from shapes import Json

PAGED: Json = {"query": {"at": "{page}"}}
KIND: Json = {"type": "page", "size": 3}


def pages_of(call: Call, *, without: str = "") -> list[Json]:
    """Three rows a page, of nine; one page may be empty by mistake."""
    at = int(call.query.get("at", "1"))
    return [] if call.query.get("at") == without else ROWS[:9][(at - 1) * 3 : at * 3]


@pytest.mark.parametrize("beside", [{"pages": 3}, {"meta": {"lastPage": "3"}}, {"total": 9}])
def test_an_empty_page_in_the_middle_is_told(server: FakeServer, books: Books, beside: Json) -> None:
    """It looks like the end, and what answers say of their number says otherwise, also before the empty one."""
    server.app = lambda call: Reply({"rows": (rows := pages_of(call, without="2")), **(beside if rows else {})})
    codes = [(one.code, one.level) for one in books.findings(accounts(server, KIND, **PAGED))]
    assert codes == [("unproven-list", "info"), ("full-page", "warning")]
    server.app = lambda call: Reply({"rows": pages_of(call), **beside})
    assert [one.code for one in books.findings(accounts(server, KIND, **PAGED))] == ["unproven-list"]


def test_a_total_that_is_a_page_long_is_told(server: FakeServer, books: Books) -> None:
    """Some systems call the rows of a page so, and the list would end with the first; a count is none of these."""
    server.app = lambda call: Reply({"rows": (rows := pages_of(call)), "total": len(rows), "number": 3})
    (told,) = books.findings(accounts(server, KIND, total="total", **PAGED))
    assert (told.code, "gave exactly 3 rows, as a page was to have" in told.message) == ("full-page", True)
    count: Json = {"path": "/count", "total": "number"}
    assert books.findings(accounts(server, KIND, count=count, **PAGED)) == []
    assert books.findings(accounts(server, {"type": "page", "size": 4}, total="total", **PAGED)) == []


def test_a_token_in_a_header_goes_on_where_the_body_has_none(server: FakeServer, books: Books) -> None:
    """The two contradict each other; `optional` says which is right."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], "next": None}, headers={"X-Next-Cursor": "abc"})
    cursor: Json = {"query": {"at": "{cursor}"}}
    with pytest.raises(SourceError, match="the list ended, and X-Next-Cursor says that there are more pages"):
        books.read(accounts(server, {"type": "cursor", "next": "next"}, **cursor))
    known = accounts(server, {"type": "cursor", "next": "next"}, optional=["X-Next-Cursor"], **cursor)
    assert len(books.read(known).accounts or []) == 3


def test_a_total_below_nothing_is_said(server: FakeServer, books: Books) -> None:
    """As systems write where they did not count."""
    server.app = lambda call: Reply({"rows": pages_of(call), "total": -1})
    with pytest.raises(SourceError, match="total gives -1 instead of a number of rows"):
        books.read(accounts(server, KIND, total="total", **PAGED))


def test_an_answer_with_a_key_twice_is_refused(server: FakeServer, books: Books) -> None:
    """The rows that stand under the first would be lost; a key of each row is no such thing."""
    row = '{"id": 1, "name": "A", "in": {"id": 2}}'
    server.app = lambda _call: Reply(f'{{"rows": [{row}], "next": null}}'.encode())
    assert len(books.read(accounts(server, {"type": "none"})).accounts or []) == 1
    for twice in (f'{{"rows": [{row}], "rows": []}}', '{"rows": [{"id": 1, "name": "A", "name": "B"}]}'):
        answer = Reply(twice.encode())
        server.app = lambda _call, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(SourceError, match="an object of the answer has a key twice"):
            books.read(accounts(server, {"type": "none"}))
