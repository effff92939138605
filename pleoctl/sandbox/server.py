"""The sandbox as a server on loopback: start, stop, and everything a test asks of it."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pleoctl.sandbox.app import make_app
from pleoctl.sandbox.settings import Settings
from pleoctl.sandbox.world import World

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import TracebackType

    from uvicorn.server import ServerState

    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.faults import Fault
    from pleoctl.sandbox.seed import Seed

HOST: Final = "127.0.0.1"
_PATIENCE: Final = 10.0


class Sandbox:
    """A Pleo on this machine, as a context manager.

    ``port`` 0 takes a free one; ``database`` is a file or ``:memory:``; a file that holds a company keeps it
    unless a seed is given. ``url``, ``company``, ``api_key`` and ``token`` are what a client needs.
    """

    def __init__(
        self,
        *,
        seed: Seed | None = None,
        settings: Settings | None = None,
        database: str = ":memory:",
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the state; nothing listens before `start`."""
        self.world = World(seed, settings or Settings(), database, clock)
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start, and return once the port accepts."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Listen on loopback and serve from a thread. Raises `OSError` if the port is taken."""
        listener = _listener(self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            make_app(self.world), http=_Connection, ws="none", loop="asyncio", lifespan="off",
            log_config=None, log_level="error", access_log=False, server_header=False,
        )  # fmt: skip
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="pleoctl-sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(_PATIENCE):
            raise OSError(f"the sandbox did not start within {_PATIENCE:.0f} s")

    def stop(self) -> None:
        """Stop serving, break open connections and let go of the database."""
        if self._server is not None and self._thread is not None:
            self._server.halt()
            self._thread.join()
            self._server = self._thread = None
        self.world.close()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    @property
    def company(self) -> str:
        """The UUID of the company."""
        return self.world.company

    @property
    def api_key(self) -> str:
        """The first API key that is let in; an empty text if there is none."""
        return self._secret("apiKey")

    @property
    def token(self) -> str:
        """The first bearer token that is let in; an empty text if there is none."""
        return self._secret("bearer")

    def stats(self) -> Record:
        """Counts, violations and the log of calls: what ``GET /_sandbox/stats`` answers."""
        return self.world.statistics.as_json()

    def state(self) -> Record:
        """All ``accounts``, ``tagGroups`` and ``tags`` with every stored field, in the order of creation."""
        return self.world.state()

    def reset(self, seed: Seed | None = None, settings: Settings | None = None) -> None:
        """Start again from a seed (default: the last one) and settings (default: as they are).

        Lifts all faults and forgets statistics, lags and expiries.
        """
        self.world.reset(seed, settings)

    def use(self, settings: Settings) -> None:
        """Behave by other settings from the next call on, keeping all records."""
        self.world.use(settings)

    def add_fault(self, *faults: Fault) -> None:
        """Put faults in force; their counts start now."""
        self.world.add_faults(faults)

    def clear_faults(self) -> None:
        """Lift all faults."""
        self.world.clear_faults()

    def put_account(self, external_id: str, *, record_id: str | None = None, **fields: Any) -> Record:
        """Create or change an account past the API, by the camel-cased fields of a seed."""
        return self.world.put("account", external_id, fields, record_id)

    def put_group(self, code: str, *, record_id: str | None = None, **fields: Any) -> Record:
        """Create or change a tag group past the API, by the camel-cased fields of a seed."""
        return self.world.put("tagGroup", code, fields, record_id)

    def put_tag(self, group: str, code: str, *, record_id: str | None = None, **fields: Any) -> Record:
        """Create or change a tag of the group with this code past the API."""
        return self.world.put("tag", (group, code), fields, record_id)

    def _secret(self, scheme: str) -> str:
        return next((c.secret for c in self.world.settings.credentials if c.scheme == scheme), "")


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


class _Server(uvicorn.Server):
    """uvicorn that says when it accepts, and that stops at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell whoever waits."""
        await super().startup(sockets)
        self.ready.set()

    def halt(self) -> None:
        """End without waiting for calls that are still being answered."""
        self.force_exit = self.should_exit = True
