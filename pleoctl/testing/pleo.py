"""A simulated Pleo: the sandbox's own answers without a socket, in a weather that loses, refuses and delays them."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from pleoctl.errors import PleoError
from pleoctl.remote.auth import basic
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import Unanswered
from pleoctl.remote.service import Reply, Service
from pleoctl.remote.transport import Transport
from pleoctl.remote.wire import TRIES, Wire
from pleoctl.sandbox.wire import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pleoctl.sandbox import Sandbox
    from pleoctl.testing.chance import Chance
    from pleoctl.testing.machine import SimulatedMachine

READ_FAULTS: Final = ("dropped", "503", "408", "garbled", "429", "unreachable")
_AFTER: Final = {"503 after": 503, "408 after": 408, "303 after": 303}
"""What somebody between answers to a write that was carried out."""
DENIED: Final = {"429 after": 429, "400 after": 400, "403 after": 403, "409 after": 409}
"""What they answer to one that they call not carried out."""
WRITE_FAULTS: Final = ("lost", "dropped", "503", "408", *_AFTER, *DENIED, "stranger", "garbled", "429", "unreachable")
_UNHEARD: Final = ("503", "408", "429")
_LOST: Final = ("lost", "dropped", *_AFTER, "stranger", "garbled")
_STRANGER: Final = {
    "id": "99999999-0000-4000-8000-000000000000",
    "groupId": "99999999-0000-4000-8000-000000000001",
    "externalId": "stranger",
    "code": "stranger",
    "name": "Stranger",
    "archived": False,
    "rate": 0.1,
    "type": "inclusive",
    "state": "ACTIVE",
}
"""A record that nobody asked for, of any kind."""
DEATHS: Final = ("die before", "die after")
OTHERS: Final = (*DEATHS, "edit", "stop")


@dataclass
class Weather:
    """What befalls requests. ``strength`` is how probable it is; ``faults``, ``deaths``, ``edits`` are left to come.

    ``kinds`` are the faults that there are. ``edit`` lets another client do something, ``stop`` is what a signal sets;
    ``writes`` counts requests that write.
    """

    chance: Chance
    strength: float
    faults: int
    deaths: int
    edits: int
    kinds: Sequence[str] = (*WRITE_FAULTS, "edit", "stop")
    edit: Callable[[], None] = lambda: None
    stop: threading.Event = field(default_factory=threading.Event)
    log: list[str] = field(default_factory=list)
    writes: int = 0
    blind: list[str] = field(default_factory=list)

    def strike(self, *, writes: bool) -> str:
        """What befalls the next request: an empty text for nothing."""
        faults = (WRITE_FAULTS if writes else READ_FAULTS) if self.faults else ()
        others = [name for name in OTHERS if self._left(name)]
        known = [name for name in (*faults, *others) if name in self.kinds or name in DEATHS]
        struck: str = self.chance.pick(["", *known], 1 - self.strength)
        self._spend(struck)
        return struck

    def dies(self) -> bool:
        """Whether the machine dies at a moment that is no request."""
        struck = bool(self.chance.below(2, 1 - self.strength / 2))
        self.deaths -= struck
        return struck

    def _left(self, name: str) -> bool:
        if name == "edit":
            return self.edits > 0
        return self.deaths > 0 and not (name == "stop" and self.stop.is_set())

    def _spend(self, struck: str) -> None:
        if struck in DEATHS:
            self.deaths -= 1
        elif struck == "edit":
            self.edits -= 1
        elif struck == "stop":
            self.stop.set()
        elif struck:
            self.faults -= 1

    def clear_up(self) -> None:
        """Nothing befalls anything any more."""
        self.faults = self.deaths = self.edits = 0
        self.stop.clear()


class _NoWire(Wire):
    def __init__(self) -> None:
        """Nothing leaves the process, so nothing is opened."""

    def close(self) -> None:
        """Nothing was opened."""


_NO_WIRE: Final = _NoWire()


class SimulatedTransport(Transport):
    """A transport whose requests are answered here, or not at all."""

    def __init__(self, machine: SimulatedMachine, sandbox: Sandbox, weather: Weather) -> None:
        service = Service(sandbox.url, "Pleo", loopback=True, failure=PleoError)
        auth = basic(sandbox.api_key, "")
        super().__init__(service, auth, Budget(None, stop=weather.stop, machine=machine))
        self._machine, self._sandbox, self._weather = machine, sandbox, weather
        self._unheard: set[str] = set()
        self._headers = {**auth.headers, "Host": "127.0.0.1", "Content-Type": "application/json"}

    def _opened(self, _pool: int) -> Wire:
        return _NO_WIRE

    def send(self, method: str, url: str, request: Mapping[str, Any]) -> Reply:
        """See `Transport.send`; other threads may go on before and after."""
        writes = method == "PUT" or (method == "POST" and not url.endswith(":search"))
        what = f"{method} {urlsplit(url).path} {json.dumps(request.get('json'))}"
        self._notice(what, writes=writes)
        self._machine.step()
        self._weather.writes += writes
        struck = self._weather.strike(writes=writes)
        if struck:
            self._weather.log.append(f"{struck}: {method} {urlsplit(url).path}")
        if writes and struck in _LOST:
            self._unheard.add(what)
        self._before(struck)
        if struck in _UNHEARD:
            return Reply(int(struck), {}, b"")
        reply = self._answer(method, url, request)
        self._machine.step()
        return self._after(struck, reply)

    def _notice(self, what: str, *, writes: bool) -> None:
        """Whoever reads has looked; a write whose answer was lost may leave again only then (law 3)."""
        if not writes:
            self._unheard.clear()
        elif what in self._unheard:
            self._weather.blind.append(what)

    def _before(self, struck: str) -> None:
        if struck == "edit":
            self._weather.edit()
        elif struck == "die before":
            self._machine.die()
        elif struck == "unreachable":
            raise Unanswered("no connection", sent=False, tries=TRIES)
        elif struck == "dropped":
            raise Unanswered("the connection broke off", sent=True, tries=TRIES)

    def _answer(self, method: str, url: str, request: Mapping[str, Any]) -> Reply:
        body = b"" if request.get("json") is None else json.dumps(request["json"]).encode()
        query = urlencode(request.get("params") or {}, doseq=True)
        reply = self._sandbox.respond(Request(method, urlsplit(url).path, query, self._headers, body))
        return Reply(reply.status, reply.headers, reply.content)

    def _after(self, struck: str, reply: Reply) -> Reply:
        if struck == "die after":
            self._machine.die()
        if struck == "lost":
            raise Unanswered("the connection broke off", sent=True, tries=TRIES)
        if struck in _AFTER or struck in DENIED:
            return Reply({**_AFTER, **DENIED}[struck], {}, b"")
        if struck == "stranger":
            return Reply(200, {}, json.dumps({"data": _STRANGER}).encode())
        if struck == "garbled":
            return Reply(reply.status, reply.headers, reply.content[: len(reply.content) // 2] + b"<")
        return reply
