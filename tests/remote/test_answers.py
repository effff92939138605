"""What one answer may take: time, memory, headers; over plain connections, TLS and proxies."""

from __future__ import annotations

import gzip
import ssl
import threading
import tracemalloc
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trustme

from clocks import FakeTime
from dripping import TICK, dripping_head, talk
from pleoctl.errors import Interrupted, RemoteError
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import LostAnswer
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.workspace.limits import Limits
from raw_server import RawServer, answer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapes import Value


def dripping_body(server: RawServer, _request: bytes) -> Iterator[bytes]:
    """A byte every now and then."""
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    while not server.over.is_set():
        server.pause(TICK)
        yield b" "


def dripping_chunks(server: RawServer, _request: bytes) -> Iterator[bytes]:
    """A chunk of one byte every now and then."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while not server.over.is_set():
        server.pause(TICK)
        yield b"1\r\n \r\n"


def dripping_refusal(server: RawServer, _request: bytes) -> Iterator[bytes]:
    """A refusal whose words do not end."""
    yield b"HTTP/1.1 400 Bad Request\r\nContent-Length: 1000000\r\n\r\n"
    while not server.over.is_set():
        server.pause(TICK)
        yield b" "


DRIPS = [dripping_body, dripping_chunks, dripping_head, dripping_refusal]


@pytest.mark.parametrize("script", DRIPS)
def test_an_answer_that_drips_has_one_deadline(script: Value) -> None:
    """Each byte comes in time, the answer does not: the run ends after two tries, and says which limit it was."""
    with serving(script) as server:
        http = talk(server, Limits(0.2, answer_seconds=0.3))
        with pytest.raises(RemoteError, match=r"did not end within 0\.3 s \(answerSeconds\)"):
            http.read("GET", "/x")
        http.close()
        assert server.heard(2) == 2


def test_a_write_whose_answer_drips_is_lost() -> None:
    """It may have been carried out, so it is never sent again blindly (law 3)."""
    with serving(dripping_body) as server:
        http = talk(server, Limits(0.2, answer_seconds=0.3))
        with pytest.raises(LostAnswer, match="answerSeconds"):
            http.write("PUT", "/x", json={})
        http.close()
        assert len(server.requests) == 1


def test_a_silent_server_is_told_by_its_own_limit() -> None:
    """Nothing for timeoutSeconds is not the same as too long in all."""

    def silent(server: RawServer, _request: bytes) -> Iterator[bytes]:
        server.pause(5)
        yield b""

    with serving(silent) as server:
        http = talk(server, Limits(0.1, answer_seconds=60))
        with pytest.raises(RemoteError, match=r"nothing for 0\.1 s \(timeoutSeconds\)"):
            http.read("GET", "/x")
        http.close()


def test_a_slow_but_honest_answer_passes() -> None:
    """An answer may take longer than timeoutSeconds as long as something keeps coming."""

    def slow(server: RawServer, _request: bytes) -> Iterator[bytes]:
        body = answer(b'{"data": 1}')
        for start in range(0, len(body), 2):
            server.pause(TICK)
            yield body[start : start + 2]

    with serving(slow) as server:
        http = talk(server, Limits(0.2, answer_seconds=60))
        assert http.read("GET", "/x").body == {"data": 1}
        http.close()


def test_connections_are_kept_and_closed_ones_are_read_to_their_end() -> None:
    """Several answers come over one connection; one without a length ends with the connection."""

    def script(_server: RawServer, request: bytes) -> Iterator[bytes]:
        if b"/last" in request:
            yield b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"data":'
            yield b" 2}"
            raise OSError
        yield answer(b'{"data": 1}')

    with serving(script) as server:
        http = talk(server)
        assert [http.read("GET", "/x").body, http.write("PUT", "/x", json={}).body] == [{"data": 1}] * 2
        assert http.read("GET", "/last").body == {"data": 2}
        http.close()
        assert server.connections == 1


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_what_is_closed_holds_no_connection(status: str) -> None:
    """The server sees it end at once, however the last answer was, though somebody still has the transport."""
    with serving(lambda _server, _request: [answer(status=status)]) as server:
        http = talk(server)
        with suppress(RemoteError):
            http.read("GET", "/x")
        assert not server.left.is_set()
        http.close()
        assert server.left.wait(4)


def test_a_server_that_takes_its_time_to_read_a_request_gets_it() -> None:
    """On a connection that is used again, sending has the whole time-out too."""
    with serving(lambda _server, _request: [answer()]) as server:
        http = talk(server, Limits(10.0))
        http.write("PUT", "/x", json={})
        server.reads_after = 0.5
        http.write("PUT", "/x", data=b" " * 32 * MOST)
        http.close()
        assert server.connections == 1


MOST = 1024 * 1024


ZEROS = b" " * (64 * MOST)


BOMBS = {
    "gzip": (gzip.compress(ZEROS), "gzip"),
    "gzip of many members": (gzip.compress(b" " * MOST) * 64, "gzip"),
    "deflate": (zlib.compress(ZEROS), "deflate"),
    "raw deflate": (zlib.compress(ZEROS, wbits=-15), "deflate"),
    "plain": (ZEROS, "identity"),
}


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "301 Moved Permanently"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_an_answer_that_swells_is_given_up(bomb: str, status: str) -> None:
    """What unpacks to more than answerBytes is given up at once, in any packing, and never held in memory."""
    body, encoding = BOMBS[bomb]
    packed = answer(body, f"Content-Encoding: {encoding}", "Location: /y", status=status)
    with serving(lambda _server, _request: [packed]) as server:
        http = talk(server, Limits(5.0, answer_bytes=MOST))
        tracemalloc.start()
        with pytest.raises(RemoteError, match=r"larger than 1 MiB \(answerBytes\)"):
            http.read("GET", "/x")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        http.close()
        assert len(server.requests) == 1
    assert most < 8 * MOST


def test_an_answer_that_is_packed_twice_is_not_unpacked() -> None:
    """Packing in packing is no honest answer: it costs hours of work for a few bytes."""
    nothing = gzip.compress(b"") * 50_000
    packed = answer(gzip.compress(nothing), "Content-Encoding: gzip, gzip")
    with serving(lambda _server, _request: [packed]) as server:
        http = talk(server)
        with pytest.raises(RemoteError, match="packed more than once"):
            http.read("GET", "/x")
        with pytest.raises(LostAnswer, match="packed more than once"):
            http.write("PUT", "/x", json={})
        http.close()
        assert server.heard(2) == 2


@pytest.mark.parametrize("packing", ["br", "zstd", "BR"])
def test_a_packing_that_nobody_asked_for_is_told_as_one(packing: str) -> None:
    """Whether this machine could undo it does not count: a read ends at once, a write is lost."""
    with serving(lambda _server, _request: [answer(b"{}", f"Content-Encoding: {packing}")]) as server:
        http = talk(server)
        for call, error in ((http.read, RemoteError), (http.write, LostAnswer)):
            with pytest.raises(error, match=f"packed as {packing}, which was not asked for"):
                call("PUT", "/x", json={})
        http.close()
        assert server.heard(2) == 2


def test_a_large_honest_answer_passes() -> None:
    """An answer of exactly answerBytes is read."""
    body = b'"' + b"a" * (MOST - 2) + b'"'
    packed = answer(gzip.compress(body), "Content-Encoding: gzip")
    with serving(lambda _server, _request: [packed]) as server:
        http = talk(server, Limits(5.0, answer_bytes=MOST))
        assert len(http.read("GET", "/x").body) == MOST - 2
        http.close()


def test_headers_without_an_end_are_given_up() -> None:
    """A head of thousands of headers is no answer."""

    def script(_server: RawServer, _request: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000
        raise OSError

    with serving(script) as server:
        http = talk(server)
        with pytest.raises(RemoteError, match="could not be reached"):
            http.read("GET", "/x")
        http.close()


def test_a_stop_breaks_off_a_read_that_nothing_depends_on() -> None:
    """Before anything was written, a stop ends a long answer promptly."""
    stop = threading.Event()

    def script(server: RawServer, request: bytes) -> Iterator[bytes]:
        stop.set()
        yield from dripping_body(server, request)

    def silent(server: RawServer, _request: bytes) -> Iterator[bytes]:
        stop.set()
        server.pause(30)
        yield b""

    for one in (silent, script):
        stop.clear()
        with serving(one) as server:
            http = talk(server, Limits(60, answer_seconds=60), stop=stop)
            with pytest.raises(Interrupted):
                http.read("GET", "/x")
            http.close()


def test_a_stop_lets_a_look_after_a_write_end() -> None:
    """Once something was written, reads tell what became of it and are finished; only writes are held back."""
    stop = threading.Event()

    def script(server: RawServer, _request: bytes) -> Iterator[bytes]:
        stop.set()
        server.pause(0.3)
        yield answer()

    with serving(script) as server:
        http = talk(server, stop=stop)
        http.write("PUT", "/x", json={})
        assert http.read("GET", "/x").body == {}
        http.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of the test."""
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[RawServer]:
    """A server with a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(lambda _server, _request: [answer(b'{"data": 1}')], context) as server:
        yield server


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_own_certificates_hold_on_loopback_too(
    secure: RawServer, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The environment's bundle vouches for a server that no public authority knows."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    http = talk(secure, scheme="https")
    assert http.read("GET", "/x").body == {"data": 1}
    http.close()


def test_a_bundle_that_has_changed_holds_at_once(
    secure: RawServer, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is kept for further connections, as long as the file is the same."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    for trusted in (trustme.CA(), authority, authority):
        trusted.cert_pem.write_to_path(tmp_path / "ca.pem")
        http = talk(secure, scheme="https")
        if trusted is authority:
            assert http.read("GET", "/x").body == {"data": 1}
        else:
            with pytest.raises(RemoteError, match="is not trusted"):
                http.read("GET", "/x")
        http.close()
    assert (len(secure.requests), secure.connections) == (2, 3)


def test_an_unknown_certificate_is_refused_with_the_way_out(secure: RawServer) -> None:
    """Without the bundle nothing is sent, and the message names the variable."""
    http = talk(secure, scheme="https")
    with pytest.raises(RemoteError, match=r"certificate of 127\.0\.0\.1 is not trusted") as caught:
        http.read("GET", "/x")
    http.close()
    assert "SSL_CERT_FILE" in str(caught.value.findings[0].hint)
    assert secure.requests == []


def test_a_bundle_that_is_not_there_is_named(secure: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable and the path are told before anything is sent."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(RemoteError, match=r"SSL_CERT_FILE names /nowhere/ca\.pem"):
        talk(secure, scheme="https")


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
@pytest.mark.parametrize("held", [b"", b"no certificate\n", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_a_bundle_that_holds_no_certificates_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bytes, proxy: str
) -> None:
    """It is told at once, with and without a proxy, and no write is lost: nothing was sent."""
    (tmp_path / "ca.pem").write_bytes(held)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    http = Transport(Service("https://api.example.com", "The server"), None, Budget(None, machine=FakeTime()))
    for call in (http.read, http.write):
        with pytest.raises(RemoteError, match=r"SSL_CERT_FILE names .*ca\.pem, which cannot be read as") as caught:
            call("PUT", "/x", json={})
        assert not isinstance(caught.value, LostAnswer)
    http.close()
    assert http.counts.retries == 0


def test_a_drip_over_tls_has_the_same_deadline(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encryption changes nothing about time."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(dripping_body, context) as server:
        http = talk(server, Limits(0.5, answer_seconds=0.6), scheme="https")
        with pytest.raises(RemoteError, match="answerSeconds"):
            http.read("GET", "/x")
        http.close()


ENDS = (
    answer(b'{"data": 1}'),
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{"data": 1}\r\n0\r\n\r\n',
    answer(b"", status="204 No Content"),
)
STALE = answer(b'{"data": "stale"}')
SURPLUS = (STALE, answer(b'{"data": "stale"}' + b" " * 20_000), STALE[:-1], b"\r\n\r\n")
"""A whole answer, one that is longer than what is read at a time, a part of one, and what is none."""


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_follows_an_answer_is_never_taken_for_the_next(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """A server that answers once too often is asked on another connection, which gives the answer to the question."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    answers = iter([part for end in ENDS for more in SURPLUS for part in (end + more, answer(b'{"data": 2}'))])
    with serving(lambda _server, _request: [next(answers)], context if scheme == "https" else None) as server:
        http = talk(server, scheme=scheme)
        for _ in range(len(ENDS) * len(SURPLUS)):
            http.read("GET", "/x")
            assert http.write("PUT", "/x").body == {"data": 2}
        http.close()
        assert (len(server.requests), server.connections) == (24, 13)
