"""What a branch may not do with secrets: only the environment and the user say where they go and which they are."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_books import TOKEN, Books, FakeServer, Reply
from pleoctl.errors import InvalidFile, Refused, SourceError, UsageError
from pleoctl.hosts import Endpoint
from pleoctl.workspace.trust import TrustedHosts
from trusted import ACCOUNTS, http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapes import Json
    from tests.conftest import MakeWorkspace, Said


@contextmanager
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A proxy of the environment that writes down whom it is asked for, and connects nobody."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(4096).decode("latin-1").split("\r\n")[0])
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.getsockname()[1]}")
    yield asked
    # Closing alone wakes nobody who waits in accept.
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


# --- hosts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["export"], ["source", "check"], ["sync"], ["export", "--check"]])
def test_a_host_of_the_branch_gets_nothing(
    command: list[str], workspace: MakeWorkspace, cli: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 before any connection, with the place and both lines that say otherwise; then it goes there."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    monkeypatch.setenv("BOOKS_TOKEN", TOKEN)
    workspace(source=http("https://books.example.net/api"))
    with proxy(monkeypatch) as asked:
        said = cli(*command)
        assert said.code == 3
        assert "pleoctl.yaml:5:" in said.stderr
        assert "PLEOCTL_TRUSTED_HOSTS=books.example.net " in said.stderr
        assert "`pleoctl trust books.example.net`" in said.stderr
        assert asked == []
        monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "other.example, Books.Example.NET:443")
        assert cli(*command).code == 1
        assert {" ".join(line.split()[:2]) for line in asked} == {"CONNECT books.example.net:443"}


def test_the_line_to_set_keeps_what_is_set(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that are trusted already stay in it, and a port that is not the usual one belongs to the host."""
    monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "one.example")
    with pytest.raises(Refused) as caught:
        books.read(http("https://books.example:8443"))
    assert "PLEOCTL_TRUSTED_HOSTS=one.example,books.example:8443 " in str(caught.value.findings[0])


@pytest.mark.parametrize(
    ("source", "host"),
    [
        (http("https://evil.example"), "evil.example"),
        (http("https://[2001:db8::1]:8443"), "[2001:db8::1]:8443"),
        (http("https://10.0.0.1"), "10.0.0.1"),
        (http("https://xn--bcher-kva.example"), "xn--bcher-kva.example"),
        (http("https://api.xero.com.evil.example"), "api.xero.com.evil.example"),
        (
            {"type": "http", "preset": "xero", "variables": {"tenant": "t"}, "baseUrl": "https://evil.example"},
            "evil.example",
        ),
        (
            {"type": "http", "preset": "xero", "variables": {"tenant": "t"}, "baseUrl": "https://api.xero.com:8443"},
            "api.xero.com:8443",
        ),
        (
            {"type": "http", "preset": "netsuite", "variables": {"account": "1234567"}},
            "1234567.suitetalk.api.netsuite.com",
        ),
        ({"type": "http", "preset": "netsuite", "variables": {"account": "evil.example/"}}, "evil.example"),
        ({"type": "http", "preset": "odoo", "baseUrl": "https://company.odoo.com"}, "company.odoo.com"),
        (
            {
                "type": "tryton",
                "baseUrl": "https://evil.example",
                "database": "d",
                "user": "u",
                "password": "env:BOOKS_TOKEN",
            },
            "evil.example",
        ),
    ],
)
def test_only_a_literal_host_of_a_preset_needs_no_trust(
    books: Books, monkeypatch: pytest.MonkeyPatch, source: Json, host: str
) -> None:
    """A preset whose host is given anew, or holds a variable, needs the line as any other source does."""
    for name in ("XERO_TOKEN", "NETSUITE_TOKEN", "ODOO_API_KEY"):
        monkeypatch.setenv(name, "token")
    with proxy(monkeypatch) as asked:
        with pytest.raises(Refused) as caught:
            books.read(source)
        assert f"names {host}, which" in str(caught.value.findings[0])
        assert asked == []


@pytest.mark.parametrize("preset", ["xero", "fortnox", "e-conomic"])
def test_a_presets_own_host_needs_no_trust(books: Books, monkeypatch: pytest.MonkeyPatch, preset: str) -> None:
    """Nobody who uses a preset as it is has anything to set."""
    for name in ("XERO_TOKEN", "FORTNOX_TOKEN", "ECONOMIC_APP_SECRET", "ECONOMIC_AGREEMENT_GRANT"):
        monkeypatch.setenv(name, "token")
    variables = {"variables": {"tenant": "t"}} if preset == "xero" else {}
    with proxy(monkeypatch) as asked:
        with pytest.raises(SourceError, match="could not be reached"):
            books.read({"type": "http", "preset": preset, **variables})
        assert asked


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://127.1",
        "https://books.example.",
        "https://bücher.example",
        "https://books.example\\@evil.example",
        "https://books.example%2f.evil.example",
        "https://books.example/{x}",
        "https://{x}.example",
        "https://books.example:0",
        "https://[::1",
        "https://[a]",
    ],
)
def test_a_spelling_that_readers_disagree_about_is_no_url(
    books: Books, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Also where somebody trusts the host that it seems to name."""
    monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "books.example,127.0.0.1")
    with proxy(monkeypatch) as asked:
        with pytest.raises((InvalidFile, SourceError)):
            books.read(http(url))
        assert asked == []


@pytest.mark.parametrize("account", ["evil.example#", "evil.example?", "u@evil.example", "evil.example\\", "a b", "ü"])
def test_a_variable_cannot_make_a_url_that_is_none(books: Books, monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """What fills in a host is judged together with it."""
    monkeypatch.setenv("NETSUITE_TOKEN", "token")
    with proxy(monkeypatch) as asked:
        with pytest.raises((InvalidFile, SourceError, Refused)):
            books.read({"type": "http", "preset": "netsuite", "variables": {"account": account}})
        assert asked == []


@pytest.mark.parametrize("name", ["Host", "x-forwarded-host", "Transfer-Encoding", "X-HTTP-Method-Override"])
def test_a_branch_cannot_route_past_the_host(server: FakeServer, books: Books, name: str) -> None:
    """Neither a resource nor the credential may set a header that says where a request ends."""
    (books.folder / "host.txt").write_text("evil.example", encoding="utf-8")
    for source in (
        http(server.url, accounts={**ACCOUNTS, "headers": {name: "evil.example"}}),
        http(server.url, auth={"headers": {name: "file:host.txt"}}),
    ):
        with pytest.raises((InvalidFile, Refused)) as caught:
            books.read(source)
        assert "source.baseUrl alone says" in str(caught.value.findings[0])
    assert server.calls == []


def test_a_redirect_takes_no_secret_elsewhere(server: FakeServer, books: Books) -> None:
    """Another host gets no request, and neither does another port of this machine."""
    with closing(FakeServer()) as other:
        server.app = lambda _call: Reply({}, 302, {"Location": f"{other.url}/steal"})
        with pytest.raises(SourceError, match="redirects to"):
            books.read(http(server.url))
        assert other.calls == []


def test_entries_are_hosts_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern, a url or a suffix trusts nobody: it is told as the mistake that it is."""
    there = Endpoint.parse("https://books.example")
    assert there is not None
    for text in ("*.example", "https://books.example", "books.example/x", ".example"):
        monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", text)
        with pytest.raises(UsageError, match="is no host"):
            TrustedHosts().trust(there)
    for text in ("example", "a.books.example", "books.example:80", ""):
        monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", text)
        assert not TrustedHosts().trust(there)


# --- pleoctl trust -------------------------------------------------------------------------------------------------


def test_a_user_trusts_a_host_once(cli: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, books: Books) -> None:
    """`trust HOST` stores it for this user alone; `trust list` shows it with who says so."""
    assert cli("trust", "list").stdout == "No hosts are trusted.\n"
    assert cli("trust", "Books.example:8443").code == 0
    assert "as before" in cli("trust", "books.example:8443").stdout
    monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "one.example")
    said = cli("trust", "list", "--format", "json").json
    assert said["command"] == "trust list"
    listed = said["result"]
    assert [(one["host"], one["origin"] == "PLEOCTL_TRUSTED_HOSTS") for one in listed] == [
        ("one.example", True),
        ("books.example:8443", False),
    ]
    path = listed[1]["origin"]
    assert Path(path).stat().st_mode & 0o077 == 0
    with proxy(monkeypatch) as asked, pytest.raises(SourceError):
        books.read(http("https://books.example:8443"))
    assert asked


@pytest.mark.parametrize("host", ["*.example", "https://a.example", "a.example/x", "2130706433", "a b", "ü.example"])
def test_only_an_exact_host_can_be_trusted(cli: Callable[..., Said], host: str) -> None:
    """Anything else is a usage error, and nothing is stored."""
    assert cli("trust", host).code == 64
    assert cli("trust", "list").stdout == "No hosts are trusted.\n"


def test_init_prints_the_line_of_a_workspace_that_is_there(workspace: MakeWorkspace, cli: Callable[..., Said]) -> None:
    """A newcomer to a repository learns what to set from `init`."""
    workspace(source=http("https://books.example.net"))
    said = cli("init")
    assert said.code == 0
    assert "PLEOCTL_TRUSTED_HOSTS=books.example.net " in said.stderr
    assert "kept pleoctl.yaml" in said.stdout


# --- env: ----------------------------------------------------------------------------------------------------------


# --- file: ---------------------------------------------------------------------------------------------------------


# --- databases -----------------------------------------------------------------------------------------------------


# --- paths ---------------------------------------------------------------------------------------------------------
