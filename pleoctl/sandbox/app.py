"""The sandbox as an ASGI application: what the sockets need around a `Way`, and nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pleoctl.sandbox import control
from pleoctl.sandbox.door import MOST_BODY, admit, too_large
from pleoctl.sandbox.errors import ApiError
from pleoctl.sandbox.routes import Way
from pleoctl.sandbox.wire import JSON_TYPE, Dropped, Reply, Request, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, MutableMapping

    from pleoctl.sandbox.world import World

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]

_BODILESS = {204, 304}


def make_app(world: World, hosts: Collection[str] = ()) -> App:
    """The application that serves one world to loopback and to ``hosts``; it holds no state of its own."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        try:
            reply = await _answer(world, hosts, scope, receive)
        except (Dropped, asyncio.CancelledError):  # a fault, or nobody waits for the answer any more
            await _break(scope, receive)
        else:
            await _send(reply, send)

    return app


async def _answer(world: World, hosts: Collection[str], scope: Message, receive: Receive) -> Reply:
    try:
        admit(_request(scope, b""), hosts)
        request = _request(scope, await _body(receive))
    except ApiError as error:
        return Reply(error.status, encode(error.body()), {"content-type": JSON_TYPE, "connection": "close"})
    handler = control.find(request)
    if handler is not None:
        return control.respond(world, request, handler)
    way = Way(world, request)
    for seconds in way:
        await asyncio.sleep(seconds)
    return way.reply


def _request(scope: Message, body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


async def _body(receive: Receive) -> bytes:
    """The whole body. Raises the 413, or `Dropped` where the client has gone."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Dropped(committed=False)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BODY:
            raise too_large()
        more = message.get("more_body", False)
    return b"".join(parts)


async def _send(reply: Reply, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    if reply.status not in _BODILESS:
        headers.append((b"content-length", str(len(reply.content)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.content})


async def _break(scope: Message, receive: Receive) -> None:
    """Break the connection and wait until the server has noticed."""
    connection = scope.get("state", {}).get("connection")
    if connection is not None:
        connection.transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
