"""Pleo's JSON to `Live` records, strictly where a mistake would cost data; fields beyond the contract do no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec

from pleoctl.documents.misfit import fitted
from pleoctl.errors import PleoError
from pleoctl.model.records import Live
from pleoctl.pleo.paging import Page

if TYPE_CHECKING:
    from collections.abc import Collection

S = TypeVar("S")
Id = Annotated[str, msgspec.Meta(min_length=1)]


class _Account(msgspec.Struct, rename="camel"):
    """BookkeepingAccountRestModelV1. An older API let keys be empty: such a record is one that no row matches."""

    id: Id
    external_id: str
    archived: bool
    code: str | None = None
    name: str | None = None
    tax_code_external_id: str | None = None


class _Listed(_Account, rename="camel"):
    """The same, with whose it is."""

    company_id: Any = None


class _Group(msgspec.Struct, rename="camel"):
    """TagGroupModel."""

    id: Id
    code: str
    archived: bool
    name: str | None = None
    created_at: str | None = None


class _Tag(msgspec.Struct, rename="camel"):
    """TagModel."""

    id: Id
    group_id: Id
    code: str
    archived: bool
    name: str | None = None
    created_at: str | None = None


class _Usage(msgspec.Struct):
    id: str
    count: int


class _Failed(msgspec.Struct, rename="camel"):
    request: _Request
    reasons: list[str] | None = None


class _Request(msgspec.Struct, rename="camel"):
    external_id: str


class _Batch(msgspec.Struct):
    created: list[dict[str, Any]]
    failed: list[_Failed]


def account(raw: Any, *, keep: bool = False) -> Live:
    """An account. Raises `PleoError` where the shape is not the contract's."""
    return _account(shaped(_Account, raw, "an account"), raw if keep else None)


ACCOUNTS: Final = msgspec.json.Decoder(Page[_Listed])
"""A page of accounts of which no answer is kept."""


def accounts(rows: list[Any], company: str, keep: Collection[str] | None = ()) -> list[Live] | None:
    """`account` of a whole page; None where one breaks the contract or is not surely the company's.

    ``keep`` are the ids whose answers are kept, None: of all.
    """
    try:
        found = rows if rows and isinstance(rows[0], _Listed) else msgspec.convert(rows, list[_Listed])
    except (msgspec.ValidationError, UnicodeEncodeError):
        return None
    if any(one.company_id != company for one in found):
        return None
    if keep is not None and not keep:
        return [_account(one, None) for one in found]
    told = zip(found, rows, strict=True)
    return [_account(one, raw if keep is None or one.id in keep else None) for one, raw in told]


def _account(found: _Account, raw: dict[str, Any] | None) -> Live:
    # Pleo answers "" as well as null for a code or tax code that is none.
    code, tax = found.code or None, found.tax_code_external_id or None
    fields = {"code": code, "name": found.name, "taxCodeExternalId": tax}
    return Live(found.id, found.external_id, found.archived, fields, None, "", raw)


def group(raw: Any, *, keep: bool = True) -> Live:
    """A tag group; the whole answer is kept, since a PUT must echo ``metadata`` (T59). Raises `PleoError`."""
    found = shaped(_Group, raw, "a tag group")
    fields: dict[str, str | None] = {"code": found.code, "name": found.name}
    return Live(found.id, found.code, found.archived, fields, created=found.created_at or "", raw=raw if keep else None)


def tag(raw: Any, *, keep: bool = False) -> Live:
    """A tag; ``parent`` is the group's id. Raises `PleoError`."""
    found = shaped(_Tag, raw, "a tag")
    fields: dict[str, str | None] = {"code": found.code, "name": found.name}
    return Live(
        found.id, found.code, found.archived, fields, found.group_id, found.created_at or "", raw if keep else None
    )


def data_of(body: Any) -> dict[str, Any]:
    """The object under ``data`` of an answer. Raises `PleoError`."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise PleoError("Pleo's answer has no object under data")
    return data


def rows_of(body: Any) -> list[Any]:
    """The list under ``data`` of an answer. Raises `PleoError`."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise PleoError("Pleo's answer has no list under data")
    return data


def usages(data: dict[str, Any]) -> dict[str, int]:
    """Expenses per tag id of a group (T66); what names no tag or no number of them is left out. Raises `PleoError`."""
    listed = data.get("usages")
    if not isinstance(listed, list):
        raise PleoError("Pleo's answer has no list of usages")
    told = [one for one in listed if isinstance(one, dict) and "id" in one and "count" in one]
    return {one.id: one.count for one in shaped(list[_Usage], told, "a usage")}


def batch(data: dict[str, Any]) -> tuple[list[Live], dict[str, list[str]]]:
    """What a batch create made, and why the rest was not, by externalId (A43). Raises `PleoError`."""
    found = shaped(_Batch, data, "a batch")
    made = [account(row, keep=True) for row in found.created]
    return made, {one.request.external_id: one.reasons or ["OTHER"] for one in found.failed}


def shaped(shape: type[S], raw: Any, what: str) -> S:
    """What Pleo sent, in the shape of its contract. Raises `PleoError` that names ``what``."""
    try:
        return msgspec.convert(raw, shape)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return _told(shape, raw, what)


def _told(shape: type[S], raw: Any, what: str) -> S:
    try:
        return fitted(raw, shape)
    except msgspec.ValidationError as error:
        raise PleoError(f"Pleo's answer has {what} that breaks its contract: {error}") from error
