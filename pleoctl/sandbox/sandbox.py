"""A Pleo on this machine: start, stop, and everything a test asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pleoctl.machine import Machine
from pleoctl.sandbox.routes import respond
from pleoctl.sandbox.settings import Settings
from pleoctl.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

    from pleoctl.sandbox.clock import Clock
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.faults import Edit, Fault
    from pleoctl.sandbox.seed import Seed
    from pleoctl.sandbox.server import Server
    from pleoctl.sandbox.wire import Reply, Request


class Sandbox:
    """A Pleo on this machine: a server as a context manager, or without one through `respond`.

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
        clock: Clock | None = None,
    ) -> None:
        """Prepare the state; nothing listens before `start`."""
        self.world = World(seed, settings or Settings(), database, clock or Machine())
        self._port = port
        self._server: Server | None = None

    def __enter__(self) -> Self:
        """Start, and return once the port accepts."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def start(self, *, hosts: Collection[str] = ()) -> None:
        """Listen on loopback and serve from a thread, to its own names and to ``hosts``.

        Raises `OSError` if the port is taken, and `ModuleNotFoundError` without the extra.
        """
        from pleoctl.sandbox.server import Server  # only sockets need the extra

        self._server = Server(self.world, self._port, hosts)
        self._port = self._server.port
        self.world.messenger.open()

    def stop(self) -> None:
        """Stop serving, break open connections and let go of the database."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.world.close()

    def respond(self, request: Request) -> Reply:
        """The answer to one request in this thread, without a socket: same operations, same settings, same faults.

        Waits are the clock's ``sleep``. Raises `Dropped` where the connection would break.
        """
        return respond(self.world, request, self.world.clock.sleep)

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

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
        """All records of each kind with every stored field, in the order of creation, and all ``exportReports``."""
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

    def edit(self, *edits: Edit) -> None:
        """Do now what another client, or a user of Pleo, does."""
        self.world.edit_all(edits)

    def put(self, kind: str, key: str | tuple[str, str], **fields: Any) -> Record:
        """Create or change a record of any kind past the API, by the camel-cased fields of a seed."""
        return self.world.put(kind, key, fields)

    def put_account(self, external_id: str, **fields: Any) -> Record:
        """The same of an account."""
        return self.put("account", external_id, **fields)

    def put_group(self, code: str, *, record_id: str | None = None, **fields: Any) -> Record:
        """The same of a tag group; ``record_id`` names one of several with this code, or gives a new one its id."""
        return self.world.put("tagGroup", code, fields, record_id)

    def put_tag(self, group: str, code: str, **fields: Any) -> Record:
        """The same of a tag of the group with this code."""
        return self.put("tag", (group, code), **fields)

    def _secret(self, scheme: str) -> str:
        return next((c.secret for c in self.world.settings.credentials if c.scheme == scheme), "")
