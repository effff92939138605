"""Heads of answers: those that are plain are read in one go, and mean what the standard library reads in them."""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pleoctl.remote.head import PlainAnswer

if TYPE_CHECKING:
    import socket

    from shapes import Value

_LINES = (
    *("Content-Length: 5", "content-length:\t5 ", "Content-Length: +5", "Content-Length: -5", "Content-Length: 5, 5"),
    *("Content-Length:", "Content-Length: 1_0", "Content-Length: ٣", "Content-Length: " + "9" * 30),
    *("Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "Transfer-Encoding: gzip, chunked"),
    *("Connection: close", "Connection: Keep-Alive", "connection: TE, Close", "Keep-Alive: timeout=5"),
    *("Set-Cookie: a=b; c", "Set-Cookie: d=e", "X:", "X:  two  words \t", "Y: caf\xe9\x85z", "Content-Type: text/html"),
    *("", " folded", "\tfolded", "no colon", "bad name: x", ": nameless", "Z: a\rb", "Z: a\nb", "Z: a\x00b", "Ü: x"),
)
_STATUS = (
    *("HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 404  Not  Found ", "HTTP/1.1 503 \xfc"),
    *(
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 304 Same",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 101 Switch",
        "HTTP/1.0 200 OK",
    ),
    *("HTTP/2 200 OK", "HTTP/1.1 99 Low", "HTTP/1.1 2000 High", "http/1.1 200 OK", "ICY 200 OK", "", "HTTP/1.2 200 OK"),
)


class _Sent:
    """A socket that gives what was sent, in parts."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._content))


def _read(kind: type[http.client.HTTPResponse], content: bytes, method: str) -> Value:
    """What it takes the answer for, or what is wrong with it."""
    found = kind(cast("socket.socket", _Sent(content)), method=method)
    try:
        found.begin()
        body = found.read(1000)  # as much as is said to come may be more than there is room for
    except (http.client.HTTPException, ValueError) as error:
        return type(error).__name__
    marks = (found.version, found.status, found.reason, found.chunked, found.length, found.will_close)
    said = found.headers
    return repr((marks, said.items(), said.get_payload() or "", said.defects, found.getheader("x"), body))


@given(
    st.sampled_from(_STATUS),
    st.lists(st.sampled_from(_LINES), max_size=4),
    st.sampled_from(["hello", "5\r\nhello\r\n0\r\n\r\n", ""]),
    st.sampled_from(["GET", "PUT", "HEAD"]),
)
@example("HTTP/1.1 200 OK", ["Content-Length: 5"], "hello", "GET")
@example("HTTP/1.1 200 OK", ["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n", "PUT")
@example("HTTP/1.1 200 OK", ["X: y"] * 99 + ["Content-Length: 5"], "hello", "GET")
@example("HTTP/1.1 200 OK", ["X: y"] * 120, "hello", "GET")
@example("HTTP/1.1 200 OK", ["X: " + "y" * 9000, "Content-Length: 5"], "hello", "GET")
def test_a_head_means_what_it_means_to_the_standard_library(
    status: str, lines: list[str], body: str, method: str
) -> None:
    """Status, headers in their order, how the body ends and whether the connection does, and every refusal."""
    content = "\r\n".join([status, *lines, "", body]).encode("latin-1", "replace")
    for cut in (content, content[: len(content) // 2]):
        assert _read(PlainAnswer, cut, method) == _read(http.client.HTTPResponse, cut, method)


@pytest.mark.parametrize(
    "final", ["200 OK\r\nContent-Length: 5\r\n\r\nhello", "201 Made\r\n\r\nhello", "101 Switch\r\n\r\n"]
)
def test_preliminary_answers_are_passed_over(final: str) -> None:
    """Early hints, and that a server is still at work, are no answer; a switch of protocols is the last of HTTP."""
    hints = "HTTP/1.1 103 Early Hints\r\nLink: </style>\r\nContent-Length: 9\r\n\r\n"
    last = f"HTTP/1.1 {final}"
    alone = _read(PlainAnswer, last.encode(), "PUT")
    assert (
        _read(PlainAnswer, f"{hints}HTTP/1.1 102 Busy\r\n\r\nHTTP/1.1 100\r\n\r\n{hints}{last}".encode(), "PUT")
        == alone
    )
    assert _read(PlainAnswer, hints.encode(), "PUT") == "RemoteDisconnected"
