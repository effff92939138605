"""Which operation a request is for, and its whole way from there to the answer; no sockets, no waiting of its own.

It serves the operations of all kinds, the caller's installation and signing in; any other path answers 404. Paths,
bodies, statuses and the shape of errors are published; what is not published is a field of `Settings` or is named in
the docstring of the module that assumes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pleoctl.sandbox import installations, oauth
from pleoctl.sandbox.contract import Operation, published
from pleoctl.sandbox.errors import ApiError
from pleoctl.sandbox.exchange import Exchange
from pleoctl.sandbox.kinds import PARTS
from pleoctl.sandbox.wire import Arrival, Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pleoctl.sandbox.calls import Answer, Call, Handler
    from pleoctl.sandbox.wire import Reply, Request
    from pleoctl.sandbox.world import World


class Way:
    """One request's way to its answer: iterating carries it out and gives each wait above 0 in seconds.

    ``reply`` is the answer once the iteration has ended. Iterating raises `Dropped` where a fault breaks the
    connection.
    """

    reply: Reply

    def __init__(self, world: World, request: Request) -> None:
        """Nothing is counted or done before the first step."""
        self._world = world
        self._request = request

    def __iter__(self) -> Iterator[float]:
        """All steps, once."""
        route, values = find(self._request.method, self._request.path)
        exchange = Exchange(self._world, route.operation, route.handler, Arrival.of(self._request, values))
        if exchange.wait_before:
            yield exchange.wait_before
        if exchange.drops_before:
            raise Dropped(committed=False)
        reply = exchange.perform()
        if exchange.wait_after:
            yield exchange.wait_after
        if exchange.drops_after:
            raise Dropped(committed=True)
        exchange.answered(reply)
        self.reply = reply


def respond(world: World, request: Request, sleep: Callable[[float], None]) -> Reply:
    """The answer of a world to one request, in this thread; ``sleep`` is called for each wait, in seconds.

    Raises `Dropped` where a fault breaks the connection.
    """
    way = Way(world, request)
    for seconds in way:
        sleep(seconds)
    return way.reply


@dataclass(frozen=True, slots=True)
class Route:
    """An operation, who carries it out, and the paths that lead to it."""

    operation: Operation
    handler: Handler
    pattern: re.Pattern[str]


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a method and an undecoded path, with what its path holds; that of the 404 if there is none."""
    return _found(tuple(PARTS), method, unquote(path))


@lru_cache(maxsize=4096)
def _found(kinds: tuple[str, ...], method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    wanted = "GET" if method == "HEAD" else method
    for route in _routes(kinds):
        if route.operation.method == wanted and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    nowhere = Operation(id="unknown", method=method, path="unknown", writes=method not in {"GET", "HEAD"})
    return Route(nowhere, _refuse, _pattern("unknown")), {}


@cache
def _routes(kinds: tuple[str, ...]) -> tuple[Route, ...]:
    parts = [PARTS[kind] for kind in kinds]
    operations = published() | {operation.id: operation for part in parts for operation in part.operations}
    handlers = {name: handler for part in parts for name, handler in part.handlers.items()}
    handlers |= installations.HANDLERS | oauth.HANDLERS
    return tuple(
        Route(operations[name], handlers[name], _pattern(operations[name].path))
        for name in operations
        if name in handlers
    )


def _refuse(call: Call) -> Answer:
    raise ApiError(404, "NOT_FOUND", f"The sandbox has no operation {call.operation.method} here", violation=True)


def _pattern(path: str) -> re.Pattern[str]:
    """Everything but ``{name}`` is literal; a name is one segment of the path."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))
