"""Proxies: named where they fail, bounded where they drip."""

from __future__ import annotations

import pytest

from clocks import FakeTime
from dripping import dripping_head, talk
from pleoctl.errors import RemoteError
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import LostAnswer
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.workspace.limits import Limits
from raw_server import answer, serving


def through(port: int, monkeypatch: pytest.MonkeyPatch, limits: Limits | None = None) -> Transport:
    """A transport to the world outside through a proxy that has a password."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{port}")
    service = Service("https://api.example.com", "The server", limits or Limits(2.0))
    return Transport(service, None, Budget(None, machine=FakeTime()))


@pytest.mark.parametrize(
    ("status", "tries"),
    [("407 Proxy Authentication Required", 1), ("403 Forbidden", 1), ("502 Bad Gateway", 6), ("429 Slow", 6)],
)
@pytest.mark.parametrize("method", ["read", "write"])
def test_a_proxy_that_does_not_connect_is_named(
    monkeypatch: pytest.MonkeyPatch, status: str, tries: int, method: str
) -> None:
    """Its address (without its password) and status are told; what passes is tried again, and no write is lost."""
    with serving(lambda _server, _request: [answer(status=status)]) as proxy:
        http = through(proxy.port, monkeypatch)
        with pytest.raises(RemoteError, match=rf"the proxy http://127\.0\.0\.1:\d+ did not connect.*{status[:3]}") as e:
            getattr(http, method)("PUT", "/x", json={})
        http.close()
        assert not isinstance(e.value, LostAnswer)
        assert "secret" not in str(e.value)
        assert len(proxy.requests) == tries


def test_a_write_goes_again_after_a_refused_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that answered nothing usable first has passed nothing on; the next try reaches it."""
    statuses = iter(["502 Bad Gateway", "503 Busy", "407 Proxy Authentication Required"])
    with serving(lambda _server, _request: [answer(status=next(statuses))]) as proxy:
        http = through(proxy.port, monkeypatch)
        with pytest.raises(RemoteError, match="407") as caught:
            http.write("POST", "/x", json={})
        http.close()
        assert not isinstance(caught.value, LostAnswer)
    assert "HTTPS_PROXY" in str(caught.value.findings[0].hint)


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the server but the proxy cannot be reached."""
    with serving(lambda _server, _request: []) as gone:
        port = gone.port
    http = through(port, monkeypatch)
    with pytest.raises(RemoteError, match=rf"no connection to the proxy http://127\.0\.0\.1:{port}"):
        http.write("PUT", "/x", json={})
    http.close()


def test_a_proxy_that_drips_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to CONNECT is an answer like any other, and nothing was passed on."""
    with serving(dripping_head) as proxy:
        http = through(proxy.port, monkeypatch, Limits(0.2, answer_seconds=0.3))
        with pytest.raises(RemoteError, match="proxy") as caught:
            http.write("PUT", "/x", json={})
        http.close()
    assert not isinstance(caught.value, LostAnswer)


@pytest.mark.parametrize(
    "url", ["nonsense://", "http://[", "http://[::1", ":::", "http://a b", "http://x:y", "ftp://x"]
)
def test_a_proxy_that_makes_no_sense_is_a_sentence(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Whatever HTTPS_PROXY holds, the message names the proxy as what is wrong, and the variable."""
    http = through(9, monkeypatch)
    http.close()
    monkeypatch.setenv("HTTPS_PROXY", url)
    service = Service("https://api.example.com", "The server", Limits(2.0))
    with pytest.raises(RemoteError, match="the proxy that the environment names is not a url"):
        Transport(service, None, Budget(None, machine=FakeTime())).read("GET", "/x")


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:9", "socks5h://127.0.0.1:9"])
def test_a_proxy_of_another_kind_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Not the server but the proxy cannot be reached, or this kind of it is not known here."""
    monkeypatch.setenv("HTTPS_PROXY", url)
    service = Service("https://api.example.com", "The server", Limits(2.0))
    with pytest.raises(RemoteError, match=rf"the proxy {url}"):
        Transport(service, None, Budget(None, machine=FakeTime())).read("GET", "/x")


def test_loopback_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is for the world outside."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(lambda _server, _request: [answer(b'{"data": 1}')]) as server:
        http = talk(server)
        assert http.read("GET", "/x").body == {"data": 1}
        http.close()


def test_a_proxy_leads_to_any_number_of_servers_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told whole who is asked, and its own connections serve for all of them."""
    with serving(lambda _server, _request: [answer(b'{"data": 1}')]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@127.0.0.1:{proxy.port}")
        http = Transport(Service("http://a.example", "The server", Limits(2.0)), None, Budget(None, machine=FakeTime()))
        for host in ("a", "b", "c", "d", "a"):
            assert http.read("POST", f"http://{host}.example/x?y=1#z", json={}).body == {"data": 1}
        http.close()
    assert http.counts.retries == 0
    assert proxy.requests == [f"POST http://{host}.example/x?y=1 HTTP/1.1" for host in "abcda"]
