"""Checks against schemas/: every violation at once, each with its place and a fix."""

from __future__ import annotations

import json
import re
from functools import cache, partial
from heapq import nsmallest
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.documents.published import schema_of
from pleoctl.documents.scalars import Ambiguous, yaml_string
from pleoctl.errors import MOST_ALIKE, Finding, More
from pleoctl.model.kinds import KINDS
from pleoctl.text import did_you_mean
from pleoctl.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

    from pleoctl.documents.document import Document, Steps

CODE: Final = "schema"
SHOWN: Final = 60  # characters of a value in a message: fits a terminal line
# Keys below which a text may be a secret that someone wrote out, so that no message may show it (law 8).
SECRET_KEY: Final = re.compile(r"(?i)auth|header|passw|secret|token|api_?key|bearer|basic|dsn|credential")
SECRET_HINT: Final = "write env:NAME, file:PATH or cmd:COMMAND; never the secret itself"  # noqa: S105 - advice
_ARTICLES: Final = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}

_LIMITS: Final = {
    "minimum": "is {value}, less than {limit}",
    "maximum": "is {value}, more than {limit}",
    "minItems": "needs {limit} or more entries",
    "minProperties": "needs {limit} or more keys",
    "maxProperties": "takes no more keys than {limit}",
}


def validator(name: str) -> Validator:
    """The compiled draft-07 validator of a schema, with the part of every kind there is."""
    return _validator(name, tuple(KINDS))


@cache
def _validator(name: str, kinds: tuple[str, ...]) -> Validator:
    return _compiled(schema_of(name, kinds))


def _compiled(schema: dict[str, Any]) -> Validator:
    from jsonschema import Draft7Validator  # 80 ms that no file needs which keeps to its schema
    from jsonschema.validators import extend

    strict: Any = extend(  # type: ignore[no-untyped-call]  # its stubs
        Draft7Validator,
        {"pattern": _pattern, "uniqueItems": _unique_items},
        # 500.00 is a whole number to JSON Schema; who writes it means 500 units, and gets 500 hundredths.
        type_checker=Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _checker, value: type(value) is int),
    )
    made: Validator = strict(schema)
    return made


def _pattern(_validator: Validator, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """``$`` is the end of the text, as in the regular expressions of JSON Schema, not before a last line break."""
    from jsonschema.exceptions import ValidationError

    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError("does not match")


def _unique_items(_validator: Validator, wanted: bool, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """In linear time; jsonschema compares every pair of a mixed list."""
    from jsonschema.exceptions import ValidationError

    if wanted and isinstance(value, list):
        texts = [json.dumps(item, sort_keys=True, default=repr) for item in value]
        if len(set(texts)) < len(texts):
            yield ValidationError("is not unique")


def violations(document: Document, schema: str | dict[str, Any]) -> list[Finding]:
    """All violations of a document, in file order; a schema is one of ours by its name, or any other."""
    checker = validator(schema) if isinstance(schema, str) else _compiled(schema)
    spots = (spot for error in checker.iter_errors(document.data) for spot in _spots(document, _leaf(error)))
    # Wording a finding, and keeping its error, costs far more than finding it, and nobody reads thousands.
    numbers = count()
    first = nsmallest(MOST_ALIKE, zip(spots, numbers, strict=False), key=lambda numbered: numbered[0].place)
    found = list(dict.fromkeys(spot.told() for spot, _ in first))
    found.sort(key=lambda f: (f.sort_key, f.message))
    left = next(numbers) - MOST_ALIKE
    return [*found, More.like(found[-1], left, "error")] if left > 0 else found


class _Spot(NamedTuple):
    """Where something is wrong, and the finding that tells it."""

    place: tuple[int, int]
    told: Callable[[], Finding]


def _leaf(error: ValidationError) -> ValidationError:
    """The most telling error inside an anyOf or oneOf."""
    if not error.context:
        return error
    from jsonschema.exceptions import best_match

    return best_match([error]) or error


def _spots(document: Document, error: ValidationError) -> Iterator[_Spot]:
    path: Steps = tuple(error.absolute_path)
    unknown = _unknown_keys(error)
    if unknown is None:
        yield _Spot(document.locate(path), lambda: _finding(document, error, path))
        return
    known = sorted(error.schema.get("properties", {})) if isinstance(error.schema, dict) else []
    for name in unknown:
        step = (*path, name)
        yield _Spot(document.locate(step, key=True), partial(_unknown_key, document, step, name, known))


def _unknown_keys(error: ValidationError) -> list[str] | None:
    """The keys that an object must not have; None for any other error."""
    schema = error.schema
    if (
        error.validator != "additionalProperties"
        or not isinstance(schema, dict)
        or not isinstance(error.instance, dict)
    ):
        return None
    known, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    return [key for key in error.instance if key not in known and not any(re.search(p, key) for p in patterns)]


def _unknown_key(document: Document, step: Steps, name: str, known: list[str]) -> Finding:
    hint = did_you_mean(name, known)
    return document.finding(step, CODE, f"unknown key {name[:SHOWN]!r}", hint=hint, key=True)


def _finding(document: Document, error: ValidationError, path: Steps) -> Finding:
    if any(SECRET_KEY.search(str(step)) for step in path) and error.validator in {"type", "enum", "const"}:
        return document.finding(path, CODE, f"{'.'.join(map(str, path))} is not what is due here", hint=SECRET_HINT)
    message, hint = _words(document, error, path, error.schema if isinstance(error.schema, dict) else {})
    return document.finding(path, CODE, message, hint=hint)


def _words(  # noqa: PLR0911 - one line per schema word
    document: Document, error: ValidationError, path: Steps, schema: dict[str, Any]
) -> tuple[str, str | None]:
    value: Any = error.instance
    label = ".".join(str(step) for step in path) or "document"
    label += f".{_shown(value)}" if "propertyNames" in error.absolute_schema_path else ""
    limit: Any = error.validator_value
    if error.validator == "type":
        return _type_words(document, error, path, label)
    if (told := _words_of_keys(error, path, schema)) is not None:
        return told
    if error.validator in {"enum", "const"}:
        allowed = [limit] if error.validator == "const" else [v for v in limit if v is not None]
        if isinstance(value, Ambiguous):
            return _ambiguous_words(value, ["string"])
        hint = f"one of: {', '.join(map(str, allowed))}"
        return f"{label} is {_shown(value)}", hint if error.validator == "enum" else f"write {allowed[0]}"
    if error.validator == "maxLength":
        return (
            f"{label} has {len(value)} characters, more than {limit}",
            schema.get("x-hint", "shorten it"),
        )
    if error.validator in {"minLength", "pattern"}:
        return f"{label} {schema.get('x-message', f'does not match {limit}')}", schema.get("x-hint")
    if error.validator == "uniqueItems":
        return f"{label} lists a value twice", "remove one"
    if error.validator == "maxItems":
        kept = ", ".join(map(str, value[:limit])) if all(isinstance(v, str) for v in value) else f"{limit}"
        return f"{label} has {len(value)} entries, more than {limit}: {kept[:300]}", schema.get("x-hint")
    if error.validator in _LIMITS:
        return f"{label} {_LIMITS[error.validator].format(value=_shown(value), limit=limit)}", schema.get("x-hint")
    return f"{label}: {schema.get('x-message', error.message)}"[:300], schema.get("x-hint")


def _words_of_keys(error: ValidationError, path: Steps, schema: dict[str, Any]) -> tuple[str, str | None] | None:
    """What is said of keys that are missing or too many; None where something else is wrong."""
    value: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "required":
        missing = [name for name in limit if name not in value]
        return f"{_noun(path)} lacks {', '.join(missing)}", f"add {missing[0]}" if missing else None
    if error.validator == "maxProperties" and limit == 1:
        return f"{_noun(path)} has {listed(map(str, value))}, where one is due", schema.get("x-hint", "keep one")
    if error.validator == "anyOf" and "x-message" not in schema and all("required" in one for one in limit):
        return f"{_noun(path)} needs one of {listed(name for one in limit for name in one['required'])}", None
    return None


def _type_words(document: Document, error: ValidationError, path: Steps, label: str) -> tuple[str, str | None]:
    given: Any = error.validator_value
    allowed: list[str] = given if isinstance(given, list) else [given]
    if not path and not isinstance(error.instance, list | dict | None):
        # No document of anybody's; a link may have led to the file, and it may hold a secret.
        return f"{label} must be {' or '.join(_ARTICLES.get(kind, kind) for kind in allowed)}, not a single value", None
    node = document.node(path)
    schema = error.schema if isinstance(error.schema, dict) else {}
    if "string" in allowed and node is not None and node.kind == "scalar" and node.plain:
        return _plain_words(error.instance, node.text, _strict(path) or schema, label)
    if isinstance(error.instance, Ambiguous):
        return _ambiguous_words(error.instance, allowed)
    wanted = " or ".join(_ARTICLES.get(kind, kind) for kind in allowed)
    if "integer" in allowed and _is_number(error.instance) and "x-hint" not in schema:
        return f"{label} must be {wanted}, not {_shown(error.instance)}", f"write {error.instance}, without quotes"
    return f"{label} must be {wanted}, not {_shown(error.instance)}", schema.get("x-hint")


def _strict(path: Steps) -> Mapping[str, Any]:
    """What a field of a row must be beside a text; a schema asks for that in another place than for the text."""
    if len(path) != 3:
        return {}
    fields = (field for kind in KINDS.values() if kind.section == path[0] for field in kind.fields)
    return next((field.strict for field in fields if field.name == path[2]), {})


def _plain_words(value: Any, written: str, schema: Mapping[str, Any], label: str) -> tuple[str, str | None]:
    """What is said of a plain scalar where a text is due, which quotes may not mend."""
    fits = "x-message" not in schema or re.search(schema.get("pattern", ""), written) is not None
    if value is None:
        hint = f"write {yaml_string(written)} if it is called so" if written else "give a text"
        return f"{label} is null where text is due", f"{hint}, or leave it out" if fits else schema.get("x-hint")
    if not fits:
        return f"{label}: {written[:SHOWN]} {schema['x-message']}", schema.get("x-hint")
    if isinstance(value, Ambiguous):
        return _ambiguous_words(value, ["string"])
    return f"{label}: {written[:SHOWN]} is not text", f"write {yaml_string(written[:SHOWN])}"


def _is_number(value: Any) -> bool:
    """Whether a text is a whole number as it would be written without quotes."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and str(int(value[:SHOWN])) == value


def _ambiguous_words(value: Ambiguous, allowed: list[str]) -> tuple[str, str]:
    words = f"{value.text[:SHOWN]} is not read alike by all YAML readers"
    if "string" in allowed:
        return words, f"write {yaml_string(value.text[:SHOWN])}"
    return words, "write true or false" if "boolean" in allowed else "write a plain number, e.g. 20 or 0.2"


def _noun(path: Steps) -> str:
    return ".".join(str(step) for step in path) or "the document"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
