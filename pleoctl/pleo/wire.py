"""Pleo's JSON to `Live` records, strictly where a mistake would cost data."""

from __future__ import annotations

from typing import Any

from pleoctl.errors import PleoError
from pleoctl.model.records import Live


def account(raw: dict[str, Any], *, keep: bool = False) -> Live:
    """BookkeepingAccountRestModelV1. Raises `PleoError` where the shape is not the contract's."""
    fields = {name: _text_or_none(raw, name) for name in ("code", "name", "taxCodeExternalId")}
    return Live(_text(raw, "id"), _key(raw, "externalId"), _flag(raw), fields, raw=raw if keep else None)


def group(raw: dict[str, Any], *, keep: bool = True) -> Live:
    """TagGroupModel; the whole answer is kept, since a PUT must echo ``metadata`` (T59)."""
    code = _key(raw, "code")
    fields = {"code": code, "name": _text_or_none(raw, "name")}
    created = _text_or_none(raw, "createdAt") or ""
    return Live(_text(raw, "id"), code, _flag(raw), fields, created=created, raw=raw if keep else None)


def tag(raw: dict[str, Any], *, keep: bool = False) -> Live:
    """TagModel; ``parent`` is the group's id."""
    code = _key(raw, "code")
    fields = {"code": code, "name": _text_or_none(raw, "name")}
    created = _text_or_none(raw, "createdAt") or ""
    return Live(_text(raw, "id"), code, _flag(raw), fields, _text(raw, "groupId"), created, raw if keep else None)


def data_of(body: Any, shape: type) -> Any:
    """The ``data`` of an answer, of the expected JSON type. Raises `PleoError`."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, shape):
        raise PleoError(f"Pleo's answer has no {'list' if shape is list else 'object'} under data")
    return data


def usages(data: Any) -> dict[str, int]:
    """Expenses per tag id of a group (T66). Raises `PleoError`."""
    listed = data.get("usages")
    if not isinstance(listed, list):
        raise PleoError("Pleo's answer has no list of usages")
    counts = {str(u["id"]): u["count"] for u in listed if isinstance(u, dict) and "id" in u and "count" in u}
    if not all(isinstance(count, int) for count in counts.values()):
        raise PleoError("Pleo's answer has a usage that is not a number")
    return counts


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value:
        raise PleoError(f"Pleo's answer has a record without {name}")
    return value


def _key(raw: dict[str, Any], name: str) -> str:
    # An older API let keys be empty; such a record is one that no row can match.
    value = _text_or_none(raw, name)
    if value is None:
        raise PleoError(f"Pleo's answer has a record without {name}")
    return value


def _text_or_none(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise PleoError(f"Pleo's answer has a {name} that is not text")
    return value


def _flag(raw: dict[str, Any]) -> bool:
    value = raw.get("archived")
    if not isinstance(value, bool):
        raise PleoError("Pleo's answer has a record without archived")
    return value
