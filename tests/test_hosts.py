"""Servers by meaning: one value for every spelling, none for what readers of urls disagree about."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from pleoctl.hosts import Endpoint, HostEntry


@pytest.mark.parametrize(
    "urls",
    [
        [
            "http://127.0.0.1:8080",
            "http://localhost:8080",
            "http://[::1]:8080",
            "http://LOCALHOST:8080/",
            "https://127.0.0.1:8080",
            "http://[0:0:0:0:0:0:0:1]:8080",
            "http://[::ffff:127.0.0.1]:8080",
            "http://127.1.2.3:8080",
        ],
        ["https://external.pleo.io", "https://EXTERNAL.pleo.io:443", "https://external.pleo.io/"],
        ["https://[2001:db8::1]", "https://[2001:0DB8:0:0::1]:443"],
    ],
)
def test_spellings_of_one_server_are_one(urls: list[str]) -> None:
    """Case, default ports, forms of an address, and all names of this machine."""
    found = [Endpoint.parse(url) for url in urls]
    assert len({one.meaning for one in found if one}) == 1
    assert None not in found


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.",
        "https://a..example",
        "https://.example",
        "https://0x7f.1",
        "https://2130706433",
        "https://127.1",
        "https://0177.0.0.1",
        "https://1.2.3.4.5",
        "https://010.1.1.1",
        "https://1.2.3.0x4",
        "https://me@a.example",
        "https://a.example\\@b.example",
        "https://a.example\\b",
        "https://bücher.example",
        "https://a。example",
        "https://a.example?q",
        "https://a.example#q",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://[a]",
        "https://a.example/\n",
        "https://a.example /",
        "ftp://a.example",
        "//a.example",
        "https://",
        "https:a.example",
        "https://a.example/x\\@b.example/",
        "https://{a}.example",
        "https://" + "a." * 130 + "b",
    ],
)
def test_what_readers_disagree_about_is_no_server(url: str) -> None:
    """User names, odd numbers, trailing dots, other scripts, parts beyond the path."""
    assert Endpoint.parse(url) is None


@given(st.text("htps:/@\\.[]1x#?% ae。\n\t-", max_size=40))
def test_whatever_is_accepted_is_where_a_request_goes(tail: str) -> None:
    """Python's and urllib3's readers see the same host."""
    url = f"https://{tail}"
    found = Endpoint.parse(url)
    if found is not None and ":" not in found.host:
        assert (urlsplit(url).hostname or "") == found.host
        assert parse_url(url).host == found.host


def test_an_entry_is_one_host_and_perhaps_one_port() -> None:
    """No suffixes, no patterns, no urls; without a port all ports are meant."""
    there = Endpoint("https", "books.example", 8443)
    wanted = {"books.example": True, " BOOKS.example:8443 ": True, "books.example:443": False, "example": False}
    for text, names in wanted.items():
        entry = HostEntry.parse(text)
        assert entry is not None
        assert entry.names(there) is names
    for text in ("*.example", "https://a.example", "a.example/", "a.example:0", "", ".example", "a b", "2130706433"):
        assert HostEntry.parse(text) is None
    assert [str(HostEntry.parse(text)) for text in ("[::1]:80", "A.b", "a.b:1")] == ["[::1]:80", "a.b", "a.b:1"]
