"""A server on loopback that keeps what is posted to it: a collector of traces, a receiver of notices."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


class Posted(NamedTuple):
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Collector:
    """Listens while it is open; answers everything with ``status``."""

    def __init__(self, status: int = 200, *, endless: bool = False) -> None:
        """Nothing came yet. ``endless``: an answer that goes on, byte by byte, for as long as this is open."""
        self.posted: list[Posted] = []
        self.status = status
        self._closed = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.posted.append(Posted(self.path, dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "100000" if endless else "0")
                self.end_headers()
                while endless and not outer._closed.wait(0.05):
                    self.wfile.write(b" ")

            do_GET = do_POST  # noqa: N815 - as the library names it

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library names it
                """Nothing to tell."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Listen no more."""
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
