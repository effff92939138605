"""Servers that answer drop by drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clocks import FakeTime
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.workspace.limits import Limits

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from raw_server import RawServer


TICK = 0.02


def talk(
    server: RawServer, limits: Limits | None = None, *, scheme: str = "http", stop: threading.Event | None = None
) -> Transport:
    """A transport to a server of the test."""
    service = Service(f"{scheme}://127.0.0.1:{server.port}", "The server", limits or Limits(2.0), loopback=True)
    return Transport(service, None, Budget(None, stop=stop, machine=FakeTime()))


def dripping_head(server: RawServer, _request: bytes) -> Iterator[bytes]:
    """One header after the other."""
    yield b"HTTP/1.1 200 OK\r\nX-A: "
    while not server.over.is_set():
        server.pause(TICK)
        yield b"b"
