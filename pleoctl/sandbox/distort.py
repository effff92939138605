"""Answers that lie: cut or foreign bodies, and pages that are short, repeated, or do not lead on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pleoctl.sandbox.paging import empty_cursor
from pleoctl.sandbox.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox.calls import Answer
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.exchange import Exchange
    from pleoctl.sandbox.faults import Fault
    from pleoctl.sandbox.wire import Reply

_HTML = b"<!DOCTYPE html><html><head><title>Please wait</title></head><body>Just a moment...</body></html>"


def distorted(exchange: Exchange, answer: Answer, reply: Reply) -> Reply:
    """The reply after every fault of this call that changes what is said but not what was done."""
    if answer.body is not None and "pagination" in answer.body:
        body = _distorted_page(exchange, answer.body)
        if body is not answer.body:
            reply = dataclasses.replace(reply, content=encode(body))
    if exchange.effects.of("truncatedBody"):
        return dataclasses.replace(reply, status=200, content=reply.content[: len(reply.content) // 2])
    if exchange.effects.of("htmlBody"):
        headers = {"content-type": "text/html; charset=utf-8"}
        return dataclasses.replace(reply, status=200, content=_HTML, headers=headers)
    return reply


def _distorted_page(exchange: Exchange, body: Record) -> Record:
    pages = exchange.world.last_pages
    previous = pages.get(exchange.arrival.path, [])
    pages[exchange.arrival.path] = body["data"]
    for fault in exchange.effects.faults:
        distort = _PAGES.get(fault.kind)
        if distort is not None:
            body = distort(exchange, fault, {**body, "pagination": dict(body["pagination"])}, previous)
    return body


def _end_early(_exchange: Exchange, _fault: Fault, body: Record, _previous: list[Record]) -> Record:
    body["pagination"]["hasNextPage"] = False
    return body


def _wrong_total(_exchange: Exchange, fault: Fault, body: Record, _previous: list[Record]) -> Record:
    body["pagination"]["total"] = body["pagination"].get("total", len(body["data"])) + fault.by
    return body


def _repeat_page(_exchange: Exchange, _fault: Fault, body: Record, previous: list[Record]) -> Record:
    return body | {"data": previous}


def _stall(exchange: Exchange, _fault: Fault, body: Record, _previous: list[Record]) -> Record:
    """The page leads to itself: whoever follows its cursor reads it again."""
    after = exchange.arrival.query.get("after")
    body["pagination"]["endCursor"] = after[0] if after else empty_cursor(exchange.operation.path)
    body["pagination"]["hasNextPage"] = True
    return body


_PAGES: dict[str, Callable[[Any, Any, Record, list[Record]], Record]] = {
    "earlyEnd": _end_early,
    "wrongTotal": _wrong_total,
    "repeatedPage": _repeat_page,
    "stalledCursor": _stall,
}
