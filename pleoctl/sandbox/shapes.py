"""JSON Schemas of what people write for a sandbox, made from the types that read it."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.sandbox.typed import camel

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]


def schema_of(name: str, document: type[msgspec.Struct], described: Sequence[type] = ()) -> Json:
    """The schema of a document; of the fields of ``described`` types it says what the texts below them say."""
    made = msgspec.json.schema(document, ref_template="#/definitions/{name}")
    definitions = {key: _plain(value) for key, value in made["$defs"].items()}
    for kind in described:
        _describe(definitions[kind.__name__], kind)
    top = definitions.pop(document.__name__)
    head = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"https://pleoctl.dev/schemas/{name}.schema.json",
        "title": f"pleoctl {name.replace('-', ' ')}",
    }
    return {**head, **top, "required": ["apiVersion", "kind"], "definitions": definitions}


def _plain(schema: Any) -> Any:
    """One spelling for what has several: a list of types for alternatives that differ in nothing else."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}
    if len(plain.get("enum", ())) == 1:
        plain["const"] = plain.pop("enum")[0]
    if "prefixItems" in plain:
        plain["items"], plain["additionalItems"] = plain.pop("prefixItems"), False
    options = plain.get("anyOf", [])
    typed = [option for option in options if isinstance(option.get("type"), str) and option != {"type": "null"}]
    if len(typed) == 1 and len(options) == 2 and {"type": "null"} in options:  # it, and null
        plain = {**typed[0], "type": [typed[0]["type"], "null"], **{k: v for k, v in plain.items() if k != "anyOf"}}
    if plain.get("required") == []:
        del plain["required"]
    return plain


def _describe(definition: Json, kind: type) -> None:
    """Say of each field what the text below it in the code says, in the words of files."""
    tree = ast.parse(inspect.getsource(kind))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef))
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            name = camel(ast.unparse(field.target))
            definition["properties"][name]["description"] = _words(str(text.value.value))


def _words(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("None:", "null:")
