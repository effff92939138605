"""The sockets of the sandbox: uvicorn on loopback, in a thread of its own."""

from __future__ import annotations

import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pleoctl.sandbox.app import make_app
from pleoctl.sandbox.door import MOST_HEAD

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection

    from uvicorn.server import ServerState

    from pleoctl.sandbox.world import World

HOST: Final = "127.0.0.1"
_PATIENCE: Final = 10.0


class Server:
    """A running server; ``port`` is the one that it has."""

    def __init__(self, world: World, port: int, hosts: Collection[str]) -> None:
        """Return once the port accepts. Raises `OSError` if it is taken."""
        listener = _listener(port)
        self.port: int = listener.getsockname()[1]
        config = uvicorn.Config(
            make_app(world, hosts),
            http=_Connection,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=MOST_HEAD,
        )
        self._uvicorn = _Uvicorn(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, args=([listener],), name="pleoctl-sandbox", daemon=True
        )
        self._thread.start()
        if not self._uvicorn.ready.wait(_PATIENCE):
            raise OSError(f"the sandbox did not start within {_PATIENCE:.0f} s")

    def stop(self) -> None:
        """Stop serving and break open connections."""
        self._uvicorn.halt()
        self._thread.join()


def _listener(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is spelt out; with it every answer of two
    # packets would wait 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


class _Connection(H11Protocol):
    """A connection that a request can reach, so that a fault can break it."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)


class _Uvicorn(uvicorn.Server):
    """uvicorn that says when it accepts, and that stops at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell whoever waits."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Break what is open, also calls that are still being answered, which from Python 3.12 on nobody else does."""
        for connection in [*self.server_state.connections]:
            connection.transport.abort()
        await super().shutdown(sockets)

    def halt(self) -> None:
        """End without waiting for calls that are still being answered."""
        self.force_exit = self.should_exit = True
