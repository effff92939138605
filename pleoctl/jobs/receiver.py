"""A small HTTP server for messages of Pleo's webhooks, made for the open net: everything in it has a limit.

A connection carries one request and has ten seconds for all of it; a body has at most 64 KiB; at most 32 connections
are served at a time, further ones are closed. TLS is the business of a proxy before it.
"""

from __future__ import annotations

import io
import logging
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from pleoctl.errors import PleoctlError
from pleoctl.jobs.notices import Verdict
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.jobs.notices import Notices

LOG: Final = logging.getLogger(__name__)
MAX_BODY: Final = 64 * 1024
SECONDS: Final = 10.0
MOST: Final = 32
HEALTH: Final = "/healthz"
_POLL: Final = 0.1


class Receiver:
    """Listens while it is open; ``wake`` is called for each message that is worth a look."""

    def __init__(self, listen: tuple[str, int], path: str, notices: Notices, wake: Callable[[], None]) -> None:
        """``path`` is the one that messages are posted to. Raises `PleoctlError` if the address cannot be taken."""
        handler = type(
            "Handler", (_Handler,), {"path_of_messages": path, "notices": notices, "wake": staticmethod(wake)}
        )
        host, port = listen
        try:
            self._server = _Server(host, port, handler)
        except (OSError, OverflowError) as error:
            words = getattr(error, "strerror", None) or str(error)
            told = f"{host}:{port} cannot be listened at: {words.lower()}"
            raise PleoctlError(told, hint="name another address; port 0 takes a free one") from error
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._server.server_address[1]}{path}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _POLL}, name="pleoctl-notices", daemon=True
        )

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 2 * MOST

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._room = threading.BoundedSemaphore(MOST)
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        """Without looking up a name for the address, which may take long."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection while there is room."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """See `socketserver`; afterwards there is room again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours."""
        _ = request, client_address
        LOG.debug("a connection broke")


class _Deadline(io.RawIOBase):
    """What a connection sends, up to one moment for all of it; then `TimeoutError`."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection, self._end = connection, this_machine().monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._end - this_machine().monotonic()
        if left <= 0:
            raise TimeoutError("the request did not end in time")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    path_of_messages: str
    notices: Notices
    wake: Callable[[], None]
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def setup(self) -> None:
        """See `socketserver`; reading has a deadline."""
        super().setup()
        self.rfile = io.BufferedReader(_Deadline(self.connection, SECONDS))

    def do_GET(self) -> None:
        """Whether somebody is here, for whoever supervises the service."""
        path = urlsplit(self.path).path
        if path == HEALTH:
            self._answer(HTTPStatus.OK)
        else:
            self._answer(HTTPStatus.METHOD_NOT_ALLOWED if path == self.path_of_messages else HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        """The same: no answer has a body."""
        self.do_GET()

    def do_POST(self) -> None:
        """A message."""
        if urlsplit(self.path).path != self.path_of_messages:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        body = self._body()
        if isinstance(body, HTTPStatus):
            self._answer(body)
            return
        verdict = self.notices.judge({name.lower(): value for name, value in self.headers.items()}, body)
        LOG.info("a webhook message came: %s", verdict.value[1])
        if verdict is Verdict.NEWS:
            self.wake()
        self._answer(HTTPStatus(verdict.status))

    def _body(self) -> bytes | HTTPStatus:
        """The body, or the status of the answer to a request that has none that is taken."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not length:
            return HTTPStatus.LENGTH_REQUIRED
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.BAD_REQUEST
        if len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            body = self.rfile.read(int(length))
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT
        return body if len(body) == int(length) else HTTPStatus.BAD_REQUEST

    def _answer(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.send_response(status)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "POST")
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Without a page that repeats what the client said."""
        _ = message, explain
        self._answer(HTTPStatus(code))

    def version_string(self) -> str:
        """Nothing about versions."""
        return "pleoctl"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library names it
        """For whoever debugs; what clients send is no log of ours."""
        LOG.debug(format, *args)
