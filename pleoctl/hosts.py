"""Servers by meaning: a base url is parsed once, strictly, into a scheme, a host and a port.

Readers of urls disagree about backslashes, user names, blanks, numbers that stand for addresses and letters beyond
ASCII. So a base url that two of them could read differently is none, and where a secret goes is decided by the value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

# Compiled when they are first used: commands that go nowhere do not wait for them.
_BASE_URL: Final = r"(https?)://(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9_.-]+)(?::([0-9]{1,5}))?(/[^\s\\?#\x00-\x20\x7f-\x9f]*)?"
_ENTRY: Final = r"(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9_.-]+)(?::([0-9]{1,5}))?"
_NUMERIC: Final = r"[0-9]+|0[xX][0-9a-fA-F]*"
_PORTS: Final = {"https": 443, "http": 80}
_LAST_PORT: Final = 65535
_LONGEST: Final = 253


class Endpoint(NamedTuple):
    """A server: ``host`` is lower case, an address in its shortest spelling (IPv6 without brackets)."""

    scheme: str
    host: str
    port: int

    @staticmethod
    @lru_cache(maxsize=64)  # the one url of a command is asked for at every turn
    def parse(url: str) -> Endpoint | None:
        """The server of a base url (scheme, host, port, path and nothing else); None where it is none."""
        match = re.fullmatch(_BASE_URL, url)
        return None if match is None else Endpoint.of(match[1], match[2], _port(match[3]))

    @classmethod
    def of(cls, scheme: str, host: str, port: int | None) -> Endpoint | None:
        """The server of a host (IPv6 in brackets) and a port, None meaning the scheme's own; None where it is none."""
        found = _host(host)
        return None if found is None or port == 0 else cls(scheme, found, port or _PORTS[scheme])

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """``host``, with ``:port`` where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def meaning(self) -> str:
        """The same text for every spelling of one server: all names of this machine are one."""
        return f"{'localhost' if self.loopback else self.host}:{self.port}"


class HostEntry(NamedTuple):
    """A host that someone trusts; ``port`` None means whichever."""

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> HostEntry | None:
        """``host`` or ``host:port``; None for anything else, such as a url or a pattern."""
        match = re.fullmatch(_ENTRY, text.strip())
        if match is None:
            return None
        host, port = _host(match[1]), _port(match[2])
        return None if host is None or port == 0 else cls(host, port)

    def names(self, endpoint: Endpoint) -> bool:
        """Whether this is the endpoint's host, and its port where one is given."""
        return self.host == endpoint.host and self.port in {None, endpoint.port}

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def same_server(one: str, other: str) -> bool:
    """Whether two whole urls lead to one scheme, host and port; a url that can be read in two ways leads nowhere."""
    parts = urlsplit(one), urlsplit(other)
    servers = [Endpoint.parse(f"{part.scheme}://{part.netloc}") for part in parts]
    return servers[0] is not None and servers[0] == servers[1]


def server_shown(url: str) -> str:
    """Host and port as a url spells them, without the name and the password that it may hold."""
    return urlsplit(url).netloc.rpartition("@")[2]


def is_loopback(host: str) -> bool:
    """Whether a host, without brackets, is this machine."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _port(text: str | None) -> int | None:
    """The number; None where none is given, 0 where it is no port."""
    if text is None:
        return None
    return int(text) if int(text) <= _LAST_PORT else 0


def _host(text: str) -> str | None:
    if re.fullmatch(_ENTRY, text) is None:
        return None
    if text.startswith("["):
        address = _address(text[1:-1])
        return None if address is None else str(address)
    host = text.lower()
    labels = host.split(".")
    if not all(labels) or len(host) > _LONGEST:
        return None
    # Only four plain decimal numbers are read as the same address everywhere: not 0x7f.1, 2130706433 or 127.1.
    return host if not re.fullmatch(_NUMERIC, labels[-1]) or _address(host) is not None else None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        if ":" not in host:
            return IPv4Address(host)
        address = IPv6Address(host)
    except AddressValueError:
        return None
    # ::ffff:127.0.0.1 reaches 127.0.0.1.
    return address.ipv4_mapped or address
