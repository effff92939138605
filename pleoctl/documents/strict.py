"""JSON text that says each thing once, and nothing that is not JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A text with the colon that makes it a key, the ends of an object, what Python reads though it is no JSON.
_SIGNS: Final = re.compile(r'(?s)("(?:[^"\\]|\\.)*")(\s*:)?|([{}])|(NaN|-?Infinity)')


class _NotStrict(Exception):
    """What Python's reader would let pass."""


def strict(text: str | bytes) -> Any:
    """The data of JSON text, every key of an object once.

    Raises `json.JSONDecodeError` with the place, `ValueError` for a number without end or bytes that are no text,
    `RecursionError`.
    """
    text = text if isinstance(text, str) else text.decode(json.detect_encoding(text))
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except _NotStrict as error:
        raise _placed(text) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise _NotStrict
    return data


def _no_constant(_: str) -> NoReturn:
    raise _NotStrict


def _placed(text: str) -> json.JSONDecodeError:
    """The first of what is not strict, in a text of which Python's reader has refused nothing else so far."""
    return next(_slips(text))


def _slips(text: str) -> Iterator[json.JSONDecodeError]:
    known = list[set[str]]()
    for found in _SIGNS.finditer(text):
        name, colon, bracket, word = found.groups()
        if bracket == "{":
            known.append(set())
        elif bracket:
            known.pop()
        elif word:
            yield json.JSONDecodeError(f"{word} is not JSON", text, found.start())
        elif colon:
            key = json.loads(name)
            if key in known[-1]:
                yield json.JSONDecodeError(f"key {key[:60]!r} stands twice", text, found.start())
            known[-1].add(key)
