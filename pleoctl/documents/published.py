"""The files under ``schemas/`` and ``examples/``, wherever they lie, and the schemas that they make with the kinds."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pleoctl.documents.composed import composed
from pleoctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def data_folder(name: str) -> Path:
    """Where ``schemas`` or ``examples`` lie: inside the wheel, or at the top of a source tree."""
    package = Path(__file__).parent.parent
    packaged = package / "_data" / name
    return packaged if packaged.is_dir() else package.parent / name


def schema_names() -> list[str]:
    """Names of all schemas, sorted."""
    return sorted(p.name.removesuffix(".schema.json") for p in data_folder("schemas").glob("*.schema.json"))


def schema_text(name: str) -> str:
    """The JSON text of a schema. Raises `UsageError` with the nearest names."""
    path = data_folder("schemas") / f"{name}.schema.json"
    # Who names one that is there does not wait for a list of all.
    if not (name.replace("-", "").isalnum() and path.is_file()):
        raise UsageError(f"there is no schema {name!r}", hint=f"one of: {', '.join(schema_names())}")
    return path.read_text(encoding="utf-8")


def schema_file(schema: Any) -> str:
    """The JSON text of a schema that is made from the code, as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path, schemas: Mapping[str, Any]) -> None:
    """Write schemas that are made from the code, by their names, into their files."""
    for name, schema in schemas.items():
        (folder / f"{name}.schema.json").write_text(schema_file(schema), encoding="utf-8")


@cache
def schema_of(name: str, _kinds: tuple[str, ...]) -> Any:
    """A schema with the part of every kind there is."""
    return composed(name, json.loads(schema_text(name)))
