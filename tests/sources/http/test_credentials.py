from __future__ import annotations

import base64
import traceback
from typing import TYPE_CHECKING

import pytest

from fake_books import TOKEN, Reply
from findings import line_of
from pleoctl.errors import InvalidFile, PleoctlError, Refused, SourceError

if TYPE_CHECKING:
    from fake_books import Books, FakeServer
    from shapes import Json, Value

ROWS = [{"id": "1", "name": "Cash"}]


def section(server: FakeServer, **more: Value) -> Json:
    """A source with one list."""
    accounts = {
        "path": "/a",
        "paginate": {"type": "none"},
        "records": "@",
        "fields": {"externalId": "id", "name": "name"},
    }
    return {"type": "http", "baseUrl": server.url, "accounts": accounts, **more}


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"bearer": "env:BOOKS_TOKEN"}, "Authorization", f"Bearer {TOKEN}"),
        (
            {"basic": {"user": "file:user.txt", "password": "env:BOOKS_TOKEN"}},
            "Authorization",
            "Basic " + base64.b64encode(f"ann:{TOKEN}".encode()).decode(),
        ),
        ({"headers": {"X-Token": "env:BOOKS_TOKEN"}}, "X-Token", TOKEN),
    ],
)
def test_credentials_travel_as_the_section_says(
    server: FakeServer, books: Books, auth: Json, header: str, value: str
) -> None:
    """Bearer, basic and header credentials, from the environment or a file."""
    (books.folder / "user.txt").write_text("ann\n", encoding="utf-8")
    server.app = lambda _call: Reply(ROWS)
    books.read(section(server, auth=auth))
    assert server.calls[0].headers[header] == value


@pytest.mark.parametrize("reference", ["env:THE_PLEO_KEY", "env:SAME_TEXT", "file:copy.txt", "env:PLEO_API_KEY"])
def test_the_key_of_pleo_goes_nowhere_else(
    server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    """Not by its own reference, not under another name, not from a copy: nothing is sent."""
    monkeypatch.setenv("SAME_TEXT", "the-key-of-pleo")
    monkeypatch.setenv("PLEO_API_KEY", "another-key-of-pleo")
    (books.folder / "copy.txt").write_text("the-key-of-pleo\n", encoding="utf-8")
    for auth in ({"bearer": reference}, {"headers": {"X": reference}}):
        with pytest.raises(Refused, match="Pleo's own credential") as caught:
            books.read(section(server, auth=auth))
        assert line_of(caught.value.findings[0])
    assert server.calls == []


def test_an_export_needs_no_key_of_pleo(server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that only exports may run without it."""
    monkeypatch.delenv("THE_PLEO_KEY")
    server.app = lambda _call: Reply(ROWS)
    assert books.read(section(server, auth={"bearer": "env:BOOKS_TOKEN"})).accounts


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_no_error_shows_a_secret(server: FakeServer, books: Books, status: int) -> None:
    """A server that repeats the credential in its error does not get it into our messages or tracebacks."""
    encoded = base64.b64encode(f"{TOKEN}:{TOKEN}".encode()).decode()
    server.app = lambda call: Reply({"error": {"message": f"bad {call.headers['Authorization']} {TOKEN}"}}, status)
    auth = {"basic": {"user": "env:BOOKS_TOKEN", "password": "env:BOOKS_TOKEN"}}
    with pytest.raises(SourceError) as caught:
        books.read(section(server, auth=auth))
    told = "".join(traceback.format_exception(caught.value)) + "".join(map(str, caught.value.findings))
    assert TOKEN not in told
    assert encoded not in told


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Message": "Page too large"}, "Page too large"),
        ({"error": {"code": "x", "message": {"lang": "en", "value": "Bad filter"}}}, "Bad filter"),
        ({"Fault": {"Error": [{"Message": "Auth", "Detail": "Expired"}]}}, "Auth. Expired"),
        ([{"$severity": "error", "$message": "No business"}], "No business"),
        ({"ErrorInformation": {"message": "Fel", "code": 1}}, "Fel"),
        ({"error": "invalid_grant", "error_description": "Token expired"}, "Token expired"),
        ("plain", "HTTP 400: plain"),
        ({}, "HTTP 400"),
        (b"<html>", "HTTP 400"),
    ],
)
def test_the_servers_own_words_are_told(server: FakeServer, books: Books, body: Value, words: str) -> None:
    """Each vendor puts them elsewhere."""
    server.app = lambda _call: Reply(body, 400)
    with pytest.raises(SourceError, match="GET /a: HTTP 400") as caught:
        books.read(section(server))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://books.example", "is not https"),
        ("https://me:secret@books.example", "is not a base url"),
        ("ftp://books.example", "is not a base url"),
        ("https://books.example/?q=1", "is not a base url"),
    ],
)
def test_only_https_and_this_machine(server: FakeServer, books: Books, url: str, words: str) -> None:
    """A secret never travels in the clear, and never stands in a url."""
    with pytest.raises((SourceError, InvalidFile)) as caught:
        books.read(section(server, baseUrl=url))
    assert words in str(caught.value.findings[0])


def test_a_missing_secret_is_told_before_anything_is_sent(server: FakeServer, books: Books) -> None:
    """The variable's name, not a traceback."""
    with pytest.raises(PleoctlError, match="NOT_THERE is not set"):
        books.read(section(server, auth={"bearer": "env:NOT_THERE"}))
    assert server.calls == []


def test_a_literal_secret_is_refused(server: FakeServer, books: Books) -> None:
    """The file holds references only, and the message does not repeat the text."""
    with pytest.raises(InvalidFile) as caught:
        books.read(section(server, auth={"bearer": TOKEN}))
    assert "is not a secret reference" in str(caught.value.findings[0])
    assert TOKEN not in str(caught.value.findings[0])


def test_the_rate_of_a_source_is_its_own(server: FakeServer, books: Books) -> None:
    """The source's requestsPerMinute is counted by its own credential, and kept for the next command."""
    server.app = lambda _call: Reply(ROWS)
    books.read(section(server, requestsPerMinute=100))
    stored = list((books.folder.parent / "state" / "budget").iterdir())
    assert [path.stat().st_size for path in stored] == [24]
