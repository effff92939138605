"""A list that is not proven whole is no list (law 1)."""

import threading

import pytest

from fake_books import Books, Call, FakeServer, Reply
from listed_accounts import FIELDS, OFFSET, ROWS, accounts, by_offset
from pleoctl.errors import SourceError
from pleoctl.remote.transport import Answer
from pleoctl.sources.http.reading import ListReader
from pleoctl.sources.http.spec import Request, resources
from shapes import Json


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
    assert "full-page" in {found.code for found in books.findings(accounts(server, {**wrong, "size": 101}))}
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


@pytest.mark.parametrize("kind", ["offset", "none"])
def test_a_row_that_comes_twice_in_a_page_skips_another(server: FakeServer, books: Books, kind: str) -> None:
    """The next page begins behind as many rows as came; in one answer nothing is skipped, and the row is held."""

    def app(call: Call) -> Reply:
        start = int(call.query.get("at", 0))
        rows = ROWS[start : start + 3] if "at" in call.query else ROWS[:6]
        return Reply({"rows": rows if start > 3 else [*rows, rows[-1]] if rows else []})

    server.app = app
    if kind == "none":
        found = books.read(accounts(server, {"type": "none"})).accounts or []
        assert {row.key for row in found} == {str(n) for n in range(1, 7)}
        return
    with pytest.raises(SourceError, match="a row came twice in one page"):
        books.read(accounts(server, {"type": "offset", "size": 3}, query={"at": "{offset}"}))


def test_one_code_in_two_dimensions_is_no_repeat(server: FakeServer, books: Books) -> None:
    """Values are told apart by their dimension as well."""
    rows = [{"d": "A", "code": "1", "name": "x"}, {"d": "B", "code": "1", "name": "x"}]
    server.app = lambda call: Reply({"rows": rows[int(call.query["o"]) :][:1]})
    fields = {"dimension": "d", "code": "code", "name": "name"}
    source = accounts(server, {"type": "offset"}, query={"o": "{offset}"}, fields=fields)
    source["values"] = source.pop("accounts")
    source["dimensions"] = {"rows": [{"code": "A", "name": "A"}, {"code": "B", "name": "B"}]}
    assert [len(d.values or []) for d in books.read(source).dimensions or []] == [1, 1]


INNER: dict[str, Json] = {
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
def test_an_inner_list_that_is_whole_is_read(server: FakeServer, books: Books, inner: Json) -> None:
    """No link, a flag that says no, or a name that is the record's own."""
    server.app = lambda _call: Reply({"rows": [{**ROWS[0], **inner}]})
    assert len(books.read(accounts(server, {"type": "none"})).accounts or []) == 1


MORE: dict[str, tuple[Json, dict[str, str]]] = {
    "@odata.nextLink": ({"@odata.nextLink": "https://x.example/2"}, {}),
    "has_more": ({"has_more": True}, {}),
    "hasNextPage": ({"pageInfo": {"hasNextPage": True}}, {}),
    "next": ({"next": "https://x.example/?page=2"}, {}),
    "nextPageToken": ({"nextPageToken": "t2"}, {}),
    "next_page": ({"meta": {"next_page": 2}}, {}),
    "has_next_page": ({"meta": {"paging": {"has_next_page": True}}}, {}),
    "last": ({"page": {"last": False}}, {}),
    "isLastPage": ({"isLastPage": False}, {}),
    "X-Next-Page": ({}, {"X-Next-Page": "2"}),
    "more_records": ({"info": {"more_records": True}}, {}),
    "truncated": ({"truncated": True}, {}),
    "_links": ({"_links": [{"rel": "self"}, {"rel": "next", "href": "/2"}]}, {}),
    "a Link header": ({}, {"Link": '</accounts?p=2>; REL="last Next"'}),
    "HasMore": ({"HasMore": "True"}, {}),
    "has_next": ({"meta": {"has_next": 1}}, {}),
    "more-items": ({"more-items": "yes"}, {}),
    "moreItemsInCollection": ({"moreItemsInCollection": True}, {}),
    "done": ({"done": False}, {}),
    "is_complete": ({"meta": {"is_complete": "false"}}, {}),
    "nextOffset": ({"nextOffset": 3}, {}),
    "links": ({"links": [{"rel": ["Next"], "href": "/2"}]}, {}),
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


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"pages": 4}, {}),
        ({"meta": {"pagination": {"page": 1, "totalPages": 4}}}, {}),
        ({}, {"X-Total-Pages": "4", "X-Next-Page": ""}),
    ],
)
def test_one_answer_that_counts_pages_is_told(
    server: FakeServer, books: Books, body: Json, headers: dict[str, str]
) -> None:
    """One of one page, a list that is paged, and a list with a proof are not."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], "all": 3, **body}, headers=headers)
    (found,) = books.findings(accounts(server, {"type": "none"}))
    assert (found.code, "is read by one request, and the answer says 4 at" in found.message) == ("full-page", True)
    assert books.findings(accounts(server, {"type": "none"}, total="all")) == []
    server.app = lambda _call: Reply({"rows": ROWS[:3], "pages": 1})
    assert books.findings(accounts(server, {"type": "none"})) == []


def test_one_answer_that_is_a_full_page_is_told(server: FakeServer, books: Books) -> None:
    """By the size that it names itself; a page that is not full, or an own number of all rows, says enough."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], "paging": {"limit": 3}})
    (found,) = books.findings(accounts(server, {"type": "none"}))
    assert (found.code, "exactly 3 rows, as many as its page has by 'limit'" in found.message) == ("full-page", True)
    server.app = lambda _call: Reply({"rows": ROWS[:3], "limit": 4})
    assert books.findings(accounts(server, {"type": "none"})) == []
    server.app = lambda _call: Reply({"rows": ROWS[:3], "limit": 3, "total": 3})
    assert books.findings(accounts(server, {"type": "none"})) == []


@pytest.mark.parametrize("headers", [{}, {"Content-Range": "items 0-2/*"}, {"Content-Range": "items 0-2/7"}])
def test_a_partial_answer_is_not_the_list(server: FakeServer, books: Books, headers: dict[str, str]) -> None:
    """Status 206 says that there is more, unless the range is all there is, or the section pages."""
    server.app = lambda _call: Reply({"rows": ROWS[:3]}, status=206, headers=headers)
    with pytest.raises(SourceError, match="the status 206 says that there are more pages"):
        books.read(accounts(server, {"type": "none"}))
    server.app = lambda _call: Reply({"rows": ROWS[:3]}, status=206, headers={"Content-Range": "items 0-2/3"})
    assert len(books.read(accounts(server, {"type": "none"})).accounts or []) == 3


def test_lists_of_groups_are_whole(server: FakeServer, books: Books) -> None:
    """Rows may be gathered out of objects, each of which has the beginning of a list."""
    server.app = lambda _call: Reply({"groups": [{"rows": ROWS[:2]}, {"rows": ROWS[2:3], "hasMore": True}]})
    groups = {"records": "groups[].rows[]"}
    with pytest.raises(SourceError, match="an object says at 'hasMore' that a list inside it goes on"):
        books.read(accounts(server, {"type": "none"}, **groups))
    assert len(books.read(accounts(server, {"type": "none"}, optional=["hasMore"], **groups)).accounts or []) == 3


@pytest.mark.parametrize(
    ("name", "value"), [("status", "error"), ("Status", "FAILED"), ("success", False), ("ok", False)]
)
def test_an_answer_that_failed_in_its_own_words_is_refused(
    server: FakeServer, books: Books, name: str, value: Json
) -> None:
    """Whatever its status; a state that is no failure is the system's own affair."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], name: value})
    with pytest.raises(SourceError, match="that something went wrong"):
        books.read(accounts(server, {"type": "none"}))
    assert len(books.read(accounts(server, {"type": "none"}, optional=[name])).accounts or []) == 3
    server.app = lambda _call: Reply({"rows": ROWS[:3], "status": "ok", "success": True, "state": "open", "ok": None})
    assert len(books.read(accounts(server, {"type": "none"})).accounts or []) == 3


def test_optional_names_what_next_says(server: FakeServer, books: Books) -> None:
    """The whole expression, as the hint says, or each of its names."""
    server.app = lambda _call: Reply({"rows": ROWS[:3]})
    paged = {"type": "cursor", "next": "paging.next"}
    for optional in (["paging.next"], ["paging", "next"]):
        found = books.read(accounts(server, paged, query={"after": "{cursor}"}, optional=optional))
        assert len(found.accounts or []) == 3


@pytest.mark.parametrize(
    "body",
    [
        {"next": None},
        {"next": ""},
        {"links": {"next": {}}},
        {"has_more": False, "links": []},
        {"last": True},
        {"has_more": "false", "more": 0, "done": True, "complete": None, "links": [{"rel": ["self"]}, {"rel": None}]},
    ],
)
def test_one_answer_that_says_there_is_no_more_is_read(server: FakeServer, books: Books, body: Json) -> None:
    """The names are there and lead nowhere; where pages are counted one behind the last may be named."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], **body})
    assert len(books.read(accounts(server, {"type": "none"})).accounts or []) == 3
    server.app = lambda call: Reply({"rows": ROWS[:3] if call.query["page"] == "1" else [], "next": "?page=9"})
    assert len(books.read(accounts(server, {"type": "page"}, query={"page": "{page}"})).accounts or []) == 3


@pytest.mark.parametrize("number", [20, 25, 50, 100, 500, 1000])
@pytest.mark.parametrize("paginate", [{"type": "none"}, {"type": "link", "next": "header"}])
def test_exactly_a_usual_page_is_told(server: FakeServer, books: Books, number: int, paginate: Json) -> None:
    """One answer as long as a page that nobody asked for may be the first of many: a warning with the number."""
    server.app = lambda _call: Reply({"rows": ROWS[:number], "total": number})
    (found,) = books.findings(accounts(server, paginate))
    assert (found.code, found.level, f"exactly {number} rows" in found.message) == ("full-page", "warning", True)
    assert books.findings(accounts(server, paginate, total="total")) == []
    server.app = lambda _call: Reply({"rows": ROWS[: number - 1]})
    assert books.findings(accounts(server, paginate)) == []


@pytest.mark.parametrize(
    "body",
    [
        {"total": 12},
        {"meta": {"totalCount": 12}},
        {"count": 12},
        {"page": {"number": 0, "totalElements": 12}},
        {"total": "12"},
        {"total_rows": 12.0},
        {"response": {"numFound": 12}},
        {"records-total": "12"},
        {"total": "many", "totalSize": 12},
    ],
)
def test_a_larger_number_than_rows_came_is_told(server: FakeServer, books: Books, body: Json) -> None:
    """Nobody said that it is the total, and it may well be."""
    server.app = lambda _call: Reply({"rows": ROWS[:7], **body})
    (found,) = books.findings(accounts(server, {"type": "none"}))
    assert (found.code, "gave 7 rows, and says 12 at" in found.message) == ("full-page", True)
    server.app = lambda _call: Reply({"rows": ROWS[:12], **body})
    assert books.findings(accounts(server, {"type": "none"})) == []


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


ENDLESS: dict[str, Json] = {
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

    def send(_request: Request, _variables: object, _link: str | None) -> tuple[Answer, str]:
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
def test_an_answer_keeps_to_the_limits_of_the_source(server: FakeServer, books: Books, keys: Json, words: str) -> None:
    """Time and size of one answer are set beside baseUrl, as they are for Pleo."""

    def app(_call: Call) -> Reply:
        threading.Event().wait(0.3)
        return Reply({"rows": ROWS})

    server.app = app
    with pytest.raises(SourceError, match=words):
        books.read({**accounts(server, {"type": "none"}), **keys})


@pytest.mark.parametrize("headers", [{"X-Total-Count": "12"}, {"x-total": "12"}, {"Content-Range": "items 0-6/12"}])
def test_a_larger_number_in_a_header_is_told(server: FakeServer, books: Books, headers: dict[str, str]) -> None:
    """Lists whose answer is nothing but rows tell their number there."""
    server.app = lambda _call: Reply({"rows": ROWS[:7]}, headers=headers)
    (found,) = books.findings(accounts(server, {"type": "none"}))
    assert (found.code, "gave 7 rows, and says 12 at" in found.message) == ("full-page", True)
    server.app = lambda _call: Reply({"rows": ROWS[:12]}, headers=headers)
    assert books.findings(accounts(server, {"type": "none"})) == []


BETWEEN: dict[str, tuple[str, Json]] = {
    "lines@odata.nextLink": ("rows[].lines[]", {"lines": ROWS[:3], "lines@odata.nextLink": "https://x.example/2"}),
    "__next": ("rows[].lines.results[]", {"lines": {"results": ROWS[:3], "__next": "more"}}),
    "hasNextPage": ("rows[].lines.nodes[]", {"lines": {"nodes": ROWS[:3], "pageInfo": {"hasNextPage": True}}}),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_list_on_the_way_to_the_rows_that_goes_on_is_refused(server: FakeServer, books: Books, name: str) -> None:
    """Where rows are gathered out of several lists, each of these must be whole."""
    records, between = BETWEEN[name]
    server.app = lambda _call: Reply({"rows": [between]})
    with pytest.raises(SourceError, match="that a list inside it goes on") as caught:
        books.read(accounts(server, {"type": "none"}, records=records))
    assert repr(name) in caught.value.message
    assert len(books.read(accounts(server, {"type": "none"}, records=records, optional=[name])).accounts or []) == 3
