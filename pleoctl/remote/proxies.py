"""Connections through the proxies that the environment names, as ``requests`` makes them: it knows every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Proxies:
    """The way to servers of the world outside."""

    def __init__(self, named: Mapping[str, str], trusted: str | None, size: int) -> None:
        """``named`` are by scheme; ``trusted`` and ``size`` are those of `Connections`."""
        self._named, self._trusted = dict(named), trusted or True
        self._adapter = HTTPAdapter(pool_connections=2, pool_maxsize=size)

    def pool(self, url: str) -> Any:
        """The connections to a server. Raises what ``requests`` raises."""
        request = _asking(url)
        pool: Any = self._adapter.get_connection_with_tls_context(request, self._trusted, self._named)
        self._adapter.cert_verify(pool, url, self._trusted, None)  # type: ignore[no-untyped-call]  # its stubs
        return pool

    def target(self, url: str) -> str:
        """What a server is asked for; a proxy without TLS is told the server as well."""
        return str(self._adapter.request_url(_asking(url), self._named))

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


def _asking(url: str) -> PreparedRequest:
    request = PreparedRequest()
    request.method, request.url, request.headers = "GET", url, CaseInsensitiveDict()
    return request
