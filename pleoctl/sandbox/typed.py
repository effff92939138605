"""Typed documents: seeds, settings and faults as msgspec reads them, with errors that name the field."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from pleoctl.documents.misfit import fitted, misfit
from pleoctl.sandbox.errors import BadInput, unknown

T = TypeVar("T")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(?:\d+|\.\.\.)\]")
_NAMED: Final = re.compile(r"^object (contains unknown|missing required) field (.*)$")


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A value with typed fields, spelt camel-cased in files; what no field documents is refused."""


def decoded(data: Any, kind: type[T], where: str = "") -> T:
    """The document that data holds. Raises `BadInput` naming the first wrong field below ``where``."""
    try:
        return fitted(data, kind)
    except msgspec.ValidationError as error:
        raise _told(error, kind, where) from None


def checked(document: msgspec.Struct) -> None:
    """Hold a document that was made in Python to its types. Raises `BadInput` naming the field."""
    for field in _fields(type(document)):
        value = getattr(document, field.name)
        if value is not field.default:
            decoded(value, field.type, field.encode_name)


def camel(name: str) -> str:
    """The YAML and JSON spelling of a Python name."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def field_names(kind: type[msgspec.Struct]) -> list[str]:
    """The names of a document's fields as files spell them."""
    return [field.encode_name for field in _fields(kind)]


# Annotations are worked out anew at each asking, which takes longer than reading a document.
_fields = cache(msgspec.structs.fields)


def _told(error: msgspec.ValidationError, kind: Any, where: str) -> BadInput:
    path, words = misfit(error)
    cause = error.__cause__
    if isinstance(cause, BadInput):
        return BadInput(_joined(where, path, cause.field), cause.message)
    found = _at(kind, path)
    named = _NAMED.match(words)
    if named is None:
        return BadInput(_joined(where, path), _own_words(found) or words)
    if named[1].startswith("missing"):
        return BadInput(_joined(where, path, named[2]), "is missing")
    known = [field.encode_name for one in found for field in getattr(one, "fields", ())]
    return BadInput(_joined(where, path, named[2]), unknown(named[2], known))


def _own_words(found: list[Any]) -> str | None:
    """What a type says of itself, where that says more than the library: its values, or ``x-message``."""
    values = [str(value) for one in found for value in getattr(one, "values", ())]
    said = [(getattr(one, "extra_json_schema", None) or {}).get("x-message") for one in found]
    return f"must be {' or '.join(values)}" if values else next(filter(None, said), None)


def _joined(*parts: str) -> str:
    text = ""
    for part in parts:
        text += part.lstrip(".") if not text else part if part.startswith(("[", ".")) or not part else f".{part}"
    return text


def _at(kind: Any, path: str) -> list[Any]:
    """The types at a path below another one, each alternative with what it is annotated with."""
    found = _options(inspect.type_info(kind))
    for step in _STEP.finditer(path):
        found = [inner for one in found for inner in _inside(one, step[1])]
    return found


def _inside(one: Any, name: str | None) -> list[Any]:
    if name is None:
        return _options(getattr(one, "item_type", None))
    named = [field for field in getattr(one, "fields", ()) if field.encode_name == name]
    return [option for field in named for option in _options(field.type)]


def _options(one: Any) -> list[Any]:
    if isinstance(one, inspect.Metadata):
        return [one, *_options(one.type)]
    if isinstance(one, inspect.UnionType):
        return [option for kind in one.types for option in _options(kind)]
    return [one]
