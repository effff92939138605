"""Keep-alive connections to servers, by ``urllib3``, which is what ``requests`` sends by as well.

Loading ``requests`` takes a quarter as long as a small plan. It is asked where it knows more: of proxies.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry, Timeout
from urllib3.exceptions import LocationParseError, SSLError
from urllib3.util.ssl_ import create_urllib3_context

from pleoctl.remote.deadline import bound

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse

    from pleoctl.remote.deadline import Bounds
    from pleoctl.remote.proxies import Proxies

CONNECT_SECONDS: Final = 10.0
_PORTS: Final = {"https": 443, "http": 80}
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
# What was not sent is sent again above, where the budget is.
_ONCE: Final = Retry(0, read=False)


class NoCertificates(SSLError):
    """Nothing can be read where the certificates are said to be; nothing was sent."""


class Sent(NamedTuple):
    """A request as it goes out; ``url`` is whole, and spelt as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any

    @property
    def origin(self) -> str:
        """The url up to its path."""
        return self.url[: self.url.find("/", self.url.find("//") + 2)]

    @property
    def target(self) -> str:
        """What the server is asked for."""
        return self.url[len(self.origin) :].partition("#")[0]


class Connections:
    """Connections that are found once for each server, told whom to trust, and bounded in what they answer.

    ``trusted`` is a file or a folder of certificates; None: those that the world trusts.
    """

    def __init__(self, bounds: Bounds, trusted: str | None, proxies: Mapping[str, str], *, size: int) -> None:
        """``size`` is how many threads send at a time; ``proxies`` are by scheme, as the environment names them."""
        self._bounds, self._trusted, self._size = bounds, trusted, size
        limits = bounds.limits
        self._timeout = Timeout(connect=min(CONNECT_SECONDS, limits.timeout), read=limits.timeout)
        self._finding = threading.Lock()
        self._pools: dict[str, Any] = {}
        self._proxies = _through(proxies, trusted, size) if proxies else None

    def send(self, sent: Sent) -> BaseHTTPResponse:
        """One request, never repeated; the answer's body is still to be read.

        Raises `NoCertificates`, what ``urllib3`` raises, and ``requests`` where it does not know a proxy.
        """
        pool = self._pools.get(sent.origin) or self._found(sent)
        answer: BaseHTTPResponse = pool.urlopen(
            sent.method,
            sent.target if self._proxies is None else self._proxies.target(sent.url),
            sent.body,
            sent.headers,
            retries=_ONCE,
            redirect=False,
            assert_same_host=False,
            timeout=self._timeout,
            chunked=sent.body is not None and "Content-Length" not in sent.headers,
            preload_content=False,
            decode_content=False,
        )
        return answer

    def close(self) -> None:
        """Close those that nobody uses any more."""
        with self._finding:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()
        if self._proxies is not None:
            self._proxies.close()

    def _found(self, sent: Sent) -> Any:
        with self._finding:
            if sent.origin not in self._pools:
                pool = self._opened(sent.url) if self._proxies is None else self._proxied(sent.url, self._proxies)
                pool.ConnectionCls = bound(pool.ConnectionCls)
                pool.conn_kw = {**pool.conn_kw, "bounds": self._bounds}
                self._pools[sent.origin] = pool
            return self._pools[sent.origin]

    def _proxied(self, url: str, proxies: Proxies) -> Any:
        if self._trusted is not None and url.startswith("https:"):
            # Each connection reads them by itself, and cannot tell that from a connection that broke off.
            _trusting(self._trusted)
        return proxies.pool(url)

    def _opened(self, url: str) -> Any:
        at = urlsplit(url)
        try:
            # Always a number: without one the end of an IPv6 address is taken for it.
            host, port = at.hostname or "", at.port or _PORTS[at.scheme]
        except (ValueError, KeyError):
            raise LocationParseError(url) from None
        if at.scheme == "http":
            return HTTPConnectionPool(host, port, maxsize=self._size)
        context = _trusting(self._trusted)
        return HTTPSConnectionPool(host, port, maxsize=self._size, cert_reqs="CERT_REQUIRED", ssl_context=context)


def named_certificates() -> tuple[str, str]:
    """The variable that names certificates, and the file or folder that it names; empty texts where none does."""
    return next(((name, path) for name in _BUNDLES if (path := os.environ.get(name))), ("", ""))


def _through(proxies: Mapping[str, str], trusted: str | None, size: int) -> Proxies:
    from pleoctl.remote.proxies import Proxies

    return Proxies(proxies, trusted, size)


def _trusting(place: str | None) -> ssl.SSLContext:
    """What proves that servers are who they say. Raises `NoCertificates`."""
    import certifi  # what goes to this machine needs none

    known = Path(place or certifi.where())
    try:
        at = known.stat()
        return _context(known, at.st_mtime_ns, at.st_size)
    except OSError as error:
        raise NoCertificates(error) from error


@lru_cache(maxsize=8)
def _context(place: Path, _written: int, _size: int) -> ssl.SSLContext:
    """Reading the certificates takes as long as planning four small companies, so connections share them."""
    context = create_urllib3_context()
    folder = place.is_dir()
    context.load_verify_locations(None if folder else place, place if folder else None)
    return context
