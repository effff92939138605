"""A server on a port of this machine that gives what a function answers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapes import Value

    Answered = Callable[[str, str, dict[str, str], bytes], tuple[int, Value] | tuple[int, Value, dict[str, str]] | None]


@contextmanager
def answering(answer: Answered) -> Iterator[str]:
    """The server's url; ``answer`` gets method, target, headers and body, and gives status and body, as JSON or bytes.

    Headers may be third. None drops the connection.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet per answer: small ones would wait for each other.
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(ConnectionError):  # whoever asked may have been killed
                super().handle()

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(self.command, self.path, headers, content)
            if given is None:
                self.close_connection = True
                return
            status, data, *more = given
            text = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.send_response(status)
            for name, value in {**(more[0] if more else {}), "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815 - as the library names them

        def log_message(self, format: str, *args: Value) -> None:  # noqa: A002 - as the library names it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
