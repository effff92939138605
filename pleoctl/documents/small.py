"""Whether a small document keeps to its schema, told before the validator of large ones would be loaded.

That one checks a megabyte in the time in which this checks a few pages, and takes as long to load and to prepare as
these take to read. Of a schema only what a document has is looked at. What is not known here for certain is `Unsure`.
"""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.published import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized

    Test = Callable[[Any], bool]


class Unsure(Exception):
    """Another validator has to be asked."""


@cache
def shape_of(name: str, kinds: tuple[str, ...]) -> Shape:
    """What a schema of ours asks, with the part of every kind there is."""
    return Shape.whole(schema_of(name, kinds))


class Shape:
    """What a schema, or a part of one, asks; made ready once something is held to it."""

    def __init__(self, schema: Any, find: Callable[[str], Shape]) -> None:
        """``find`` gives what a reference in it means."""
        self._schema = schema
        self._find = find

    @classmethod
    def whole(cls, schema: Any) -> Shape:
        """A schema with its definitions."""

        @cache
        def find(reference: str) -> Shape:
            above, *steps = reference.split("/")
            found = schema
            for step in steps:
                found = found.get(step) if isinstance(found, dict) else None
            if above != "#" or found is None:
                raise Unsure
            return cls(found, find)

        return cls(schema, find)

    def holds(self, value: Any) -> bool:
        """Whether a value keeps to it. Raises `Unsure`."""
        # Of all that is done here this is done most, and a generator takes half as long again.
        for test in self.tests:
            if not test(value):
                break
        else:
            return True
        return False

    @cached_property
    def tests(self) -> list[Test]:
        """What all must hold of a value. Raises `Unsure`."""
        schema = self._schema
        if isinstance(schema, list):  # of items, each of its own
            raise Unsure
        if isinstance(schema, bool):
            return [lambda _value: schema]
        if "$ref" in schema:  # what stands beside one counts for nothing
            return self._find(schema["$ref"]).tests
        words = [word for word in schema if word not in _SAID and not word.startswith("x-")]
        tests = [_TESTS[word](schema[word]) for word in words if word in _TESTS]
        tests += [_JOINED[word](self._parts(schema[word])) for word in words if word in _JOINED]
        tests += [_EACH[word](self._part(schema[word]).holds) for word in words if word in _EACH]
        if "if" in schema:
            tests.append(self._if())
        if not _KEYS.isdisjoint(words):
            tests.append(self._keys())
        if not _KNOWN.issuperset(words):
            raise Unsure
        return tests

    def _part(self, schema: Any) -> Shape:
        return Shape(schema, self._find)

    def _parts(self, given: list[Any]) -> list[Test]:
        return [self._part(one).holds for one in given]

    def _if(self) -> Test:
        asked, then, other = (self._part(self._schema.get(word, True)).holds for word in ("if", "then", "else"))
        return lambda value: (then if asked(value) else other)(value)

    def _keys(self) -> Test:
        schema = self._schema
        known = {name: self._part(one).holds for name, one in schema.get("properties", {}).items()}
        forms = schema.get("patternProperties", {}).items()
        formed = [(re.compile(form), self._part(one).holds) for form, one in forms]
        others = self._part(schema.get("additionalProperties", True)).holds

        def asked(name: str) -> Iterator[Test]:
            if name in known:
                yield known[name]
            yield from (holds for form, holds in formed if form.search(name))

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return True
            if not formed:
                return all(known.get(name, others)(one) for name, one in value.items())
            return all(holds(one) for name, one in value.items() for holds in (list(asked(name)) or [others]))

        return test


def _type(given: str | list[str]) -> Test:
    kinds = frozenset(one for name in ([given] if isinstance(given, str) else given) for one in _TYPES[name])
    return lambda value: type(value) in kinds


def _enum(given: list[Any]) -> Test:
    texts = frozenset(one for one in given if isinstance(one, str))
    others = [one for one in given if not isinstance(one, str)]
    if any(isinstance(one, dict | list) for one in others):
        raise Unsure

    def test(value: Any) -> bool:
        if type(value) is str:
            return value in texts
        return any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in others)

    return test


def _pattern(given: str) -> Test:
    """``$`` is the end of the text, as in the regular expressions of JSON Schema, not before a last line break."""
    search = re.compile(f"{given[:-1]}\\Z" if given.endswith("$") else given).search
    return lambda value: type(value) is not str or search(value) is not None


def _unique(wanted: bool) -> Test:
    def test(value: Any) -> bool:
        if not wanted or type(value) is not list:
            return True
        plain = all(type(one) is str for one in value)
        texts = value if plain else [json.dumps(one, sort_keys=True, default=repr) for one in value]
        return len(set(texts)) == len(texts)

    return test


def _required(names: list[str]) -> Test:
    return lambda value: type(value) is not dict or all(name in value for name in names)


def _least(kind: type[Sized]) -> Callable[[int], Test]:
    return lambda least: lambda value: type(value) is not kind or len(value) >= least


def _most(kind: type[Sized]) -> Callable[[int], Test]:
    return lambda most: lambda value: type(value) is not kind or len(value) <= most


_NUMBERS: Final = (int, float)
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "object": (dict,),
    "array": (list,),
    "integer": (int,),  # 500.00 is none to whoever writes it
    "number": _NUMBERS,
    "boolean": (bool,),
    "null": (NoneType,),
}
_TESTS: Final[dict[str, Callable[[Any], Test]]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda given: _enum([given]),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "required": _required,
    "minLength": _least(str),
    "maxLength": _most(str),
    "minItems": _least(list),
    "maxItems": _most(list),
    "minProperties": _least(dict),
    "maxProperties": _most(dict),
    "minimum": lambda least: lambda value: type(value) not in _NUMBERS or value >= least,
    "maximum": lambda most: lambda value: type(value) not in _NUMBERS or value <= most,
}
_EACH: Final[dict[str, Callable[[Test], Test]]] = {
    "items": lambda holds: lambda value: type(value) is not list or all(map(holds, value)),
    "propertyNames": lambda holds: lambda value: type(value) is not dict or all(map(holds, value)),
    "not": lambda holds: lambda value: not holds(value),
}
_JOINED: Final[dict[str, Callable[[list[Test]], Test]]] = {
    "allOf": lambda each: lambda value: all(holds(value) for holds in each),
    "anyOf": lambda each: lambda value: any(holds(value) for holds in each),
    "oneOf": lambda each: lambda value: sum(holds(value) for holds in each) == 1,
}
_KEYS: Final = frozenset({"properties", "patternProperties", "additionalProperties"})
_KNOWN: Final = frozenset({*_TESTS, *_EACH, *_JOINED, *_KEYS, "if", "then", "else"})
#: Words that ask for nothing.
_SAID: Final = frozenset({"$schema", "$id", "title", "description", "default", "examples", "definitions"})
