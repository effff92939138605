"""One answer has one deadline (a socket's own time-out starts anew with each byte) and can be broken off.

The file that ``http.client`` reads an answer from is replaced by one that looks at the clock at every read: for the
head, the body, and a proxy's answer to CONNECT alike. It also knows whether more came than the answer: a connection on
which a server said more than it was asked is never used again, since nobody could tell whose answer comes next.
"""

from __future__ import annotations

import io
import threading
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from urllib3.connection import HTTPConnection

from pleoctl.errors import Interrupted
from pleoctl.remote.head import PlainAnswer

if TYPE_CHECKING:
    import http.client
    import socket

    from pleoctl.workspace.limits import Limits

# How long a read may sleep before it looks whether the run was asked to stop.
_NAP: Final = 0.25
# A page of a list fits in, so that it takes one call of the system where it is there.
_BUFFER: Final = 64 * 1024


class AnswerTooLong(TimeoutError):
    """Bytes kept coming, but the answer did not end in time."""


class Bounds(Struct):
    """The limits of all answers of a session; ``stop`` may break off reads of threads that called `allow_stop`."""

    limits: Limits
    stop: threading.Event | None = None
    _local: threading.local = field(default_factory=threading.local)

    def allow_stop(self, allowed: bool) -> None:
        """Whether the calling thread's next answer may be broken off."""
        self._local.allowed = allowed

    def stopped(self) -> bool:
        """Whether the calling thread's answer is to be broken off."""
        return self.stop is not None and self.stop.is_set() and getattr(self._local, "allowed", False)


class _Bytes(io.RawIOBase):
    """The bytes of one answer, counted."""

    def __init__(self, sock: socket.socket, bounds: Bounds) -> None:
        # A file of the socket keeps it open while the connection gives it up, as for `Connection: close`.
        self._keep = sock.makefile("rb", buffering=0)
        self._sock, self._bounds, self._count = sock, bounds, 0
        self._end = time.monotonic() + bounds.limits.answer_seconds
        # urllib3 sets its own again before it sends the next request.
        sock.settimeout(min(_NAP, bounds.limits.timeout))

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._count

    def readinto(self, buffer: Any) -> int:
        silent_until = time.monotonic() + self._bounds.limits.timeout
        while True:
            now = time.monotonic()
            if now >= self._end:
                raise AnswerTooLong
            if self._bounds.stopped():
                raise Interrupted("stopped while an answer was read")
            try:
                came = self._sock.recv_into(buffer)
            except TimeoutError:
                if now >= silent_until:
                    raise
            else:
                self._count += came
                return came

    def close(self) -> None:
        if not self.closed:
            self._keep.close()
        super().close()


class _File(io.BufferedReader):
    """An answer's file, which tells ``left`` at its end that more came than was read."""

    def __init__(self, raw: _Bytes, left: threading.Event) -> None:
        super().__init__(raw, _BUFFER)
        self._left = left

    def close(self) -> None:
        if not self.closed and self.raw.tell() > self.tell():
            self._left.set()
        super().close()


class _Socket:
    """What ``http.client`` needs of a socket to read an answer."""

    def __init__(self, sock: socket.socket, bounds: Bounds, left: threading.Event) -> None:
        self._sock, self._bounds, self._left = sock, bounds, left

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _File(_Bytes(self._sock, self._bounds), self._left)


def _answer(bounds: Bounds, left: threading.Event, sock: socket.socket, **options: Any) -> http.client.HTTPResponse:
    # All that it asks of a socket is a file.
    return PlainAnswer(_Socket(sock, bounds, left), **options)  # type: ignore[arg-type]  # as above


class _InOneGo(HTTPConnection):
    """Answers keep to their bounds; head and body of a request leave together, where the body is bytes.

    That is one call of the system, not two.
    What is held back never leaves where the request turns out to be one that cannot be put together.
    """

    _held: list[bytes] | None = None

    def __init__(self, *given: Any, bounds: Bounds, **options: Any) -> None:
        """See `HTTPConnection`; ``bounds`` are those of its answers."""
        super().__init__(*given, **options)
        self._left = threading.Event()
        answer = partial(_answer, bounds, self._left)
        self.response_class = answer  # type: ignore[assignment]  # all that is asked of it is an answer

    @property
    def is_connected(self) -> bool:
        """See `HTTPConnection`; one on which more came than answers counts as dropped, also where TLS has unpacked it.

        What has come and was not read yet the socket tells by itself.
        """
        if self._left.is_set() or (hasattr(self.sock, "pending") and self.sock.pending()):
            self._left.clear()
            return False
        return super().is_connected

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        """See `HTTPConnection`."""
        if not isinstance(body, bytes):
            super().request(method, url, body, headers, **options)
            return
        held = self._held = []
        try:
            super().request(method, url, body, headers, **options)
        finally:
            self._held = None
        self.send(b"".join(held))

    def send(self, data: Any) -> None:
        """See `HTTPConnection`; a connection that is opened on the way sends what it has to say at once."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


@lru_cache(maxsize=8)  # of the connections of urllib3: to servers, with TLS, through proxies
def bound(connection: type[HTTPConnection]) -> type[HTTPConnection]:
    """The same kind of connection, whose answers keep to the bounds; a proxy's answer to CONNECT does as well.

    What does so already stays: behind a proxy servers without TLS share its connections.
    """
    return connection if issubclass(connection, _InOneGo) else type("BoundedConnection", (_InOneGo, connection), {})
