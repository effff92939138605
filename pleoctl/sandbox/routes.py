"""Which operation a request is for, and its whole way from there to the answer; no sockets, no waiting of its own.

It serves the chart of accounts, tag groups, tags, introspection and the caller's installation. Paths, bodies,
statuses and the shape of errors are published; what is not published is a field of `Settings` or is named in
the docstring of the module that assumes it. Any other path answers 404.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pleoctl.sandbox import accounts, installations, tag_groups, tags
from pleoctl.sandbox.calls import Answer, Call, Operation
from pleoctl.sandbox.errors import ApiError
from pleoctl.sandbox.exchange import Exchange
from pleoctl.sandbox.wire import Arrival, Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.sandbox.wire import Reply, Request
    from pleoctl.sandbox.world import World

OPERATIONS: Final = (
    *accounts.OPERATIONS,
    *tag_groups.OPERATIONS,
    *tags.OPERATIONS,
    *installations.OPERATIONS,
)


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
        operation, values = find(self._request.method, self._request.path)
        exchange = Exchange(self._world, operation, Arrival.of(self._request, values))
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


def find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation of a method and an undecoded path, with what its path holds; that of the 404 if there is none."""
    decoded = unquote(path)
    wanted = "GET" if method == "HEAD" else method
    for pattern, operation in _ROUTES:
        if operation.method == wanted and (match := pattern.fullmatch(decoded)):
            return operation, match.groupdict()
    return Operation(method=method, path="unknown", handler=_refuse, writes=method not in {"GET", "HEAD"}), {}


def _refuse(call: Call) -> Answer:
    raise ApiError(404, "NOT_FOUND", f"The sandbox has no operation {call.operation.method} here", violation=True)


def _pattern(path: str) -> re.Pattern[str]:
    """Everything but ``{name}`` is literal; a name is one segment of the path."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))


_ROUTES: Final = tuple((_pattern(operation.path), operation) for operation in OPERATIONS)
