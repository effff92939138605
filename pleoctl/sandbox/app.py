"""A Pleo API as an ASGI application, written from the published contract.

It serves the chart of accounts, tag groups, tags, introspection and the caller's installation. Paths, bodies,
statuses and the shape of errors are published; what is not published is a field of `Settings` or is named in
the docstring of the module that assumes it. Any other path answers 404.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from pleoctl.sandbox import accounts, installations, tag_groups, tags
from pleoctl.sandbox.calls import Answer, Call, Operation
from pleoctl.sandbox.control import control_routes
from pleoctl.sandbox.errors import ApiError
from pleoctl.sandbox.exchange import Exchange
from pleoctl.sandbox.wire import Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from pleoctl.sandbox.wire import Reply
    from pleoctl.sandbox.world import World

OPERATIONS: Final = (
    *accounts.OPERATIONS,
    *tag_groups.OPERATIONS,
    *tags.OPERATIONS,
    *installations.OPERATIONS,
)
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def make_app(world: World) -> Starlette:
    """The application that serves one world; it holds no state of its own."""
    routes = [
        Route(operation.path, _endpoint(world, operation), methods=[operation.method]) for operation in OPERATIONS
    ]
    return Starlette(routes=[*control_routes(world), *routes, _unknown(world)])


def _endpoint(world: World, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await _served(world, operation, request)
        except (ClientDisconnect, asyncio.CancelledError):  # nobody waits for the answer any more
            return Dropped()

    return endpoint


async def _served(world: World, operation: Operation, request: Request) -> Response:
    exchange = Exchange(world, operation, _arrival(request, await request.body()))
    await asyncio.sleep(exchange.wait_before)
    if exchange.drops_before:
        return Dropped()
    reply = exchange.perform()
    await asyncio.sleep(exchange.wait_after)
    if exchange.drops_after:
        return Dropped()
    exchange.answered(reply)
    return _response(reply)


class Dropped(Response):
    """No answer at all: the connection breaks."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Break the connection and wait until the server has noticed."""
        connection = scope.get("state", {}).get("connection")
        if connection is not None:
            connection.transport.abort()
            while (await receive())["type"] != "http.disconnect":
                pass


def _unknown(world: World) -> Route:
    """The route of last resort, also for a known path with a method that it does not have."""

    async def endpoint(request: Request) -> Response:
        method = request.method
        operation = Operation(method=method, path="unknown", handler=_refuse, writes=method not in {"GET", "HEAD"})
        return await _endpoint(world, operation)(request)

    return Route("/{rest:path}", endpoint, methods=list(_METHODS))


def _refuse(call: Call) -> Answer:
    raise ApiError(404, "NOT_FOUND", f"The sandbox has no operation {call.operation.method} here", violation=True)


def _arrival(request: Request, body: bytes) -> Arrival:
    values = {name: value for name, value in request.path_params.items() if name != "rest"}
    query_string = request.scope["query_string"].decode("latin-1")
    return Arrival(
        method=request.method,
        path=request.scope["path"],
        query_string=query_string,
        query=parse_qs(query_string, keep_blank_values=True),
        authorization=request.headers.get("authorization"),
        content_type=request.headers.get("content-type", ""),
        body=body,
        path_values=values,
    )


def _response(reply: Reply) -> Response:
    return Response(reply.content, reply.status, reply.headers)
