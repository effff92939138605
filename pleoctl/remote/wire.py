"""One request and its answer over the network, by ``requests``; what goes wrong is told as what it means.

Everything above this file knows only `Reply`, `Unanswered` and the errors of the family.
"""

from __future__ import annotations

import http
import os
import re
import ssl
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar
from requests.utils import get_environ_proxies
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProxyError as ProxyFault

from pleoctl import __version__
from pleoctl.hosts import server_shown
from pleoctl.remote.deadline import AnswerTooLong, BoundedAdapter, Bounds
from pleoctl.remote.errors import Unanswered, is_doubtful
from pleoctl.remote.service import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.remote.auth import Auth
    from pleoctl.remote.service import Service

CONNECT_SECONDS: Final = 10.0
TRIES: Final = 6
TIMEOUT_TRIES: Final = 3
# An answer that does not end took ten times as long as one that does not begin.
ENDLESS_TRIES: Final = 2
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PIECE: Final = 256 * 1024
_MEBIBYTE: Final = 1024 * 1024
_PART: Final = r"[0-9A-Za-z_:-][0-9A-Za-z_.:-]*"
_PLAIN: Final = re.compile(rf"([^/?#]+//[^/?#]*/)({_PART}(?:/{_PART})*)")
"""A url up to its path, and a path of which nothing has to be spelt otherwise."""
_UNASKED: Final = frozenset({"br", "zstd", "compress", "x-compress"})
"""Packings of which it depends on the machine whether they can be undone, and within which bounds."""
_STATUS: Final = re.compile(r"\b([1-5]\d\d)\b")


class Wire:
    """Keep-alive connections to one service."""

    def __init__(self, service: Service, auth: Auth, bounds: Bounds, *, pool: int = 16) -> None:
        """Proxies and certificates are the environment's. Raises the service's failure for a missing bundle."""
        self._service, self._auth, self._bounds = service, auth, bounds
        self._timeout = (min(CONNECT_SECONDS, service.limits.timeout), service.limits.timeout)
        self._headers = {
            "User-Agent": f"pleoctl/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }
        # The environment is read here, once, and not at every request. Proxies are for the world outside.
        self._proxies = {} if service.loopback else dict(get_environ_proxies(service.url, None))
        self._verify = self._bundle()
        self._adapter = BoundedAdapter(bounds, pool=pool)
        self._cookies = RequestsCookieJar()

    def close(self) -> None:
        """Give the connections back."""
        self._adapter.close()

    def send(self, method: str, url: str, request: Mapping[str, Any]) -> Reply:
        """One request, never repeated. Raises `Unanswered`, or the service's failure where no other try can help."""
        try:
            prepared = self._prepared(method, url, request)
        except (requests.RequestException, ValueError) as error:
            raise self._unsendable(error, method, url) from error
        try:
            # Not by a session, which would look for redirects, hooks and cookies; redirects are judged above.
            with self._adapter.send(
                prepared, stream=True, timeout=self._timeout, verify=self._verify, proxies=self._proxies
            ) as response:
                if "Set-Cookie" in response.headers:
                    extract_cookies_to_jar(self._cookies, prepared, response.raw)  # type: ignore[no-untyped-call]  # its stubs
                return Reply(response.status_code, response.headers, self._content(response))
        except (requests.RequestException, HTTPError, ValueError, OSError) as error:
            raise self._meaning(error, method, url) from error

    def _prepared(self, method: str, url: str, request: Mapping[str, Any]) -> requests.PreparedRequest:
        """What goes out: as a session prepares it, without asking anew what never changes."""
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        prepared.url = _with_query(url, request.get("params"))
        prepared.prepare_headers({**self._headers, **(request.get("headers") or {})})
        if len(self._cookies):
            prepared.prepare_cookies(self._cookies)
        prepared.prepare_body(request.get("data"), request.get("files"), request.get("json"))
        return self._auth(prepared)

    def _content(self, response: requests.Response) -> bytes:
        packing = response.headers.get("Content-Encoding", "")
        if "," in packing or packing.lower() in _UNASKED:
            how = "more than once" if "," in packing else f"as {packing}, which was not asked for"
            raise Unanswered(f"the answer is packed {how}", sent=True, tries=1, status=response.status_code)
        pieces, size, most = [], 0, self._service.limits.answer_bytes
        while piece := response.raw.read(_PIECE, decode_content=True):
            size += len(piece)
            if size > most:
                raise Unanswered(
                    f"the answer is larger than {_size(most)} (answerBytes)",
                    sent=True,
                    tries=1,
                    status=response.status_code,
                    hint="raise answerBytes if the server is honest",
                )
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    # --- the environment ---------------------------------------------------------------------------------------

    def _bundle(self) -> str | bool:
        for name in _BUNDLES:
            path = os.environ.get(name)
            if path and not Path(path).exists():
                raise self._service.failure(
                    f"{name} names {path}, which is not there", hint="name a file of certificates, or unset it"
                )
            if path:
                return path
        return True

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
        if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
            return self._service.failure(
                f"{what}: one of its headers has characters that no header can carry",
                hint="take line breaks, blanks at the start and letters beyond Latin-1 out of it",
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
            return self._service.failure(f"{what}: {url!r} is no url that can be asked")
        return self._service.failure(f"{what}: {type(error).__name__}")

    def _meaning(self, error: Exception, method: str, url: str) -> Exception:
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
        if any(isinstance(one, NewConnectionError | ConnectTimeoutError | requests.ConnectTimeout) for one in inner):
            place = f"the proxy {self._proxy()}" if self._is_socks() else _reason(inner, url)
            return Unanswered(f"no connection to {place}", sent=False, tries=_connect_tries(inner))
        if any(isinstance(one, AnswerTooLong) for one in inner):
            words = f"the answer did not end within {limits.answer_seconds:g} s (answerSeconds)"
            return Unanswered(words, sent=True, tries=ENDLESS_TRIES)
        if any(isinstance(one, requests.Timeout | TimeoutError) for one in inner):
            return Unanswered(
                f"no answer in time: nothing for {limits.timeout:g} s (timeoutSeconds)", sent=True, tries=TIMEOUT_TRIES
            )
        return self._other_meaning(error, method, url)

    def _other_meaning(self, error: Exception, method: str, url: str) -> Exception:
        if isinstance(error, requests.exceptions.SSLError):
            return Unanswered("the TLS connection broke off", sent=True, tries=TRIES)
        if isinstance(error, requests.ConnectionError):
            return Unanswered("the connection broke off", sent=True, tries=TRIES)
        if isinstance(
            error, DecodeError | requests.exceptions.ContentDecodingError | requests.exceptions.InvalidHeader
        ):
            return Unanswered(f"the answer is unreadable ({type(error).__name__})", sent=True, tries=TRIES)
        if isinstance(error, ValueError):
            return self._unsendable(error, method, url)
        if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
            return self._service.failure(f"{method} {urlsplit(url).path} cannot be sent: {error}")
        return Unanswered("the answer broke off", sent=True, tries=TRIES)

    def _proxy_fault(self, error: Exception, inner: list[BaseException], url: str) -> Exception | None:
        """What is wrong with the proxy; None where it is something else."""
        if any(isinstance(one, ProxyFault | requests.exceptions.ProxyError) or _of_proxy(one) for one in inner):
            return self._proxy_meaning(inner, url)
        if isinstance(error, requests.exceptions.InvalidSchema):
            return self._service.failure(f"the proxy {self._proxy()} speaks what is not known here: {error}")
        # The request's own url was put together before; the proxy's is read when it is sent.
        unread = isinstance(error, requests.exceptions.InvalidURL | LocationValueError)
        return self._no_proxy_url() if unread else None

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
        if any(isinstance(one, requests.exceptions.InvalidProxyURL) for one in inner):
            return self._no_proxy_url()
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


def _with_query(url: str, params: Mapping[str, Any] | None) -> str:
    """The url as requests would spell it. Raises `requests.RequestException` where it is none."""
    plain = None if params else _PLAIN.fullmatch(url)
    if plain is not None:
        return _spelt(plain[1]) + plain[2]
    base = _spelt(url) if params else ""
    if not params or "?" in base or "#" in base or not all(isinstance(one, str | int) for one in params.values()):
        prepared = requests.PreparedRequest()
        prepared.prepare_url(url, params)
        return prepared.url or ""
    return f"{base}?{urlencode(params)}"


@lru_cache(maxsize=16)
def _spelt(url: str) -> str:
    """The url of a list, which is the same for each of its pages, or the beginning that records share."""
    return _with_query(url, None)


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
    slow = any(isinstance(one, ConnectTimeoutError | requests.ConnectTimeout) for one in inner)
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
