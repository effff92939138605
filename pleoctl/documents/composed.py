"""What the kinds' rows say in the published schemas: their part is made here and written into each file.

The files under ``schemas/`` hold the parts of the kinds that ship with pleoctl; a test keeps them equal to what is made
here. A kind that is registered besides gets its part wherever a schema is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.model.addresses import canonical_pattern
from pleoctl.model.kinds import ACCOUNT, KINDS, flat_kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.kind import Field, Kind

Json = dict[str, Any]
HINT: Final = "shorten it, or hold the row with hold"


def composed(name: str, schema: Json) -> Json:
    """The schema with the part of every kind; others than those that kinds shape stay as they are."""
    part = _PARTS.get(name)
    return schema if part is None else part(schema)


def row_schema(kind: Kind) -> Json:
    """The definition of a flat kind's row in the desired state."""
    needed = [one for one in kind.fields if not (one.nullable or one.optional)]
    strict: Json = {kind.key: _text(kind.longest), **{one.name: _strict(one) for one in needed}}
    limited = [one for one in kind.fields if one.longest and one not in needed]
    strict |= {one.name: {"maxLength": one.longest, "x-hint": HINT} for one in limited}
    strict |= {one.name: dict(one.strict) for one in kind.fields if one.strict and one not in needed}
    always = [one for one in kind.fields if not one.optional]
    optional = [one for one in kind.fields if one.optional]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            kind.key: _said({"type": "string"}, kind.says),
            **{one.name: _shape(one) for one in always},
            "active": {"$ref": "#/definitions/active"},
            **{one.name: _shape(one) for one in (*optional, *kind.local)},
            "hold": {"$ref": "#/definitions/hold"},
        },
        "if": {"required": ["hold"]},
        "else": {"required": [kind.key, *kind.needed], "properties": strict},
    }


def _shape(one: Field) -> Json:
    return _said({"type": ["string", "null"] if one.nullable else "string", **one.shape}, one.says)


def _said(shape: Json, says: str) -> Json:
    return {**shape, "description": says} if says else shape


def _strict(one: Field) -> Json:
    text = _text(one.longest)
    # A blank text is told once, as blank.
    return {"allOf": [text, {"if": {"pattern": "\\S"}, "then": dict(one.strict)}]} if one.strict else text


def _text(longest: int | None) -> Json:
    return {"$ref": f"#/definitions/{'shortText' if longest else 'text'}"}


def _desired_state(schema: Json) -> Json:
    for kind in flat_kinds():
        title = kind.plural
        says = f"Every {kind.title} of the accounting system. Absent: {title} are not managed. Empty: archive all."
        listed = schema["properties"].setdefault(kind.section, {"type": "array", "description": says})
        listed["items"] = {"$ref": f"#/definitions/{kind.name}"}
        schema["definitions"][kind.name] = row_schema(kind)
    return schema


def _plan(schema: Json) -> Json:
    states = schema["definitions"]["state"]["properties"]
    for kind in KINDS.values():
        states |= {name: {"type": ["string", "null"]} for name in kind.stated}
    for kind in flat_kinds():
        schema["properties"]["scope"]["properties"].setdefault(kind.section, {"type": "boolean"})
    schema["definitions"]["change"]["properties"]["kind"]["enum"] = list(KINDS)
    return _receipt(schema)


def _receipt(schema: Json) -> Json:
    schema["definitions"]["address"]["pattern"] = canonical_pattern()
    return schema


def _workspace(schema: Json) -> Json:
    """Every source that has a table of accounts has one of each flat kind, and records of each may be left alone."""
    protect = schema["properties"]["guard"]["properties"]["protect"]["items"]
    protect["pattern"] = f"^({'|'.join(KINDS)}):."
    for part in [schema["definitions"]["source"], *(one["then"] for one in schema["definitions"]["source"]["allOf"])]:
        tables = part.get("properties", {})
        if ACCOUNT.section in tables:
            for kind in flat_kinds():
                tables.setdefault(kind.section, tables[ACCOUNT.section])
    for kind in flat_kinds():
        title = f"{kind.plural.capitalize()} (by {kind.key}) that are neither changed nor archived."
        listed = {"type": "array", "uniqueItems": True, "items": {"$ref": "#/definitions/text"}, "description": title}
        left = {"type": "object", "additionalProperties": False, "properties": {"leave": listed}}
        schema["properties"].setdefault(kind.section, left)
    return schema


_PARTS: Final[dict[str, Callable[[Json], Json]]] = {
    "desired-state": _desired_state,
    "plan": _plan,
    "receipt": _receipt,
    "workspace": _workspace,
}
