"""Answers that lie: cut or foreign bodies, and pages that are short, repeated, or do not lead on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pleoctl.sandbox.paging import empty_cursor
from pleoctl.sandbox.wire import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox.calls import Answer
    from pleoctl.sandbox.contract import Operation
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.faults import Effects, Fault
    from pleoctl.sandbox.wire import Arrival, Reply

_HTML = b"<!DOCTYPE html><html><head><title>Please wait</title></head><body>Just a moment...</body></html>"


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A call, what strikes it, and the rows that each path gave last."""

    arrival: Arrival
    operation: Operation
    effects: Effects
    pages: dict[str, list[Record]]


def distorted(asked: Asked, answer: Answer, reply: Reply) -> Reply:
    """The reply after every fault of this call that changes what is said but not what was done."""
    if answer.body is not None and "pagination" in answer.body:
        body = _distorted_page(asked, answer.body)
        if body is not answer.body:
            reply = dataclasses.replace(reply, content=encode(body))
    if asked.effects.of("truncatedBody"):
        return dataclasses.replace(reply, status=200, content=reply.content[: len(reply.content) // 2])
    if asked.effects.of("htmlBody"):
        headers = {"content-type": "text/html; charset=utf-8"}
        return dataclasses.replace(reply, status=200, content=_HTML, headers=headers)
    return reply


def _distorted_page(asked: Asked, body: Record) -> Record:
    pages = asked.pages
    previous = pages.get(asked.arrival.path, [])
    pages[asked.arrival.path] = body["data"]
    for fault in asked.effects.faults:
        distort = _PAGES.get(fault.kind)
        if distort is not None:
            body = distort(asked, fault, {**body, "pagination": dict(body["pagination"])}, previous)
    return body


def _end_early(_asked: Asked, _fault: Fault, body: Record, _previous: list[Record]) -> Record:
    body["pagination"]["hasNextPage"] = False
    return body


def _wrong_total(_asked: Asked, fault: Fault, body: Record, _previous: list[Record]) -> Record:
    body["pagination"]["total"] = body["pagination"].get("total", len(body["data"])) + fault.by
    return body


def _repeat_page(_asked: Asked, _fault: Fault, body: Record, previous: list[Record]) -> Record:
    return body | {"data": previous}


def _stall(asked: Asked, _fault: Fault, body: Record, _previous: list[Record]) -> Record:
    """The page leads to itself: whoever follows its cursor reads it again."""
    after = asked.arrival.query.get("after")
    body["pagination"]["endCursor"] = after[0] if after else empty_cursor(asked.operation.path)
    body["pagination"]["hasNextPage"] = True
    return body


_PAGES: dict[str, Callable[[Any, Any, Record, list[Record]], Record]] = {
    "earlyEnd": _end_early,
    "wrongTotal": _wrong_total,
    "repeatedPage": _repeat_page,
    "stalledCursor": _stall,
}
