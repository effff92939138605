"""The JSON Schemas of seeds and configs, made from the types that read them.

``python -m pleoctl.sandbox.schemas schemas`` writes them; a test holds the files to it.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from pleoctl.sandbox.config import ConfigFile
from pleoctl.sandbox.faults import Fault
from pleoctl.sandbox.seed import seed_file
from pleoctl.sandbox.settings import Settings
from pleoctl.sandbox.typed import camel

Json = dict[str, Any]

_TITLES: Final = {"sandbox-config": "pleoctl sandbox config", "sandbox-seed": "pleoctl sandbox seed"}


def schemas() -> dict[str, Json]:
    """Each schema by its name."""
    return {
        "sandbox-config": _schema("sandbox-config", ConfigFile),
        "sandbox-seed": _schema("sandbox-seed", seed_file()),
    }


def text_of(schema: Json) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(name: str, document: type[msgspec.Struct]) -> Json:
    made = msgspec.json.schema(document, ref_template="#/definitions/{name}")
    definitions = {key: _plain(value) for key, value in made["$defs"].items()}
    for kind in (Settings, Fault):
        if kind.__name__ in definitions:
            _describe(definitions[kind.__name__], kind)
    top = definitions.pop(document.__name__)
    head = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"https://pleoctl.dev/schemas/{name}.schema.json",
        "title": _TITLES[name],
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


if __name__ == "__main__":
    for name, schema in schemas().items():
        (Path(sys.argv[1]) / f"{name}.schema.json").write_text(text_of(schema), encoding="utf-8")
