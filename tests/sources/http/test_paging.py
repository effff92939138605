from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from fake_books import Reply
from pleoctl.errors import SourceError
from pleoctl.remote.transport import Answer
from pleoctl.sources.http.reading import ListReader
from pleoctl.sources.http.spec import resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_books import Books, Call, FakeServer
    from pleoctl.sources.http.spec import Request

ROWS = [{"id": n, "name": f"Account {n}"} for n in range(1, 1051)]
FIELDS = {"externalId": "string(id)", "name": "name"}


def accounts(server: FakeServer, paginate: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A source section for a list of accounts below ``rows``."""
    shape = {"path": "/accounts", "paginate": paginate, "records": "rows", "fields": FIELDS, **more}
    return {"type": "http", "baseUrl": server.url, "accounts": shape}


def by_page(call: Call) -> Reply:
    """100 rows a page, counted from 1, with a total."""
    start = (int(call.query["page"]) - 1) * 100
    return Reply({"rows": ROWS[start : start + 100], "total": len(ROWS), "pages": 11})


def by_offset(call: Call) -> Reply:
    """At most 70 rows, whatever is asked for."""
    start = int(call.query["offset"])
    return Reply({"rows": ROWS[start : start + 70]})


def by_cursor(call: Call) -> Reply:
    """A token per page; the last page has none."""
    start = int(call.query.get("after", "0"))
    token = str(start + 100) if start + 100 < len(ROWS) else None
    return Reply({"rows": ROWS[start : start + 100], "meta": {"next": token}})


def by_link(call: Call) -> Reply:
    """A relative link per page; the last page has none."""
    start = int(call.query.get("from", "0"))
    link = {"next": f"/accounts?from={start + 100}"} if start + 100 < len(ROWS) else {}
    return Reply({"rows": ROWS[start : start + 100], "links": link})


def by_header(call: Call) -> Reply:
    """The same with a Link header."""
    reply = by_link(call)
    link = reply.body.pop("links").get("next")
    return Reply(reply.body, headers={"Link": f'<{link}>; rel="next"'} if link else {})


PAGE = {"type": "page", "size": 100}
OFFSET = {"type": "offset", "size": 500}
STYLES: dict[str, tuple[Callable[[Call], Reply], dict[str, Any], dict[str, Any]]] = {
    "page": (by_page, PAGE, {"query": {"page": "{page}", "n": "{size}"}}),
    "page-total": (by_page, PAGE, {"query": {"page": "{page}"}, "total": "total"}),
    "page-pages": (by_page, {**PAGE, "pages": "pages"}, {"query": {"page": "{page}"}}),
    "offset": (by_offset, OFFSET, {"query": {"offset": "{offset}", "n": "{size}"}}),
    "cursor": (by_cursor, {"type": "cursor", "next": "meta.next"}, {"query": {"after": "{cursor}"}}),
    "link": (by_link, {"type": "link", "next": "links.next"}, {}),
    "header": (by_header, {"type": "link", "next": "header"}, {}),
    "none": (lambda _call: Reply({"rows": ROWS, "total": "1050"}), {"type": "none"}, {"total": "total"}),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_reads_every_row(server: FakeServer, books: Books, style: str) -> None:
    """1,050 rows come, whatever the page size of the server."""
    server.app, paginate, more = STYLES[style]
    state = books.read(accounts(server, paginate, **more))
    assert [row.key for row in state.accounts or []] == [str(row["id"]) for row in ROWS]


@pytest.mark.parametrize("style", ["page-total", "page-pages"])
def test_a_known_end_asks_for_no_page_too_many(server: FakeServer, books: Books, style: str) -> None:
    """A total or a number of pages ends the list without an empty page."""
    server.app, paginate, more = STYLES[style]
    books.read(accounts(server, paginate, **more))
    assert len(server.calls) == 11


def broken(app: Callable[[Call], Reply], fault: str) -> Callable[[Call], Reply]:
    """The same server whose third page goes wrong."""
    seen: list[Reply] = []

    def answer(call: Call) -> Reply:
        seen.append(app(call))
        if len(seen) < 3:
            return seen[-1]
        if fault == "fails":
            return Reply({"message": "no"}, 500)
        if fault == "forbidden":
            return Reply({"error": {"message": "no"}}, 403)
        if fault == "truncated":
            return Reply(b'{"rows": [{"id": 1', headers=seen[-1].headers, cut=True)
        if fault == "not-json":
            return Reply(b"<html>Sign in</html>")
        return seen[1]

    return answer


@pytest.mark.parametrize("fault", ["fails", "forbidden", "truncated", "not-json", "repeated"])
@pytest.mark.parametrize("style", [style for style in STYLES if style != "none"])
def test_a_page_that_goes_wrong_fails_the_export(server: FakeServer, books: Books, style: str, fault: str) -> None:
    """The error is told, and the desired file keeps its bytes."""
    app, paginate, more = STYLES[style]
    server.app = app
    section = accounts(server, paginate, **more)
    books.export(section)
    before = (books.folder / "desired-state.yaml").read_bytes()
    server.app = broken(app, fault)
    with pytest.raises(SourceError):
        books.export(section)
    assert (books.folder / "desired-state.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({"rows": ROWS[:5], "total": 6}), "5 rows came, 6 were announced"),
        (Reply({"rows": ROWS[:5], "total": 4}), "5 rows came, 4 were announced"),
        (Reply({"rows": ROWS[:5]}), "source.accounts.total gives null instead of a number"),
        (Reply({"rows": None, "total": 0}), "source.accounts.records gives no list (null); the answer has rows, total"),
        (Reply({"error": "x"}), "the answer has error"),
        (Reply({"rows": ["a"], "total": 1}), "a row is text, not an object"),
        (Reply([1, 2]), "the answer has no names, it is a list"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(
    server: FakeServer, books: Books, reply: Reply, words: str
) -> None:
    """The message says what is wrong with the list."""
    server.app = lambda _call: reply
    with pytest.raises(SourceError) as caught:
        books.read(accounts(server, {"type": "none"}, total="total"))
    assert words in str(caught.value)


def test_a_total_that_moves_is_refused(server: FakeServer, books: Books) -> None:
    """The list changed while it was read."""

    def app(call: Call) -> Reply:
        reply = by_page(call)
        reply.body["total"] -= int(call.query["page"]) > 2
        return reply

    server.app = app
    with pytest.raises(SourceError, match="moved from 1050 to 1049"):
        books.read(accounts(server, PAGE, query={"page": "{page}"}, total="total"))


def test_a_total_ends_before_a_server_that_repeats_its_last_page(server: FakeServer, books: Books) -> None:
    """A page past the end is never asked for where the total is known; without it the repeat is an error."""

    def app(call: Call) -> Reply:
        call.query["page"] = str(min(int(call.query["page"]), 11))
        return by_page(call)

    server.app = app
    assert len(books.read(accounts(server, PAGE, query={"page": "{page}"}, total="total")).accounts or []) == 1050
    with pytest.raises(SourceError, match="came again"):
        books.read(accounts(server, PAGE, query={"page": "{page}"}))


def test_short_and_empty_pages_are_not_the_end(server: FakeServer, books: Books) -> None:
    """With a link, only the absence of the link ends the list."""
    cuts = [0, 3, 3, 500, 1050]

    def app(call: Call) -> Reply:
        part = int(call.query.get("part", "0"))
        link = f"?part={part + 1}" if part < 3 else None
        return Reply({"rows": ROWS[cuts[part] : cuts[part + 1]], "next": link})

    server.app = app
    assert len(books.read(accounts(server, {"type": "link", "next": "next"})).accounts or []) == 1050


def test_a_short_page_in_the_middle_loses_nothing_by_offset(server: FakeServer, books: Books) -> None:
    """The next offset follows what came, so the rows behind a short page are read."""

    def app(call: Call) -> Reply:
        start = int(call.query["offset"])
        return Reply({"rows": ROWS[start : start + (13 if start else 100)]})

    server.app = app
    state = books.read(accounts(server, OFFSET, query={"offset": "{offset}"}))
    assert len(state.accounts or []) == 1050


def test_links_to_other_hosts_are_refused(server: FakeServer, books: Books) -> None:
    """The credential would travel along."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], "next": "https://elsewhere.example/accounts?page=2"})
    with pytest.raises(SourceError, match=r"another host \(https://elsewhere.example\)"):
        books.read(accounts(server, {"type": "link", "next": "next"}))


def test_an_endless_row_of_empty_pages_ends(server: FakeServer, books: Books) -> None:
    """New tokens without rows are no progress."""
    server.app = lambda call: Reply({"rows": [], "next": int(call.query.get("c", "0")) + 1})
    with pytest.raises(SourceError, match="page after page is empty"):
        books.read(accounts(server, {"type": "cursor", "next": "next"}, query={"c": "{cursor}"}))


@pytest.mark.parametrize("token", [True, 1.5, {"a": 1}])
def test_a_token_must_be_text(server: FakeServer, books: Books, token: Any) -> None:
    """Anything else cannot be sent back."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], "next": token})
    with pytest.raises(SourceError, match="the next token is"):
        books.read(accounts(server, {"type": "cursor", "next": "next"}, query={"c": "{cursor}"}))


def test_a_slip_in_next_is_not_taken_for_the_end(server: FakeServer, books: Books) -> None:
    """A name in next that no answer has proves nothing, however few the rows; total, size or optional do."""
    server.app = lambda _call: Reply({"rows": ROWS[:100], "links": {"next": "?p=2"}, "total": 100})
    wrong = {"type": "link", "next": "links.nxt"}
    for more in ({}, {"records": "rows[:3]"}):
        with pytest.raises(SourceError) as caught:
            books.read(accounts(server, wrong, **more))
        assert "source.accounts.paginate.next: no answer has 'nxt' (links.nxt)" in str(caught.value.findings[0])
    with pytest.raises(SourceError):
        books.read(accounts(server, {**wrong, "size": 100}))
    assert len(books.read(accounts(server, {**wrong, "size": 101})).accounts or []) == 100
    assert len(books.read(accounts(server, wrong, optional=["nxt"])).accounts or []) == 100
    assert len(books.read(accounts(server, wrong, total="total")).accounts or []) == 100


def test_a_name_that_one_of_many_lists_has_is_right(server: FakeServer, books: Books) -> None:
    """Lists of one page beside one of two pages, read by the same expression: the name is known."""
    source = accounts(server, {"type": "link", "next": "next"})
    fields = {"dimension": "parent.code", "code": "string(id)", "name": "name"}
    source["dimensions"] = {"rows": [{"code": "A", "name": "A"}, {"code": "B", "name": "B"}]}
    source["values"] = {**source.pop("accounts"), "forEach": "dimensions", "path": "/v/{parent.code}", "fields": fields}

    def app(call: Call) -> Reply:
        first = {"rows": ROWS[:3], "next": "/v/B?p=2"}
        return Reply(first if call.path == "/v/B" and not call.query else {"rows": ROWS[3:5]})

    server.app = app
    state = books.read(source)
    assert [len(d.values or []) for d in state.dimensions or []] == [2, 5]


def test_a_key_that_comes_again_on_a_later_page_is_refused(server: FakeServer, books: Books) -> None:
    """A row that was edited while the list was read moved, and another one slipped away behind a right total."""

    def app(call: Call) -> Reply:
        edited = [*ROWS[1:6], {**ROWS[0], "changed": 2}]
        start = (int(call.query["page"]) - 1) * 3
        return Reply({"rows": (edited if start else ROWS)[start : start + 3], "total": 6})

    server.app = app
    paged = {"query": {"page": "{page}"}, "total": "total"}
    with pytest.raises(SourceError, match="the row '1' came again on a later page"):
        books.read(accounts(server, {"type": "page", "size": 3}, **paged))
    with pytest.raises(SourceError, match="the row '1' came again on a later page"):
        books.read(accounts(server, {"type": "page", "size": 3}, where="id > `1`", **paged))


def test_one_code_in_two_dimensions_is_no_repeat(server: FakeServer, books: Books) -> None:
    """Values are told apart by their dimension as well."""
    rows = [{"d": "A", "code": "1", "name": "x"}, {"d": "B", "code": "1", "name": "x"}]
    server.app = lambda call: Reply({"rows": rows[int(call.query["o"]) :][:1]})
    fields = {"dimension": "d", "code": "code", "name": "name"}
    source = accounts(server, {"type": "offset"}, query={"o": "{offset}"}, fields=fields)
    source["values"] = source.pop("accounts")
    source["dimensions"] = {"rows": [{"code": "A", "name": "A"}, {"code": "B", "name": "B"}]}
    assert [len(d.values or []) for d in books.read(source).dimensions or []] == [1, 1]


INNER: dict[str, dict[str, Any]] = {
    "lines@odata.nextLink": {"lines": [1], "lines@odata.nextLink": "https://x.example/more"},
    "lines@nextLink": {"lines": [1], "lines@nextLink": "more"},
    "lines.__next": {"lines": {"results": [1], "__next": "more"}},
    "lines.has_more": {"lines": {"data": [], "has_more": True}},
    "lines.nextRecordsUrl": {"lines": {"records": [1], "done": False, "nextRecordsUrl": "/q/1"}},
}


@pytest.mark.parametrize("name", INNER)
def test_an_inner_list_that_goes_on_is_refused(server: FakeServer, books: Books, name: str) -> None:
    """Its beginning is not the list; whoever does not read it names it optional."""
    server.app = lambda _call: Reply({"rows": [{**ROWS[0], **INNER[name]}, *ROWS[1:3]]})
    with pytest.raises(SourceError) as caught:
        books.read(accounts(server, {"type": "none"}))
    assert f"a record says at {name!r} that its inner list goes on" in caught.value.message
    known = name.rpartition(".")[2] if name.startswith("lines.") else name
    assert len(books.read(accounts(server, {"type": "none"}, optional=[known])).accounts or []) == 3


@pytest.mark.parametrize(
    "inner", [{"lines": [1], "lines@odata.nextLink": None}, {"lines": {"data": [1], "has_more": False}}, {"next": "x"}]
)
def test_an_inner_list_that_is_whole_is_read(server: FakeServer, books: Books, inner: dict[str, Any]) -> None:
    """No link, a flag that says no, or a name that is the record's own."""
    server.app = lambda _call: Reply({"rows": [{**ROWS[0], **inner}]})
    assert len(books.read(accounts(server, {"type": "none"})).accounts or []) == 1


MORE: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "@odata.nextLink": ({"@odata.nextLink": "https://x.example/2"}, {}),
    "has_more": ({"has_more": True}, {}),
    "hasNextPage": ({"pageInfo": {"hasNextPage": True}}, {}),
    "a Link header": ({}, {"Link": '</accounts?p=2>; rel="next"'}),
}


@pytest.mark.parametrize("name", MORE)
def test_one_answer_that_says_there_is_more_is_refused(server: FakeServer, books: Books, name: str) -> None:
    """Whatever paginate says: the server knows it better, unless a total proves the list."""
    body, headers = MORE[name]
    server.app = lambda _call: Reply({"rows": ROWS[:3], "total": 3, **body}, headers=headers)
    with pytest.raises(SourceError, match="says that there are more pages") as caught:
        books.read(accounts(server, {"type": "none"}))
    assert name in caught.value.message
    assert len(books.read(accounts(server, {"type": "none"}, total="total")).accounts or []) == 3
    assert len(books.read(accounts(server, {"type": "none"}, optional=[name])).accounts or []) == 3


@pytest.mark.parametrize("number", [20, 25, 50, 100, 500, 1000])
@pytest.mark.parametrize("paginate", [{"type": "none"}, {"type": "link", "next": "header"}])
def test_exactly_a_usual_page_is_told(server: FakeServer, books: Books, number: int, paginate: dict[str, Any]) -> None:
    """One answer as long as a page that nobody asked for may be the first of many: a warning with the number."""
    server.app = lambda _call: Reply({"rows": ROWS[:number], "total": number})
    (found,) = books.findings(accounts(server, paginate))
    assert (found.code, found.level, f"exactly {number} rows" in found.message) == ("full-page", "warning", True)
    assert books.findings(accounts(server, paginate, total="total")) == []
    server.app = lambda _call: Reply({"rows": ROWS[: number - 1]})
    assert books.findings(accounts(server, paginate)) == []


def test_a_count_proves_a_list_that_has_no_total(server: FakeServer, books: Books) -> None:
    """A second request says how many rows there are; fewer are refused."""

    def app(call: Call) -> Reply:
        return Reply({"number": 1050}) if call.path == "/accounts/count" else by_offset(call)

    server.app = app
    count = {"path": "/accounts/count", "total": "number"}
    section = accounts(server, OFFSET, query={"offset": "{offset}"}, count=count)
    assert len(books.read(section).accounts or []) == 1050
    server.app = lambda call: Reply({"rows": []}) if call.query.get("offset") == "140" else app(call)
    with pytest.raises(SourceError, match="140 rows came, 1050 were announced"):
        books.read(section)


ENDLESS: dict[str, dict[str, Any]] = {
    "page": {"type": "page"},
    "offset": {"type": "offset"},
    "cursor": {"type": "cursor", "next": "next"},
    "link": {"type": "link", "next": "next"},
    "header": {"type": "link", "next": "header"},
}


@pytest.mark.parametrize(("rows", "pages"), [(1, 1000), (10, 5000)])
@pytest.mark.parametrize("style", ENDLESS)
def test_a_list_without_an_end_is_given_up(style: str, rows: int, pages: int) -> None:
    """Pages that always name another one end with their number in a sentence, soon where they are nearly empty."""
    moving = {"page": "page", "offset": "offset", "cursor": "cursor"}.get(ENDLESS[style]["type"])
    config = {
        "path": "/accounts",
        "paginate": ENDLESS[style],
        "records": "rows",
        "fields": FIELDS,
        "query": {moving: f"{{{moving}}}"} if moving else {},
    }
    numbers = iter(range(pages))

    def send(_request: Request, _variables: Any, _link: str | None) -> tuple[Answer, str]:
        number = next(numbers)
        body = {
            "rows": [{"id": f"{number}.{row}", "name": "A"} for row in range(rows)],
            "next": f"/accounts?n={number}",
        }
        return Answer(200, body, {"Link": f'</accounts?n={number}>; rel="next"'}), "https://books.example/accounts"

    (resource,) = resources("accounts", config, set())
    with pytest.raises(SourceError, match=f"{pages} pages came with {pages * rows} rows"):
        list(ListReader(resource, send, {}).read())


def test_a_list_without_an_end_ends_an_export(
    server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From outside: one sentence, exit 1 for the command, and no file."""
    monkeypatch.setattr("pleoctl.remote.pages.MAX_THIN_PAGES", 20)
    numbers = iter(range(1000))
    server.app = lambda _call: Reply({"rows": [ROWS[number := next(numbers)]], "next": str(number)})
    with pytest.raises(SourceError, match="20 pages came with 20 rows"):
        books.read(accounts(server, {"type": "cursor", "next": "next"}, query={"after": "{cursor}"}))


@pytest.mark.parametrize(
    ("keys", "words"),
    [({"answerBytes": 2000}, "larger than 2000 bytes"), ({"answerSeconds": 0.1, "timeoutSeconds": 5}, "answerSeconds")],
)
def test_an_answer_keeps_to_the_limits_of_the_source(
    server: FakeServer, books: Books, keys: dict[str, Any], words: str
) -> None:
    """Time and size of one answer are set beside baseUrl, as they are for Pleo."""

    def app(_call: Call) -> Reply:
        threading.Event().wait(0.3)
        return Reply({"rows": ROWS})

    server.app = app
    with pytest.raises(SourceError, match=words):
        books.read({**accounts(server, {"type": "none"}), **keys})
