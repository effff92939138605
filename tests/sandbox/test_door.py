"""What a web page could send to a sandbox is refused; what programs send is not."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox

JSON = {"Content-Type": "application/json"}


def _raw(pleo: Sandbox, lines: str, body: bytes = b"") -> int:
    """The status of a request as it is spelt."""
    port = int(pleo.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(lines.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "127.0.0.1"])
@pytest.mark.parametrize("path", ["/_sandbox/state", "/v1/introspect"])
def test_its_own_names_are_answered(pleo: Sandbox, host: str, path: str) -> None:
    """Loopback by any of its names, with its port, a forwarded one or none."""
    headers = {"Host": host.format(port=pleo.url.rpartition(":")[2])}
    assert requests.get(pleo.url + path, headers=headers, auth=(pleo.api_key, ""), timeout=5).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "books.example.net",
        "127.0.0.1.example.net:80",
        "localhost.",
        "127.0.0.2",
        "[::2]",
        "[::1].evil:1",
        "evil@localhost",
        "",
        "[",
        "a b",
    ],
)
@pytest.mark.parametrize("path", ["/_sandbox/state", "/v1/introspect", "/v0/nowhere"])
def test_another_host_is_refused(pleo: Sandbox, host: str, path: str) -> None:
    """A name that points here is not ours; the call is neither counted nor carried out."""
    assert 400 <= _raw(pleo, f"GET {path} HTTP/1.1\nHost: {host}") < 500
    assert pleo.stats()["total"] == 0


def test_a_request_without_a_host_is_refused(pleo: Sandbox) -> None:
    """HTTP/1.0 lets a client say no name; no client of ours does."""
    assert _raw(pleo, "GET /_sandbox/state HTTP/1.0") == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://books.example.net"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_is_refused(pleo: Sandbox, headers: dict[str, str]) -> None:
    """What a browser says about the page that calls is believed, on every path and with the right content type."""
    for path in ("/_sandbox/reset", "/v1/installations/me"):
        answer = requests.post(pleo.url + path, data="{}", headers={**JSON, **headers}, timeout=5)
        assert answer.status_code == 403
    assert pleo.stats()["total"] == 0


def test_its_own_pages_and_programs_are_let_in(pleo: Sandbox) -> None:
    """An Origin on loopback and a typed address are no other site."""
    for headers in ({"Origin": pleo.url}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}):
        answer = requests.post(f"{pleo.url}/_sandbox/reset", data="{}", headers={**JSON, **headers}, timeout=5)
        assert answer.status_code == 200


@pytest.mark.parametrize("path", ["reset", "settings", "faults"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None])
def test_control_paths_take_only_json(pleo: Sandbox, path: str, kind: str | None) -> None:
    """Whatever a plain form can send changes nothing."""
    pleo.put_account("kept")
    headers = {} if kind is None else {"Content-Type": kind}
    answer = requests.post(f"{pleo.url}/_sandbox/{path}", data=b"{}", headers=headers, timeout=5)
    assert answer.status_code == 415
    assert any(account["externalId"] == "kept" for account in pleo.state()["accounts"])


def test_control_paths_take_json_with_a_charset_and_nothing_at_all(pleo: Sandbox) -> None:
    """Parameters of the content type do not count, and where there is no body there is nothing to take."""
    reset = f"{pleo.url}/_sandbox/reset"
    assert requests.post(reset, data="{}", headers={"Content-Type": "Application/JSON; x=1"}, timeout=5).ok
    assert requests.post(reset, timeout=5).ok
    assert requests.delete(f"{pleo.url}/_sandbox/faults", timeout=5).ok


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit of bodies that a test can reach."""
    monkeypatch.setattr("pleoctl.sandbox.app.MOST_BODY", 1_000)
    return 1_000


def test_a_body_beyond_the_limit_is_refused(pleo: Sandbox, small: int) -> None:
    """With a length or in chunks, the answer is 413 and the call is not counted."""
    length = f"POST /_sandbox/reset HTTP/1.1\nHost: localhost\nContent-Length: {small + 1}"
    assert _raw(pleo, length, b"x" * (small + 1)) == 413
    chunked = "POST /v1/installations/me HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked"
    assert _raw(pleo, chunked, f"{small + 1:x}\r\n".encode() + b"x" * (small + 1) + b"\r\n0\r\n\r\n") == 413
    assert pleo.stats()["total"] == 0


def test_headers_beyond_the_limit_are_refused(pleo: Sandbox) -> None:
    """Headers without end are no call."""
    assert 400 <= _raw(pleo, f"GET /_sandbox/state HTTP/1.1\nHost: localhost\nX: {'x' * 100_000}") < 500
