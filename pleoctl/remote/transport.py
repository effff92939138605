"""Send one request and know how it ended.

What is *safe* (reads) is repeated with back-off and jitter. A write is repeated only where it certainly was not
carried out (429, or a connection that was never made); every other doubt is raised as `LostAnswer`, and the caller
looks before it writes again (law 3).
"""

from __future__ import annotations

import base64
import json
import logging
import random
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from pleoctl import __version__
from pleoctl.errors import PleoError
from pleoctl.machine import this_machine
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.remote.budget import Budget

LOG: Final = logging.getLogger(__name__)
CONNECT_SECONDS: Final = 10.0
TRIES: Final = 6
TIMEOUT_TRIES: Final = 3
BACKOFF_BASE: Final = 0.25
BACKOFF_CAP: Final = 8.0
LIMITED_TRIES: Final = 12
LIMITED_CAP: Final = 60.0
LONGEST_RETRY_AFTER: Final = 600.0
MAX_REDIRECTS: Final = 3
SHOWN_BODY: Final = 300

_CREATED: Final = 300
_REDIRECT: Final = range(300, 400)
_TOO_MANY: Final = 429
_SERVER: Final = 500
_FORBIDDEN: Final = 403
_DENIED: Final = {401, _FORBIDDEN}


@dataclass(slots=True)
class Counts:
    """Requests so far: logical reads and writes, and repeats beside them."""

    read: int = 0
    write: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: HTTP status, JSON body (None where there is none), link header."""

    status: int
    body: Any
    links: Mapping[str, Any]


class Transport:
    """JSON over one keep-alive session to one base url."""

    def __init__(
        self,
        base_url: str,
        authorise: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None,
        budget: Budget,
        *,
        timeout: float = 30.0,
        loopback: bool = False,
        pool: int = 16,
        rng: random.Random | None = None,
        service: str = "Pleo",
        error_words: Callable[[requests.Response], tuple[str, str]] | None = None,
    ) -> None:
        """``timeout`` is in seconds per answer; ``service`` is the server's name in messages.

        ``error_words`` gives the type and ``: message`` of a server that does not speak of errors as Pleo does.
        """
        self.base_url = base_url.rstrip("/")
        self.budget = budget
        self.counts = Counts()
        self._service = service
        self._authorise = authorise
        self._error_words = error_words or _error_words
        self._timeout = (min(CONNECT_SECONDS, timeout), timeout)
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": f"pleoctl/{__version__}", "Accept": "application/json"})
        # Proxies of the environment are for the world outside.
        self._session.trust_env = not loopback
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=pool)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def read(self, method: str, path: str, *, scope: str = "", **request: Any) -> Answer:
        """A safe request; repeated on every passing fault. Raises `PleoError`."""
        with self._lock:
            self.counts.read += 1
        return self._attempts(method, path, scope, safe=True, request=request)

    def write(self, method: str, path: str, *, scope: str = "", **request: Any) -> Answer:
        """A write; raises `LostAnswer` where its outcome is unknown, `ApiError` where it was refused."""
        with self._lock:
            self.counts.write += 1
        return self._attempts(method, path, scope, safe=False, request=request)

    # --- tries -------------------------------------------------------------------------------------------------

    def _attempts(self, method: str, path: str, scope: str, *, safe: bool, request: dict[str, Any]) -> Answer:
        failures = limited = 0
        while True:
            self.budget.acquire(stoppable=not safe)
            if failures + limited:
                with self._lock:
                    self.counts.retries += 1
            try:
                return self._once(method, path, scope, safe=safe, request=request)
            except _Limited as fault:
                limited += 1
                self._give_up_if(limited >= LIMITED_TRIES, fault, method, path)
                self.budget.pause(fault.seconds or self._jitter(limited, 1.0, LIMITED_CAP))
            except _Passing as fault:
                failures += 1
                if not safe and fault.sent:
                    raise LostAnswer(f"{method} {path}: {fault}", fault.status) from fault
                tries = TIMEOUT_TRIES if fault.slow else TRIES
                self._give_up_if(failures >= tries, fault, method, path)
                self.budget.wait(self._jitter(failures, BACKOFF_BASE, BACKOFF_CAP), stoppable=not safe)

    def _give_up_if(self, over: bool, fault: _Fault, method: str, path: str) -> None:
        if over:
            raise PleoError(
                f"{self._service} could not be reached: {method} {path}: {fault}", hint="try again later"
            ) from fault

    def _jitter(self, attempt: int, base: float, cap: float) -> float:
        # Between half and the whole of the doubled wait, so that threads do not return in step.
        return float(min(cap, base * 2 ** (attempt - 1)) * (0.5 + self._rng.random() / 2))

    def _once(self, method: str, path: str, scope: str, *, safe: bool, request: dict[str, Any]) -> Answer:
        url = path if "://" in path else self.base_url + path
        for _ in range(MAX_REDIRECTS + 1):
            response = self._exchange(method, url, request)
            LOG.debug(
                "%s %s → %d (%.0f ms)", method, path, response.status_code, response.elapsed.total_seconds() * 1000
            )
            if response.status_code not in _REDIRECT:
                return self._judge(response, method, path, scope)
            url = self._redirected(response, url, method, safe=safe)
        raise PleoError(f"{method} {path} is redirected in circles")

    def _exchange(self, method: str, url: str, request: dict[str, Any]) -> requests.Response:
        try:
            return self._session.request(
                method, url, auth=self._authorise, timeout=self._timeout, allow_redirects=False, verify=True,
                **request,
            )  # fmt: skip
        except requests.exceptions.SSLError as error:
            if not _untrusted(error):
                raise _Passing("the TLS connection broke off", sent=True) from error
            raise PleoError(f"the TLS certificate of {urlsplit(url).hostname} is not trusted") from error
        except requests.exceptions.Timeout as error:
            sent = not isinstance(error, requests.exceptions.ConnectTimeout)
            raise _Passing("no answer in time", sent=sent, slow=True) from error
        except requests.exceptions.ConnectionError as error:
            raise _Passing(_connection_words(error), sent=not _never_sent(error)) from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _Passing("the answer broke off", sent=True) from error
        except ValueError as error:
            raise PleoError(f"{method} {urlsplit(url).path} cannot be sent: {type(error).__name__}") from error
        except requests.exceptions.RequestException as error:
            raise _Passing(f"the answer is unreadable ({type(error).__name__})", sent=True) from error
        except OSError as error:
            raise PleoError(f"{method} {urlsplit(url).path} cannot be sent: {error}") from error

    def _redirected(self, response: requests.Response, url: str, method: str, *, safe: bool) -> str:
        target = urljoin(url, response.headers.get("Location", ""))
        old, new = urlsplit(url), urlsplit(target)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            raise PleoError(f"{self._service} redirects to {new.scheme}://{new.netloc}, which is refused")
        if not safe:
            raise PleoError(f"{self._service} redirects a write ({method} {old.path}), which is refused")
        return target

    # --- answers -----------------------------------------------------------------------------------------------

    def _judge(self, response: requests.Response, method: str, path: str, scope: str) -> Answer:
        status = response.status_code
        if status < _CREATED:
            return Answer(status, self._body(response), response.links)
        if _is_limit(response):
            raise _Limited(limit_seconds(response.headers), status)
        kind, text = self._error_words(response)
        if status in _DENIED:
            raise Unauthorised(self._denied_words(status, method, path, scope, text), status, kind)
        if status >= _SERVER:
            wait = retry_after(response.headers.get("Retry-After"))
            if wait:
                self.budget.pause(wait)
            raise _Passing(f"HTTP {status}{text}", sent=True, status=status)
        raise ApiError(f"{method} {path}: HTTP {status}{text}", status, kind)

    def _denied_words(self, status: int, method: str, path: str, scope: str, text: str) -> str:
        if status == 401:  # noqa: PLR2004
            return (
                f"{self._service} does not accept the credential (401): it is wrong, expired or of another environment"
            )
        needed = f"lacks the scope {scope}, or is another company's" if scope else "has no permission"
        return f"the credential {needed}: {self._service} refused {method} {path} (403){text}"

    def _body(self, response: requests.Response) -> Any:
        if response.status_code == 204 or not response.content:  # noqa: PLR2004
            return None
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise _Passing("the answer is not JSON", sent=True, status=response.status_code) from error


class _Fault(Exception):
    """Base of what one try can end with."""


class _Limited(_Fault):
    def __init__(self, seconds: float | None, status: int) -> None:
        super().__init__(f"too many requests ({status})")
        self.seconds = seconds


class _Passing(_Fault):
    """``sent``: the server may have carried the request out."""

    def __init__(self, words: str, *, sent: bool, slow: bool = False, status: int | None = None) -> None:
        super().__init__(words)
        self.sent = sent
        self.slow = slow
        self.status = status


def _is_limit(response: requests.Response) -> bool:
    """429, or a 403 that says when to come back or that nothing is left (so GitHub tells of its limits)."""
    headers, status = response.headers, response.status_code
    told = "Retry-After" in headers or headers.get("X-RateLimit-Remaining") == "0"
    return status == _TOO_MANY or (status == _FORBIDDEN and told)


def limit_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: ``Retry-After``, else until the moment of ``X-RateLimit-Reset`` where nothing is left."""
    told = retry_after(headers.get("Retry-After"))
    if told is not None or headers.get("X-RateLimit-Remaining") != "0":
        return told
    try:
        seconds = float(headers.get("X-RateLimit-Reset", "")) - this_machine().time()
    except ValueError:
        return None
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def retry_after(header: str | None) -> float | None:
    """Seconds to wait from a ``Retry-After`` header (seconds or HTTP date); None where it says nothing usable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def _never_sent(error: requests.exceptions.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _untrusted(error: BaseException) -> bool:
    """Whether a certificate was refused, which happens before anything is sent."""
    inner = [*error.args, getattr(error, "reason", None), error.__cause__]
    return isinstance(error, ssl.SSLCertVerificationError) or any(
        _untrusted(part) for part in inner if isinstance(part, BaseException)
    )


def _connection_words(error: requests.exceptions.ConnectionError) -> str:
    return "no connection" if _never_sent(error) else "the connection broke off"


def _error_words(response: requests.Response) -> tuple[str, str]:
    """The server's error type, and ``: message`` as far as it gave one."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    kind, message = body.get("type"), body.get("message")
    words = masked(" ".join(str(part) for part in (kind, message) if isinstance(part, str)), response.request)
    return str(kind or ""), f": {words[:SHOWN_BODY]}" if words else ""


def masked(words: str, request: requests.PreparedRequest) -> str:
    """The server's words without the credential, should it echo what was sent (law 8)."""
    sent: dict[str, Any] = dict(request.headers or {})
    credential = str(sent.get("Authorization", "")).partition(" ")[2]
    secrets = [credential]
    with suppress(ValueError):
        secrets += base64.b64decode(credential, validate=True).decode().split(":")
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "***")
    return words
