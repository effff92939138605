"""Checks of requests against the published contract: every problem at once, each naming its field.

What a request must be stands in `contract.yaml`; here stands what its words mean. What the contract forbids and
Pleo is known or likely to accept (an unknown field, an absent search flag) is tolerated: it is counted as a
violation, and the call goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.paging import CURSOR, Query
from pleoctl.sandbox.parts import UUID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.sandbox.contract import Field, Fields

ORDERS: Final = ("ASC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC", "DESC_NULLS_FIRST", "DESC_NULLS_LAST")
_UUID: Final = re.compile(UUID_PATTERN)
_INTEGER: Final = re.compile(r"-?\d{1,18}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of the contract; a tolerated one does not refuse the call."""

    field: str
    message: str
    tolerated: bool = False

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def check_body(body: Any, fields: Fields, *, strict: bool, where: str = "") -> Iterator[Problem]:
    """All problems of a JSON object; ``strict`` refuses unknown fields instead of tolerating them."""
    if not isinstance(body, dict):
        yield Problem(where or "body", "must be an object")
        return
    prefix = f"{where}." if where else ""
    for name in body.keys() - fields.keys():
        yield Problem(f"{prefix}{name}", "unknown field", tolerated=not strict)
    for name, field in fields.items():
        if name in body:
            yield from _check_value(body[name], field, f"{prefix}{name}", strict=strict)
        elif field.required:
            yield Problem(f"{prefix}{name}", "is required", tolerated=field.tolerated)


def check_batch(body: Any, fields: Fields, *, strict: bool) -> Iterator[Problem]:
    """All problems of a bare JSON list of objects."""
    if not isinstance(body, list):
        yield Problem("body", "must be a list")
        return
    for n, item in enumerate(body):
        yield from check_body(item, fields, strict=strict, where=f"[{n}]")


def _check_value(value: Any, field: Field, where: str, *, strict: bool) -> Iterator[Problem]:
    if value is None:
        if not field.nullable:
            yield Problem(where, "must not be null")
        return
    if not _IS[field.type](value):
        yield Problem(where, f"must be {_WORDS[field.type]}")
        return
    if field.values is not None and value not in field.values:
        yield Problem(where, f"must be one of {', '.join(field.values)}")
    if field.type in {"text", "list"}:
        yield from _check_length(value, field, where)
    if field.type == "list":
        yield from _check_items(value, field, where, strict=strict)


def _check_length(value: Any, field: Field, where: str) -> Iterator[Problem]:
    noun = "characters" if field.type == "text" else "items"
    if len(value) < field.least:
        yield Problem(where, f"has fewer than {field.least} {noun}", tolerated=field.length_tolerated)
    if field.most is not None and len(value) > field.most:
        yield Problem(where, f"has more than {field.most} {noun}", tolerated=field.length_tolerated)


def _check_items(value: list[Any], field: Field, where: str, *, strict: bool) -> Iterator[Problem]:
    if field.unique and len({repr(item) for item in value}) < len(value):
        yield Problem(where, "has an item twice")
    for n, item in enumerate(value):
        if field.fields is not None:
            yield from check_body(item, field.fields, strict=strict, where=f"{where}[{n}]")
        elif field.items is not None:
            yield from _check_value(item, field.items, f"{where}[{n}]", strict=strict)


def check_query(query: Query, parameters: Fields, *, strict: bool) -> Iterator[Problem]:
    """All problems of the query parameters; only a parameter whose kind is a list may be repeated."""
    for name in parameters.keys() - query.keys():
        if parameters[name].required:
            yield Problem(name, "is required")
    for name, values in query.items():
        parameter = parameters.get(name)
        if parameter is None:
            yield Problem(name, "unknown query parameter", tolerated=not strict)
            continue
        if len(values) > 1 and parameter.items is None:
            yield Problem(name, "is given more than once")
        one = parameter.items or parameter
        if not all(_READS[one.type](value) for value in values):
            yield Problem(name, f"must be {_WORDS[one.type]}")
        elif one.values is not None and not set(values) <= set(one.values):
            yield Problem(name, f"must be one of {', '.join(one.values)}")


def is_text(value: Any) -> bool:
    """Whether a JSON value is a text that can be written as UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_uuid(value: Any) -> bool:
    """Whether a JSON value or a part of a path is a UUID."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(is_text(k) and is_text(v) for k, v in value.items())


_IS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": is_text,
    "flag": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "uuid": is_uuid,
    "object": lambda value: isinstance(value, dict),
    "texts": _is_text_map,
    "list": lambda value: isinstance(value, list),
    "moment": _is_moment,
}
_READS: Final[dict[str, Callable[[str], bool]]] = {
    "text": is_text,
    "flag": lambda value: value in {"true", "false"},
    "uuid": is_uuid,
    "cursor": lambda value: CURSOR.fullmatch(value) is not None,
    "positive": lambda value: _INTEGER.fullmatch(value) is not None and 0 < int(value) < 2**31,
    "count": lambda value: _INTEGER.fullmatch(value) is not None and int(value) >= 0,
    "order": lambda value: value in ORDERS,
}
_WORDS: Final = {
    "text": "text",
    "flag": "true or false",
    "number": "a number",
    "uuid": "a UUID",
    "object": "an object",
    "list": "a list",
    "texts": "an object whose values are text",
    "cursor": "a cursor (^[A-Z2-7=~]+$)",
    "positive": "a whole number above 0",
    "count": "a whole number from 0",
    "order": f"one of {', '.join(ORDERS)}",
    "moment": "a date and time with its offset",
}
