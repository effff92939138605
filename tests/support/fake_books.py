"""A scripted HTTP server on loopback, and a workspace whose source reads it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from pleoctl.sources.export import read_source
from pleoctl.sources.write import export_to_workspace
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.errors import Finding
    from pleoctl.model.records import DesiredState
    from pleoctl.sources.export import Export
    from shapes import Json, Value

COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
TOKEN = "t0ken-of-the-books"


@dataclass
class Call:
    """One request as the server got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Value


@dataclass
class Reply:
    """One answer; ``cut`` announces more bytes than it sends."""

    body: Value = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class FakeServer:
    """Answers with what ``app`` gives for each call, and keeps all calls."""

    def __init__(self) -> None:
        self.app: Callable[[Call], Reply] = lambda _call: Reply({}, 404)
        self.calls: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def pages(self, path: str) -> list[Call]:
        """The calls of one path."""
        return [call for call in self.calls if call.path == path]


def _handler(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet per answer: small ones would wait for each other.
        wbufsize = -1
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            body: Value = raw.decode()
            if self.headers.get("Content-Type", "").startswith("application/json"):
                body = json.loads(raw)
            call = Call(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()), body)
            server.calls.append(call)
            self._send(server.app(call))

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def _send(self, reply: Reply) -> None:
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) + (50 if reply.cut else 0)))
            if reply.cut:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Tests look at `calls`."""

    return Handler


class Books:
    """A workspace with a source section, and everything a test asks of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def workspace(self, source: Json, **more: Value) -> Workspace:
        """Write pleoctl.yaml and load it."""
        data = {
            "apiVersion": "pleoctl/v1",
            "kind": "Workspace",
            "company": COMPANY,
            "pleo": {"url": "http://127.0.0.1:9", "auth": {"apiKey": "env:THE_PLEO_KEY"}},
            "source": source,
            **more,
        }
        path = self.folder / "pleoctl.yaml"
        path.write_text(json.dumps(data, indent=1), encoding="utf-8")
        return Workspace(path)

    def read(self, source: Json, **more: Value) -> DesiredState:
        """The desired state of a source; rows that cannot be used are held."""
        return read_source(self.workspace(source, **more))[0]

    def findings(self, source: Json, **more: Value) -> list[Finding]:
        """What the reading of a source tells."""
        return read_source(self.workspace(source, **more))[1]

    def export(self, source: Json, **more: Value) -> Export:
        """Export to desired-state.yaml."""
        return export_to_workspace(self.workspace(source, **more))
