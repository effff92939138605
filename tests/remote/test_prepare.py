"""Requests go out as ``requests`` would have sent them, and cookies come back to who set them."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from requests_mock import ANY

from dripping import talk
from mocked_pleo import URL, sent
from pleoctl.errors import RemoteError
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from raw_server import RawServer, answer, serving

if TYPE_CHECKING:
    from pathlib import Path

    from requests_mock import Mocker

    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import MakeDesired, MakeWorkspace

REQUESTS: dict[str, Json] = {
    "nothing": {},
    "json": {"json": {"name": "Ünïcode \ud800", "n": [1, None, 0.5]}},
    "null": {"json": None},
    "empty": {"json": {}},
    "own kind": {"json": [], "headers": {"content-type": "application/x-own", "X-Own": "a b"}},
    "instead": {"headers": {"accept": "text/csv", "USER-AGENT": "own", "authorization": "none"}},
    "form": {"data": {"grant": "a b&c", "scope": ["x", "y"]}},
    "text": {"data": "<xml/>", "headers": {"Content-Type": "text/xml"}},
    "both": {"data": "first", "json": {"never": True}},
    "file": {"files": {"file": ("a.pdf", b"%PDF", "application/pdf")}, "data": {"name": "a"}},
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_put_together_as_requests_does_it(
    http: Transport, requests_mock: Mocker, name: str, method: str
) -> None:
    """Header by header, whatever their spelling, and byte by byte."""
    requests_mock.register_uri(ANY, ANY, json={})
    http.read(method, "/x", **REQUESTS[name])
    ours = sent(requests_mock)
    session = requests.Session()
    session.headers.update({"User-Agent": ours.headers["User-Agent"], "Accept": ours.headers["Accept"]})
    session.headers.update({"Accept-Encoding": "gzip, deflate"})
    made = requests.Request(method, f"{URL}/x", **REQUESTS[name])
    made.headers = {**made.headers, "Authorization": ours.headers["Authorization"]}
    theirs = session.prepare_request(made)
    # A border between the parts of a form is drawn by lot.
    lot = re.compile(rb"[0-9a-f]{32}")
    assert {k.lower(): lot.sub(b"", v.encode()) for k, v in ours.headers.items()} == {
        k.lower(): lot.sub(b"", v.encode()) for k, v in theirs.headers.items()
    }
    bodies = [body.encode() if isinstance(body, str) else body or b"" for body in (ours.body, theirs.body)]
    assert lot.sub(b"", bodies[0]) == lot.sub(b"", bodies[1])


@pytest.mark.parametrize("header", [{"X": " a"}, {"X": "a\nb"}, {"X:": "a"}, {" X": "a"}, {"": "a"}, {"X": 1}])
def test_what_no_header_can_be_is_never_sent(http: Transport, requests_mock: Mocker, header: Json) -> None:
    """One sentence, which does not show the value."""
    requests_mock.get(ANY, json={})
    with pytest.raises(RemoteError, match="characters that no header can carry"):
        http.read("GET", "/x", headers=header)
    assert not requests_mock.called


def test_cookies_go_back_to_where_they_came_from() -> None:
    """By their paths and ends; a request that has its own keeps them."""
    heads: list[str] = []

    def script(_server: RawServer, head: bytes) -> list[bytes]:
        heads.append(re.sub(r"(?s).*\r\nCookie: ([^\r]*).*|.*", r"\1", head.decode("latin-1")))
        cookies = ("a=1; Path=/", "b=2; Path=/in", "c=3; Path=/; Secure", "d=4; Max-Age=0")
        return [answer(b"{}", *(f"Set-Cookie: {cookie}" for cookie in cookies))]

    with serving(script) as server:
        http = talk(server)
        for path, headers in (("/x", {}), ("/x", {}), ("/in/x", {}), ("/x", {"Cookie": "e=5"})):
            http.read("GET", path, headers=headers)
        http.close()
    assert heads == ["", "a=1", "b=2; a=1", "e=5"]


@pytest.mark.parametrize("host", ["[2001:db8::5]", "[::ffff:192.0.2.7]", "api.example.com"])
@pytest.mark.parametrize("port", [":8080", ""])
def test_a_server_is_asked_at_its_own_address_and_port(monkeypatch: pytest.MonkeyPatch, host: str, port: str) -> None:
    """Also where its address has colons and the url names no port: that of the scheme is meant."""
    heads: list[bytes] = []
    asked: list[tuple[str, int]] = []

    def script(_server: RawServer, head: bytes) -> list[bytes]:
        heads.append(head)
        return [answer(b"{}")]

    with serving(script) as server:

        def found(at: str, number: int, *_given: object) -> list[tuple[object, ...]]:
            asked.append((at, number))
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port))]

        monkeypatch.setattr(socket, "getaddrinfo", found)
        http = Transport(Service(f"http://{host}{port}", "The server", loopback=True), None, Budget(None))
        http.read("GET", "/x")
        http.close()
    assert asked == [(host.strip("[]"), int(port[1:] or 80))]
    assert f"\r\nHost: {host}{port}\r\n".encode() in heads[0]


def test_a_plan_does_without_requests(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> None:
    """Loading it takes a quarter as long as the plan of a small company."""
    folder: Path = workspace(pleo)
    desired(folder, accounts=[{"externalId": "ext-1000", "code": "1000", "name": "Office Supplies"}])
    code = (
        "import sys; from pleoctl.cli.main import run; code = run(['plan', '--brief']); "
        "print([m for m in ('requests', 'http.cookiejar', 'certifi') if m in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60, cwd=folder
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
