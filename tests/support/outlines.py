"""What a JSON Schema allows, without its words: to compare one that is published with one that types give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapes import Json, Value


def outline(schema: Value, root: Json) -> Value:
    """What a schema allows, without words: for objects their keys, for values their types."""
    if "$ref" in schema:
        return outline(_at(root, schema["$ref"]), root)
    if "anyOf" in schema:
        return _types(kind for part in schema["anyOf"] for kind in _listed(outline(part, root)))
    if schema.get("type") == "array":
        return {"list": outline(schema["items"], root)}
    if isinstance(schema.get("additionalProperties"), dict):
        return {"map": outline(schema["additionalProperties"], root)}
    # What a state holds depends on its kind, which the types leave to a check by hand.
    if schema.get("type") == "object" and "archived" not in schema.get("properties", {"archived": 1}):
        keys = {name: outline(part, root) for name, part in schema["properties"].items()}
        return {"keys": keys, "required": sorted(schema.get("required", ()))}
    words = [schema["const"]] if "const" in schema else schema.get("enum", ())
    names = [{str: "string", int: "integer", type(None): "null"}[type(word)] for word in words]
    return _types(names or _listed(schema["type"]))


def _listed(kinds: Value) -> list[Value]:
    return kinds if isinstance(kinds, list) else [kinds]


def _types(kinds: Iterable[Value]) -> list[Value]:
    found = {json.dumps(kind, sort_keys=True): kind for kind in kinds}
    # A whole number is a number.
    return [kind for text, kind in sorted(found.items()) if not (kind == "integer" and '"number"' in found)]


def _at(root: Json, reference: str) -> Value:
    place: Value = root
    for step in reference.removeprefix("#/").split("/"):
        place = place[step]
    return place
