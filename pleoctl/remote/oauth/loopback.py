"""The address of this machine that a browser ends at, for the one answer that is waited for (RFC 8252, 7.3)."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.errors import PleoctlError
from pleoctl.hosts import Endpoint
from pleoctl.machine import this_machine
from pleoctl.remote.oauth.login import SECONDS, Strange

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

_PATH: Final = "/callback"
_POLL: Final = 0.2
_CLIENT_SECONDS: Final = 5.0
_LONGEST: Final = 8192
# The code is yet to be exchanged, and may be refused.
_DONE: Final = "The answer has arrived. You can close this page: the terminal says whether you are signed in."
_NOT: Final = "You are not signed in. The terminal says why."
_OTHER: Final = "This is not the answer that is waited for."
_HEADERS: Final = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class Redirect:
    """Listens where the browser will end; a free port unless a registered uri names one."""

    def __init__(self, registered: str | None) -> None:
        """Listens from now on. Raises `PleoctlError` where the port is taken or the uri is not this machine's."""
        parts = urlsplit(registered or f"http://127.0.0.1{_PATH}")
        found = Endpoint.parse(f"{parts.scheme}://{parts.netloc}")
        if found is None or not found.loopback or found.scheme != "http":
            raise PleoctlError(
                f"redirectUri {registered} is not this machine's", hint="run login --paste, and paste where you end"
            )
        self._path = parts.path
        host = "127.0.0.1" if found.host == "localhost" else found.host
        self._server = _Server((host, found.port if registered else 0), _Handler)
        self.uri = registered or f"http://127.0.0.1:{self._server.server_address[1]}{_PATH}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, judge: Callable[[str], str]) -> str:
        """What ``judge`` makes of the query of the one answer; another sign-in's is passed over.

        Raises `PleoctlError` after five minutes, and what ``judge`` raises.
        """
        server, machine = self._server, this_machine()
        server.expect(self._path, judge)
        end = machine.monotonic() + SECONDS
        while server.outcome is None:
            if machine.monotonic() > end:
                raise PleoctlError("nobody signed in within five minutes", hint="run login again")
            server.handle_request()
        if isinstance(server.outcome, Exception):
            raise server.outcome
        return server.outcome


class _Server(TCPServer):
    """Not `http.server`'s, which asks for the machine's name; that may take seconds."""

    timeout = _POLL
    outcome: str | Exception | None = None

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        try:
            super().__init__(address, handler)
        except OSError as error:
            raise PleoctlError(f"port {address[1]} of redirectUri cannot be taken: {error.strerror}") from error

    def expect(self, path: str, judge: Callable[[str], str]) -> None:
        """What answer is waited for."""
        self._path, self._judge = path, judge

    def judged(self, target: str) -> str:
        """What the browser is told."""
        parts = urlsplit(target)
        if parts.path != self._path or self.outcome is not None:
            return _OTHER
        try:
            self.outcome = self._judge(parts.query)
        except Strange:
            # Anybody on this machine may ask this port; the person's own answer is still to come.
            return _OTHER
        except PleoctlError as error:
            self.outcome = error
            return _NOT
        return _DONE

    def handle_error(self, *_given: Any) -> None:
        """Whoever hangs up has not answered."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """The one answer."""
        words = self.server.judged(self.path) if len(self.path) < _LONGEST else _OTHER
        content = words.encode()
        self.send_response(404 if words == _OTHER else 200)
        for name, value in {**_HEADERS, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_given: Any) -> None:
        """Nothing: the query holds the code."""
