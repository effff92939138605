from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_books import Reply
from listed_accounts import OFFSET, ROWS, accounts, by_offset
from pleoctl.errors import SourceError
from pleoctl.remote import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_books import Books, Call, FakeServer
    from shapes import Json, Value


def by_page(call: Call) -> Reply:
    """100 rows a page, counted from 1, with a total."""
    start = (int(call.query["page"]) - 1) * 100
    return Reply({"rows": ROWS[start : start + 100], "total": len(ROWS), "pages": 11})


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


@pytest.mark.parametrize(
    "header",
    [
        "<URL>; rel=next",
        '<URL>; REL="Next"',
        "<URL> ; rel = next",
        '<URL>; rel="prefetch next"',
        '<URL>; title="the rest, rel=prev; <x>"; rel="next"',
        '<URL>; rel="next"; rel="prev"',
        '<URL>;rel="next",<URL&again>;rel="last"',
        '</accounts?from=0>; title="\\"a\\""; rel="first", <URL>; rel="next"',
        '</accounts,old>; rel="prev",, <URL>; type="a/b; c=\\"d\\""; rel="next"',
    ],
)
def test_a_link_header_is_read_as_it_may_be_written(server: FakeServer, books: Books, header: str) -> None:
    """Relations in any case, several of one link, titles with the header's own signs: no page is lost."""

    def app(call: Call) -> Reply:
        start = int(call.query.get("from", "0"))
        more = start + 4 < 10
        return Reply(
            {"rows": ROWS[start : min(start + 4, 10)]},
            headers={"Link": header.replace("URL", f"/accounts?from={start + 4}")} if more else {},
        )

    server.app = app
    state = books.read(accounts(server, {"type": "link", "next": "header"}))
    assert [row.key for row in state.accounts or []] == [str(row["id"]) for row in ROWS[:10]]


STYLES: dict[str, tuple[Callable[[Call], Reply], Json, Json]] = {
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


def test_a_list_of_ever_more_full_pages_ends(server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a million rows, here fewer: before they take all memory."""
    monkeypatch.setattr(pages, "MAX_ROWS", 3_000)

    def app(call: Call) -> Reply:
        start = int(call.query.get("c", "0"))
        return Reply({"rows": [{**ROWS[0], "id": f"x{n}"} for n in range(start, start + 1000)], "next": start + 1000})

    server.app = app
    with pytest.raises(SourceError, match="3 pages came with 3000 rows, and there is always one more"):
        books.read(accounts(server, {"type": "cursor", "next": "next"}, query={"c": "{cursor}"}))


@pytest.mark.parametrize("token", [True, 1.5, {"a": 1}])
def test_a_token_must_be_text(server: FakeServer, books: Books, token: Value) -> None:
    """Anything else cannot be sent back."""
    server.app = lambda _call: Reply({"rows": ROWS[:3], "next": token})
    with pytest.raises(SourceError, match="the next token is"):
        books.read(accounts(server, {"type": "cursor", "next": "next"}, query={"c": "{cursor}"}))
