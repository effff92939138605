"""A server on loopback that answers as a test says, byte by byte."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator
    from io import BufferedReader

    Script = Callable[["RawServer", bytes], Iterable[bytes]]

_PATIENCE: Final = 5.0
"""Seconds in which a server that is not too busy reads what was sent."""


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


class RawServer:
    """Gives each request's head to ``script`` and sends the pieces that it yields; ``left``: a client hung up."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self.connections = 0
        self.left = threading.Event()
        self.over = threading.Event()
        self.reads_after = 0.0
        self._script, self._context = script, context
        self._came = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def pause(self, seconds: float) -> None:
        """Wait a little, unless the test is over."""
        self.over.wait(seconds)

    def heard(self, number: int) -> int:
        """How many requests came, once there are so many: what a client has sent may not be read yet."""
        with self._came:
            self._came.wait_for(lambda: len(self.requests) >= number, _PATIENCE)
        return len(self.requests)

    def close(self) -> None:
        """End all connections."""
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=[connection], daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(5)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while not self.over.is_set() and (head := self._request(stream)):
                    with self._came:
                        self.requests.append(head.split(b"\r\n")[0].decode())
                        self._came.notify_all()
                    for piece in self._script(self, head):
                        connection.sendall(piece)
                        if self.over.is_set():
                            return
                self.left.set()

    def _request(self, stream: BufferedReader) -> bytes:
        """A request's head, once its body was read too, ``reads_after`` seconds later."""
        head = b""
        while line := stream.readline():
            head += line
            if line == b"\r\n":
                break
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
        if self.reads_after:
            self.pause(self.reads_after)
        stream.read(sum(int(value) for name, _, value in lines if name == b"content-length"))
        return head


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A running server."""
    server = RawServer(script, context)
    try:
        yield server
    finally:
        server.close()
