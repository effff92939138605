"""Checks of requests against the published contract: every problem at once, each naming its field.

A rule is a row of a table, the tables stand beside the operations they belong to. What the contract forbids
and Pleo is known or likely to accept (an unknown field, an absent search flag) is tolerated: it is counted as
a violation, and the call goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.paging import CURSOR, Query
from pleoctl.sandbox.seed import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORDERS: Final = ("ASC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC", "DESC_NULLS_FIRST", "DESC_NULLS_LAST")
_INTEGER: Final = re.compile(r"-?\d{1,18}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of the contract; a tolerated one does not refuse the call."""

    field: str
    message: str
    tolerated: bool = False

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@dataclass(frozen=True, slots=True)
class Field:
    """What one field of a body, or one query parameter, must be.

    ``least`` and ``most`` bound the length of a text or list; ``items`` are the fields of each item of a
    list; ``tolerated`` lets the call go on when the field is missing.
    """

    name: str
    kind: str
    required: bool = False
    nullable: bool = False
    least: int = 0
    most: int | None = None
    items: tuple[Field, ...] = ()
    unique: bool = False
    tolerated: bool = False
    lengths_tolerated: bool = False


def check_body(body: Any, fields: tuple[Field, ...], *, strict: bool, where: str = "") -> Iterator[Problem]:
    """All problems of a JSON object; ``strict`` refuses unknown fields instead of tolerating them."""
    if not isinstance(body, dict):
        yield Problem(where or "body", "must be an object")
        return
    prefix = f"{where}." if where else ""
    known = {field.name for field in fields}
    for name in body.keys() - known:
        yield Problem(f"{prefix}{name}", "unknown field", tolerated=not strict)
    for field in fields:
        if field.name in body:
            yield from _check_value(body[field.name], field, f"{prefix}{field.name}", strict=strict)
        elif field.required:
            yield Problem(f"{prefix}{field.name}", "is required", tolerated=field.tolerated)


def _check_value(value: Any, field: Field, where: str, *, strict: bool) -> Iterator[Problem]:
    if value is None:
        if not field.nullable:
            yield Problem(where, "must not be null")
        return
    if not _IS[field.kind](value):
        yield Problem(where, f"must be {_WORDS[field.kind]}")
        return
    if field.kind in {"text", "list"}:
        yield from _check_length(value, field, where)
    if field.kind == "list":
        yield from _check_items(value, field, where, strict=strict)


def _check_length(value: Any, field: Field, where: str) -> Iterator[Problem]:
    noun = "characters" if field.kind == "text" else "items"
    if len(value) < field.least:
        yield Problem(where, f"has fewer than {field.least} {noun}", tolerated=field.lengths_tolerated)
    if field.most is not None and len(value) > field.most:
        yield Problem(where, f"has more than {field.most} {noun}", tolerated=field.lengths_tolerated)


def _check_items(value: list[Any], field: Field, where: str, *, strict: bool) -> Iterator[Problem]:
    if field.unique and len({repr(item) for item in value}) < len(value):
        yield Problem(where, "has an item twice")
    for n, item in enumerate(value):
        if len(field.items) == 1 and not field.items[0].name:
            yield from _check_value(item, field.items[0], f"{where}[{n}]", strict=strict)
        else:
            yield from check_body(item, field.items, strict=strict, where=f"{where}[{n}]")


def check_query(query: Query, parameters: tuple[Field, ...], *, strict: bool) -> Iterator[Problem]:
    """All problems of the query parameters; only a parameter whose kind is a list may be repeated."""
    known = {parameter.name: parameter for parameter in parameters}
    for name, values in query.items():
        parameter = known.get(name)
        if parameter is None:
            yield Problem(name, "unknown query parameter", tolerated=not strict)
            continue
        if len(values) > 1 and not parameter.items:
            yield Problem(name, "is given more than once")
        kind = parameter.items[0].kind if parameter.items else parameter.kind
        if not all(_READS[kind](value) for value in values):
            yield Problem(name, f"must be {_WORDS[kind]}")


def is_text(value: Any) -> bool:
    """Whether a JSON value is a text that can be written as UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(is_text(k) and is_text(v) for k, v in value.items())


_IS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": is_text,
    "flag": lambda value: isinstance(value, bool),
    "uuid": _is_uuid,
    "object": lambda value: isinstance(value, dict),
    "text map": _is_text_map,
    "list": lambda value: isinstance(value, list),
}
_READS: Final[dict[str, Callable[[str], bool]]] = {
    "text": is_text,
    "flag": lambda value: value in {"true", "false"},
    "uuid": _is_uuid,
    "cursor": lambda value: CURSOR.fullmatch(value) is not None,
    "positive": lambda value: _INTEGER.fullmatch(value) is not None and 0 < int(value) < 2**31,
    "count": lambda value: _INTEGER.fullmatch(value) is not None and int(value) >= 0,
    "order": lambda value: value in ORDERS,
}
_WORDS: Final = {
    "text": "text", "flag": "true or false", "uuid": "a UUID", "object": "an object", "list": "a list",
    "text map": "an object whose values are text", "cursor": "a cursor (^[A-Z2-7=~]+$)",
    "positive": "a whole number above 0", "count": "a whole number from 0",
    "order": f"one of {', '.join(ORDERS)}",
}  # fmt: skip
TEXT: Final = Field("", "text")
COMPANY: Final = Field("company_id", "uuid")
ORGANIZATION: Final = Field("organization_id", "uuid")
PAGE: Final = (
    Field("before", "cursor"),
    Field("after", "cursor"),
    Field("offset", "count"),
    Field("limit", "positive"),
    Field("sorting_keys", "list", items=(TEXT,)),
    Field("sorting_order", "list", items=(Field("", "order"),)),
)
