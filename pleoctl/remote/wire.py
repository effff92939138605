"""One request and its answer over the network; what goes wrong is told as what it means.

Everything above this file knows only `Reply`, `Unanswered` and the errors of the family.
"""

from __future__ import annotations

import http
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    InvalidHeader,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import ProxyError as ProxyFault

from pleoctl import __version__
from pleoctl.hosts import server_shown
from pleoctl.remote.connections import Connections, NoCertificates, Sent, named_certificates
from pleoctl.remote.cookies import Cookies
from pleoctl.remote.deadline import AnswerTooLong
from pleoctl.remote.errors import Unanswered, is_doubtful
from pleoctl.remote.prepare import UnfitHeader, put, put_body, replace, with_query
from pleoctl.remote.service import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3 import BaseHTTPResponse

    from pleoctl.remote.auth import Auth
    from pleoctl.remote.deadline import Bounds
    from pleoctl.remote.service import Service

TRIES: Final = 6
TIMEOUT_TRIES: Final = 3
# An answer that does not end took ten times as long as one that does not begin.
ENDLESS_TRIES: Final = 2
_PIECE: Final = 256 * 1024
_MEBIBYTE: Final = 1024 * 1024
_UNASKED: Final = frozenset({"br", "zstd", "compress", "x-compress"})
"""Packings of which it depends on the machine whether they can be undone, and within which bounds."""
_STATUS: Final = re.compile(r"\b([1-5]\d\d)\b")
_COMMON: Final = {
    "User-Agent": f"pleoctl/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
}


class Wire:
    """Keep-alive connections to one service."""

    def __init__(self, service: Service, auth: Auth, bounds: Bounds, *, pool: int = 16) -> None:
        """Proxies and certificates are the environment's. Raises the service's failure for a missing bundle."""
        self._service, self._auth = service, auth
        # The environment is read here, once, and not at every request. Proxies are for the world outside.
        self._proxies = {} if service.loopback else _proxies(service.url)
        self._bundle = name, path = named_certificates()
        if path and not Path(path).exists():
            raise self._no_bundle(f"{name} names {path}, which is not there")
        self._connections = Connections(bounds, path or None, self._proxies, size=pool)
        self._cookies = Cookies()

    def close(self) -> None:
        """Give the connections back."""
        self._connections.close()

    def send(self, method: str, url: str, request: Mapping[str, Any]) -> Reply:
        """One request, never repeated. Raises `Unanswered`, or the service's failure where no other try can help."""
        try:
            sent = self._prepared(method, url, request)
        except ValueError as error:
            raise self._unsendable(error, method, url) from error
        answered = False
        try:
            # Redirects are judged above.
            response = self._connections.send(sent)
            answered = True
            try:
                if "Set-Cookie" in response.headers:
                    self._cookies.take(sent.url, response.headers)
                return Reply(response.status, response.headers, self._content(response))
            finally:
                response.close()
                response.release_conn()
        except (HTTPError, ValueError, OSError) as error:  # those of requests are OSErrors
            raise self._meaning(error, method, url, answered=answered) from error

    def _prepared(self, method: str, url: str, request: Mapping[str, Any]) -> Sent:
        """What goes out."""
        at = with_query(url, request.get("params"))
        headers = _COMMON | {}
        for name, value in (request.get("headers") or {}).items():
            put(headers, name, value)
        self._cookies.give(at, headers)
        body = put_body(headers, method, request)
        for name, value in self._auth.proof().items():
            replace(headers, name, value)
        return Sent(method, at, headers, body)

    def _content(self, response: BaseHTTPResponse) -> bytes:
        packing = response.headers.get("Content-Encoding", "")
        if "," in packing or packing.lower() in _UNASKED:
            how = "more than once" if "," in packing else f"as {packing}, which was not asked for"
            raise Unanswered(f"the answer is packed {how}", sent=True, tries=1, status=response.status)
        pieces, size, most = [], 0, self._service.limits.answer_bytes
        while piece := response.read(_PIECE, decode_content=True):
            size += len(piece)
            if size > most:
                raise Unanswered(
                    f"the answer is larger than {_size(most)} (answerBytes)",
                    sent=True,
                    tries=1,
                    status=response.status,
                    hint="raise answerBytes if the server is honest",
                )
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    # --- the environment ---------------------------------------------------------------------------------------

    def _no_bundle(self, words: str) -> Exception:
        return self._service.failure(words, hint="name a file of certificates, or unset it")

    def _proxy(self) -> str:
        """The proxy in use, without its credential; its url can be taken apart, since something was sent to it."""
        named = self._proxies
        url = named.get(urlsplit(self._service.url).scheme) or named.get("all") or ""
        return f"{urlsplit(url).scheme}://{server_shown(url)}" if urlsplit(url).netloc else "of the environment"

    def _is_socks(self) -> bool:
        """Whether a proxy is in use of which no error says that it was the proxy."""
        return self._proxy().startswith("socks")

    # --- what went wrong ---------------------------------------------------------------------------------------

    def _unsendable(self, error: Exception, method: str, url: str) -> Exception:
        """A request that cannot even be put together; its values are no matter for a message."""
        what = f"{method} {urlsplit(url).path} cannot be sent"
        if isinstance(error, UnfitHeader | UnicodeError):
            return self._service.failure(
                f"{what}: one of its headers has characters that no header can carry",
                hint="take line breaks, blanks at the start and letters beyond Latin-1 out of it",
            )
        if isinstance(error, LocationValueError):
            return self._service.failure(f"{what}: {url!r} is no url that can be asked")
        return self._service.failure(f"{what}: {type(error).__name__}")

    def _meaning(self, error: Exception, method: str, url: str, *, answered: bool) -> Exception:
        """What an error means; ``answered``: an answer had begun."""
        inner = list(_inside(error))
        limits = self._service.limits
        of_proxy = self._proxy_fault(error, inner, url) if self._proxies else None
        if of_proxy is not None:
            return of_proxy
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in inner):
            return self._service.failure(
                f"the TLS certificate of {urlsplit(url).hostname} is not trusted",
                hint="SSL_CERT_FILE may name your own certificates",
            )
        if any(isinstance(one, NewConnectionError | ConnectTimeoutError) for one in inner):
            place = f"the proxy {self._proxy()}" if self._is_socks() else _reason(inner, url)
            return Unanswered(f"no connection to {place}", sent=False, tries=_connect_tries(inner))
        if any(isinstance(one, AnswerTooLong) for one in inner):
            words = f"the answer did not end within {limits.answer_seconds:g} s (answerSeconds)"
            return Unanswered(words, sent=True, tries=ENDLESS_TRIES)
        if any(isinstance(one, ReadTimeoutError | TimeoutError) for one in inner):
            return Unanswered(
                f"no answer in time: nothing for {limits.timeout:g} s (timeoutSeconds)", sent=True, tries=TIMEOUT_TRIES
            )
        return self._other_meaning(error, method, url, answered=answered)

    def _other_meaning(self, error: Exception, method: str, url: str, *, answered: bool) -> Exception:
        if isinstance(error, NoCertificates):
            said = " names ".join(self._bundle) if self._bundle[0] else "certifi brings a file"
            return self._no_bundle(f"{said}, which cannot be read as certificates")
        if isinstance(error, DecodeError | InvalidHeader):
            return Unanswered(f"the answer is unreadable ({type(error).__name__})", sent=True, tries=TRIES)
        if isinstance(error, ValueError):
            return self._unsendable(error, method, url)
        if isinstance(error, OSError):
            return self._service.failure(f"{method} {urlsplit(url).path} cannot be sent: {error}")
        if answered:
            return Unanswered("the answer broke off", sent=True, tries=TRIES)
        secured = any(isinstance(one, SSLError) for one in (error, getattr(error, "reason", None)))
        return Unanswered(f"the {'TLS ' * secured}connection broke off", sent=True, tries=TRIES)

    def _proxy_fault(self, error: Exception, inner: list[BaseException], url: str) -> Exception | None:
        """What is wrong with the proxy; None where it is something else."""
        from requests.exceptions import InvalidProxyURL, InvalidSchema, InvalidURL  # which proxies are made by

        if any(isinstance(one, InvalidProxyURL) for one in inner):
            return self._no_proxy_url()
        if any(isinstance(one, ProxyFault) or _of_proxy(one) for one in inner):
            return self._proxy_meaning(inner, url)
        if isinstance(error, InvalidSchema):
            return self._service.failure(f"the proxy {self._proxy()} speaks what is not known here: {error}")
        # The request's own url was put together before; the proxy's is read when it is sent.
        return self._no_proxy_url() if isinstance(error, InvalidURL | LocationValueError) else None

    def _no_proxy_url(self) -> Exception:
        return self._service.failure(
            "the proxy that the environment names is not a url (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY)",
            hint="write http://host:port",
        )

    def _proxy_meaning(self, inner: list[BaseException], url: str) -> Exception:
        """A proxy that does not connect has passed nothing on."""
        proxy = f"the proxy {self._proxy()}"
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in inner):
            return self._service.failure(f"the TLS certificate of {proxy} is not trusted")
        status = _tunnel_status(inner)
        if status is None:
            return Unanswered(f"no connection to {proxy}", sent=False, tries=_connect_tries(inner))
        words = f"{proxy} did not connect to {urlsplit(url).hostname}: {status} {_phrase(status)}"
        if is_doubtful(status) or status == http.HTTPStatus.TOO_MANY_REQUESTS:
            return Unanswered(words, sent=False, tries=TRIES)
        hint = (
            "give its user and password in HTTPS_PROXY"
            if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
            else None
        )
        return self._service.failure(words, hint=hint)


def _proxies(url: str) -> dict[str, str]:
    """The proxies for a server, by scheme."""
    from urllib.request import getproxies  # not for what is on this machine

    if not getproxies():
        return {}
    from requests.utils import get_environ_proxies

    return dict(get_environ_proxies(url, None))


def _inside(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made of, which libraries keep in three places."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            # Not its context: that is whatever was being handled when the request was made.
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__]


def _of_proxy(error: BaseException) -> bool:
    """Whether a time-out came while a proxy was asked to connect: it names the proxy's url, any other a path."""
    return isinstance(error, ReadTimeoutError) and "://" in (error.url or "")


def _reason(inner: list[BaseException], url: str) -> str:
    place = server_shown(url)
    if any(isinstance(one, NameResolutionError) for one in inner):
        return f"{place}: its name is not known"
    return f"{place}: {'refused' if any(isinstance(one, ConnectionRefusedError) for one in inner) else 'no answer'}"


def _connect_tries(inner: list[BaseException]) -> int:
    slow = any(isinstance(one, ConnectTimeoutError) for one in inner)
    refused = any(isinstance(one, NewConnectionError) for one in inner)  # a kind of time-out to urllib3
    return TIMEOUT_TRIES if slow and not refused else TRIES


def _tunnel_status(inner: list[BaseException]) -> int | None:
    """What a proxy answered to CONNECT; ``http.client`` tells it in words only."""
    words = [str(one) for one in inner if type(one) is OSError and "Tunnel connection failed" in str(one)]
    found = _STATUS.search(words[0]) if words else None
    return int(found[1]) if found else None


def _phrase(status: int) -> str:
    return http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else ""


def _size(count: int) -> str:
    return f"{count // _MEBIBYTE} MiB" if count >= _MEBIBYTE else f"{count} bytes"
