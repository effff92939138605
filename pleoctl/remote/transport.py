"""Send one request and know how it ended.

What is *safe* (reads) is repeated with back-off and jitter. A write is repeated only where it was not carried out (a
refused proxy, a connection that was never made) or is said not to have been (429, a 401 that a newer credential mends;
`pleoctl.remote.again` may know better). Every other doubt, a redirect and the time-out of somebody between among them,
is raised as `LostAnswer`, and the caller looks before it writes again (law 3).
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from msgspec import MsgspecError

from pleoctl.hosts import same_server
from pleoctl.machine import this_machine
from pleoctl.remote.again import still_undone
from pleoctl.remote.auth import Auth, nobody
from pleoctl.remote.deadline import Bounds
from pleoctl.remote.errors import ApiError, LostAnswer, Redirected, Unanswered, Unauthorised, is_doubtful
from pleoctl.remote.service import TwiceError
from pleoctl.remote.waits import LONGEST_WAIT, Limited, limited_by, retry_after
from pleoctl.remote.wire import TRIES, Wire
from pleoctl.watch import watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msgspec.json import Decoder

    from pleoctl.remote.budget import Budget
    from pleoctl.remote.service import Reply, Service

LOG: Final = logging.getLogger(__name__)
BACKOFF_BASE: Final = 0.25
BACKOFF_CAP: Final = 8.0
#: After so many failures of a request the next try is a second away, and then more.
TOLD_FAILURES: Final = 3
LIMITED_TRIES: Final = 12
#: Of a server that was given up because of its limit, until it answers again.
WORN_TRIES: Final = 2
LIMITED_CAP: Final = 60.0
MAX_REDIRECTS: Final = 3
SHOWN_BODY: Final = 300
_DAY: Final = 86_400

_NO_CONTENT: Final = 204
_UNCHANGED: Final = 304
_REDIRECT: Final = range(300, 400)
_DENIED: Final = {401, 403}


@dataclass(slots=True)
class Counts:
    """Requests so far: logical reads and writes, and repeats beside them."""

    read: int = 0
    write: int = 0
    retries: int = 0

    def before(self, reads: int) -> Counts:
        """All of them but the latest ``reads``, as they stand now."""
        return Counts(self.read - reads, self.write, self.retries)

    def after(self, before: Counts) -> Counts:
        """Those that have come since."""
        return Counts(self.read - before.read, self.write - before.write, self.retries - before.retries)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: HTTP status, JSON body (None where there is none), headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def links(self) -> dict[str, str]:
        """Urls of the ``Link`` header by their relation, see `links_of`."""
        from pleoctl.remote.links import links_of  # which Pleo has no need of

        return links_of(self.headers.get("Link") or "")


@dataclass(slots=True)
class _Call:
    """One logical request and what its tries came to."""

    method: str
    path: str
    scope: str
    safe: bool
    request: dict[str, Any]
    shape: Decoder[Any] | None = None
    failures: int = 0
    limited: int = 0
    waited: float = 0.0
    renewed: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Transport:
    """JSON over keep-alive connections to one service."""

    def __init__(self, service: Service, auth: Auth | None, budget: Budget, *, pool: int = 16) -> None:
        """``pool`` is how many threads may send at a time."""
        self.service = service
        self.budget = budget
        self.counts = Counts()
        self._auth = auth or nobody()
        self._bounds = Bounds(service.limits, budget.stop)
        self._wire = self._opened(pool)
        self._lock = threading.Lock()
        self._worn = False

    def _opened(self, pool: int) -> Wire:
        return Wire(self.service, self._auth, self._bounds, pool=pool)

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()
        self.budget.close()

    def send(self, method: str, url: str, request: Mapping[str, Any]) -> Reply:
        """One exchange, never repeated: the one place where a request leaves (and a simulation steps in).

        ``request`` holds ``params``, ``headers`` and one of ``json``, ``data``, ``files``. Raises `Unanswered`, or the
        service's failure.
        """
        return self._wire.send(method, url, request)

    def read(
        self, method: str, path: str, *, scope: str = "", shape: Decoder[Any] | None = None, **request: Any
    ) -> Answer:
        """A safe request; repeated on every passing fault. Raises `RemoteError`.

        A body that has the ``shape`` becomes that, which takes half as long; any other is as without.
        """
        watched().request(self.service.name, "read")
        with self._lock:
            self.counts.read += 1
        return self._attempts(_Call(method, path, scope, safe=True, request=request, shape=shape))

    def write(self, method: str, path: str, *, scope: str = "", **request: Any) -> Answer:
        """A write; raises `LostAnswer` where its outcome is unknown, `ApiError` where it was refused."""
        watched().request(self.service.name, "write")
        with self._lock:
            self.counts.write += 1
        return self._attempts(_Call(method, path, scope, safe=False, request=request))

    def repeated(self, reads: int) -> None:
        """Reads that have to be done once more count as repeats: the logical ones are the same for the same data."""
        with self._lock:
            self.counts.read -= reads
            self.counts.retries += reads

    # --- tries -------------------------------------------------------------------------------------------------

    def _attempts(self, call: _Call) -> Answer:
        while True:
            # Once something was written, a read may be the look that tells what became of it.
            droppable = call.safe and not self.counts.write
            self._bounds.allow_stop(droppable)
            place = self.budget.acquire(stoppable=droppable or not call.safe)
            if call.failures + call.limited + call.renewed:
                watched().request(self.service.name, "retry")
                with self._lock:
                    self.counts.retries += 1
            try:
                return self._placed(call, place)
            except Unauthorised as fault:
                # A 401 is proof that nothing was done; what 403 refuses, no newer credential is given either.
                if fault.status != 401 or call.renewed or not self._auth.renewed():
                    raise
                call.renewed = True
                self._look_first(call, fault)
            except Limited as fault:
                self._wait_as_told(call, fault)
                self._look_first(call, fault)
            except Unanswered as fault:
                self._wait_or_give_up(call, fault)
                self._tell(call, fault)
                seconds = self._jitter(call.failures, BACKOFF_BASE, BACKOFF_CAP)
                self.budget.wait(seconds, "retry", stoppable=droppable or not call.safe)

    def _look_first(self, call: _Call, fault: Unauthorised | Limited) -> None:
        """Raise `LostAnswer` where somebody sees that a write was carried out that is said not to have been."""
        if call.safe:
            return
        begun = this_machine().monotonic()
        if not still_undone():
            raise LostAnswer(f"{call}: {fault}", fault.status) from fault
        call.waited += this_machine().monotonic() - begun

    def _placed(self, call: _Call, place: int | None) -> Answer:
        try:
            return self._once(call)
        finally:
            self.budget.answered(place)

    def _tell(self, call: _Call, fault: Unanswered | _Failing) -> None:
        """Say once a command why nothing happens, when it takes long enough for somebody to wonder."""
        if call.failures >= TOLD_FAILURES and watched().misses(self.service.url):
            LOG.warning("%s cannot be reached yet (%s): trying again for some seconds", self.service.name, fault)

    def _wait_as_told(self, call: _Call, fault: Limited) -> None:
        call.limited += 1
        seconds = fault.seconds or 0.0
        if fault.seconds is None or call.limited > 1:
            # Who asks once more after the wait that was asked for has said too little.
            seconds = max(seconds, self._jitter(call.limited, 1.0, LIMITED_CAP))
        call.waited += seconds
        if call.waited > LONGEST_WAIT:
            raise self._too_long(call, fault, seconds) from fault
        if call.limited >= (WORN_TRIES if self._worn else LIMITED_TRIES):
            self._worn = True
            raise self._unreachable(call, fault) from fault
        self.budget.pause(seconds, f"{self.service.name} asks for it ({fault})")

    def _wait_or_give_up(self, call: _Call, fault: Unanswered | _Failing) -> None:
        call.failures += 1
        wait = (fault.seconds if isinstance(fault, _Failing) else None) or 0.0
        call.waited += wait
        if wait and call.waited <= LONGEST_WAIT:
            self.budget.pause(wait, f"{self.service.name} asks for it ({fault})")
        if not call.safe and fault.sent:
            raise LostAnswer(f"{call}: {fault}", fault.status) from fault
        if wait and call.waited > LONGEST_WAIT:
            raise self._too_long(call, fault, wait) from fault
        if fault.tries == 1:
            raise self.service.failure(f"{call}: {fault}", hint=fault.hint or None) from fault
        if call.failures >= fault.tries:
            raise self._unreachable(call, fault) from fault

    def _unreachable(self, call: _Call, fault: Unanswered | Limited) -> Exception:
        words = f"{self.service.name} could not be reached: {call}: {fault}"
        return self._given_up(words, fault, hint="try again later")

    def _too_long(self, call: _Call, fault: Unanswered | Limited, seconds: float) -> Exception:
        words = f"{self.service.name} asks to wait {_long(seconds)}: {call}: {fault}"
        hint = f"try again then; pleoctl waits {LONGEST_WAIT:.0f} s in all for one request"
        return self._given_up(words, fault, hint=hint)

    def _given_up(self, words: str, fault: Unanswered | Limited, hint: str) -> Exception:
        error = self.service.failure(words, hint=hint)
        error.status = fault.status
        return error

    @staticmethod
    def _jitter(attempt: int, base: float, cap: float) -> float:
        # Between half and the whole of the doubled wait, so that threads do not return in step.
        return float(min(cap, base * 2 ** (attempt - 1)) * (0.5 + this_machine().rng.random() / 2))

    def _once(self, call: _Call) -> Answer:
        url, request = self.url_of(call.path), call.request
        for _ in range(MAX_REDIRECTS + 1):
            begun = this_machine().monotonic()
            reply = self._traced(call.method, url, request)
            LOG.debug("%s → %d (%.0f ms)", call, reply.status, (this_machine().monotonic() - begun) * 1000)
            if reply.status not in _REDIRECT:
                return self._judge(reply, call)
            url = self._redirected(reply, url, call)
            # The new address has its own query.
            request = {name: value for name, value in request.items() if name != "params"}
        raise self.service.failure(f"{call} is redirected in circles")

    def _traced(self, method: str, url: str, request: Mapping[str, Any]) -> Reply:
        """One exchange, as a span where somebody traces; the query may hold anything and stays out of it."""
        if watched().tracer is None:
            return self.send(method, url, request)
        at = urlsplit(url)
        known = {"http.request.method": method, "server.address": at.hostname or "", "url.path": at.path}
        with watched().span(method, **known, service=self.service.name) as span:
            reply = self.send(method, url, request)
            span.note(**{"http.response.status_code": reply.status})
            if reply.status >= _REDIRECT.stop:
                span.failed(str(reply.status))
            return reply

    def url_of(self, path: str) -> str:
        """The whole url of a path, which may be a whole url already."""
        return path if "://" in path else self.service.url.rstrip("/") + path

    def _redirected(self, reply: Reply, url: str, call: _Call) -> str:
        name, location = self.service.name, reply.headers.get("Location")
        if reply.status == _UNCHANGED:
            raise self._astray(
                call,
                reply,
                f"{name} answers {call} with 304 (not modified), which was not asked for",
                hint="a cache between here and there may be at fault",
            )
        if not location:
            raise self._astray(call, reply, f"{name} redirects {call} ({reply.status}) without saying where")
        target = urljoin(url, location)
        if not same_server(url, target):
            new = urlsplit(target)
            raise self._astray(call, reply, f"{name} redirects to {new.scheme}://{new.netloc}, which is refused")
        if not call.safe:
            words = f"{name} redirects a write ({call.method} {urlsplit(url).path}), which is refused"
            raise self._astray(call, reply, words)
        return target

    def _astray(self, call: _Call, reply: Reply, words: str, hint: str | None = None) -> Exception:
        """The end of a request that leads nowhere; a write may have been carried out before."""
        return self.service.failure(words, hint=hint) if call.safe else Redirected(words, reply.status)

    # --- answers -----------------------------------------------------------------------------------------------

    def _judge(self, reply: Reply, call: _Call) -> Answer:
        status = reply.status
        if status < _REDIRECT.start:
            self._worn = False
            return Answer(status, _body(reply, call.shape, once=self.service.once), reply.headers)
        limited = limited_by(reply)
        if limited:
            raise limited
        kind, said = self._words_of(reply)
        text = f": {said}" if said else ""
        if status in _DENIED:
            raise _with_answer(Unauthorised(self._denied_words(status, call, text), status, kind), reply, said)
        if is_doubtful(status):
            raise _Failing(f"HTTP {status}{text}", status, retry_after(reply.headers.get("Retry-After")))
        raise _with_answer(ApiError(f"{call}: HTTP {status}{text}", status, kind), reply, said)

    def _words_of(self, reply: Reply) -> tuple[str, str]:
        if self.service.error_words is not None:
            return self.service.error_words(reply)
        kind, words = _error_words(reply)
        return kind, self._auth.masked(words)[:SHOWN_BODY]

    def _denied_words(self, status: int, call: _Call, text: str) -> str:
        name = self.service.name
        if status == 401:
            return f"{name} does not accept the credential (401): it is wrong, expired or of another environment"
        needed = f"lacks the scope {call.scope}, or is another company's" if call.scope else "has no permission"
        return f"the credential {needed}: {name} refused {call} (403){text}"


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _DAY else "for more than a day"


class _Failing(Unanswered):
    """The server answered 5xx; ``seconds`` is when it says it is back."""

    def __init__(self, words: str, status: int, seconds: float | None) -> None:
        super().__init__(words, sent=True, tries=TRIES, status=status)
        self.seconds = seconds


def _with_answer(error: ApiError, reply: Reply, said: str) -> ApiError:
    error.content, error.said = reply.content, said
    return error


def _body(reply: Reply, shape: Decoder[Any] | None, *, once: bool) -> Any:
    if reply.status == _NO_CONTENT or not reply.content:
        return None
    if shape is not None:
        with suppress(MsgspecError, RecursionError):
            return shape.decode(reply.content)
    try:
        return reply.data_once if once else reply.data
    except TwiceError as error:
        words = "an object of the answer has a key twice"
        raise Unanswered(words, sent=True, tries=TRIES, status=reply.status) from error
    except (ValueError, RecursionError) as error:
        raise Unanswered("the answer is not JSON", sent=True, tries=TRIES, status=reply.status) from error


def _error_words(reply: Reply) -> tuple[str, str]:
    """The server's error type, and type and message as far as it gave them."""
    try:
        body = reply.data
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    kind, message = body.get("type"), body.get("message")
    return str(kind or ""), " ".join(part for part in (kind, message) if isinstance(part, str))
