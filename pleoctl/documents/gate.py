"""A quick yes for documents that keep to their schema, which almost all do.

The careful validator of `pleoctl.documents.schemas` knows every place and its words, and takes as long to import as a
small plan. It is asked only where no yes comes from here; what it means by a schema is told to the quick one in its
own words, and a property test holds the two equal.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.published import schema_of
from pleoctl.model.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema_rs import Draft7Validator

_WHOLE: Final = "x-whole"
_AT_ONCE: Final = 1000
_LIST: Final = {"type", "items", "description"}
_ABOVE: Final = {
    "$schema",
    "$id",
    "title",
    "description",
    "type",
    "required",
    "additionalProperties",
    "properties",
    "definitions",
}
# What Python takes for blank.
_BLANK: Final = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u{1680}\\u{2000}-\\u{200a}\\u{2028}\\u{2029}\\u{202f}\\u{205f}\\u{3000}"


def keeps(data: Any, name: str) -> bool:
    """Whether data certainly keeps to a schema."""
    try:
        written = frozenset(data) if isinstance(data, dict) else frozenset()
        validator = _quick(name, tuple(KINDS), written & _sections(name))
        return all(validator.is_valid(part) for part in _parts(data, name))
    except (ValueError, OverflowError, RecursionError):
        return False  # holds what JSON cannot say


def _parts(data: Any, name: str) -> Iterator[Any]:
    """A document with some items of its long lists at a time: the validator copies what it is given."""
    plain = _plain_lists(name) if isinstance(data, dict) else ()
    long = {section: data[section] for section in plain if isinstance(data.get(section), list)}
    short = data if not long else {**data, **{section: [] for section in long}}
    yield short
    for section, items in long.items():
        for begin in range(0, len(items), _AT_ONCE):
            yield {**short, section: items[begin : begin + _AT_ONCE]}


def _plain_lists(name: str) -> list[str]:
    """The sections that are lists of which nothing is said but what their items are, nor by anything above them."""
    schema = schema_of(name, tuple(KINDS))
    shapes = schema["properties"].items() if schema.keys() <= _ABOVE else ()
    return [section for section, shape in shapes if shape.get("type") == "array" and shape.keys() <= _LIST]


def _sections(name: str) -> frozenset[str]:
    return frozenset(schema_of(name, tuple(KINDS)).get("properties", ()))


@cache
def _quick(name: str, kinds: tuple[str, ...], written: frozenset[str]) -> Draft7Validator:
    """What a file does not hold is not held to anything, and takes most of the time to prepare: sources and sinks."""
    schema = schema_of(name, kinds)
    told = {section: shape if section in written else True for section, shape in schema.get("properties", {}).items()}
    return quick({**schema, "properties": told})


def quick(schema: Any) -> Draft7Validator:
    """A validator that says nothing but yes or no."""
    from jsonschema_rs import Draft7Validator

    return Draft7Validator(_needed(schema), validate_formats=False, keywords={_WHOLE: _Whole})


class _Whole:
    """500.00 is a whole number to JSON Schema; who writes it means 500 units, and gets 500 hundredths."""

    def __init__(self, _schema: Any, _value: Any, _path: Any) -> None:
        """Nothing is set."""

    def validate(self, instance: Any) -> None:
        """Raise `ValueError` for a number with a point."""
        if isinstance(instance, float):
            raise ValueError("a whole number is due")  # noqa: TRY004 - what the library asks for


def _needed(schema: Any) -> Any:
    """The whole of a schema, of its definitions those that it comes to."""
    names, definitions = list[str](), {}
    told = _told({**schema, "definitions": {}}, names)
    for name in names:  # which grows
        if name not in definitions:
            definitions[name] = _told(schema["definitions"][name], names)
    return {**told, "definitions": definitions}


def _told(schema: Any, names: list[str]) -> Any:
    """A schema in the quick validator's words; the definitions that it refers to are added to ``names``."""
    if isinstance(schema, list):
        return [_told(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _part(name, value, names) for name, value in schema.items()}
    if "$ref" in schema:
        names.append(schema["$ref"].split("/")[2])  # "#/definitions/NAME", or a part of it
    kinds = schema.get("type")
    if "integer" in ([kinds] if isinstance(kinds, str) else kinds or ()):
        told[_WHOLE] = True
    if isinstance(schema.get("pattern"), str):
        told["pattern"] = _spelt(schema["pattern"])
    return told


def _part(name: str, value: Any, names: list[str]) -> Any:
    if name in _NAMED:
        return {key: _told(part, names) for key, part in value.items()}
    return value if name in _VALUES else _told(value, names)


_NAMED: Final = frozenset({"properties", "patternProperties", "definitions"})
_VALUES: Final = frozenset({"enum", "const", "default", "examples"})


def _spelt(pattern: str) -> str:
    """A pattern in which blanks and line breaks are Python's; the quick validator's own are other characters."""
    within = False
    told = []
    index = 0
    while index < len(pattern):
        part = pattern[index : index + 2] if pattern[index] == "\\" else pattern[index]
        index += len(part)
        within = part == "[" or (within and part != "]")
        spelt = {"\\s": _BLANK if within else f"[{_BLANK}]", "\\S": f"[^{_BLANK}]", ".": "." if within else "[^\\n]"}
        told.append(spelt.get(part, part))
    return "".join(told)
