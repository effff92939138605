"""JSON text that says each thing once, and nothing that is not JSON."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A text with the colon that makes it a key, the ends of an object, what Python reads though it is no JSON.
_SIGNS: Final = re.compile(r'(?s)("(?:[^"\\]|\\.)*")(\s*:)?|([{}])|(NaN|-?Infinity)')

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


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


def located(text: str, steps: Iterable[str | int]) -> tuple[int, int]:
    """Line and column (from 1) of a value in sound JSON text; of the nearest around it where it is absent.

    For the words about an error: what stands before the value is read once more.
    """
    at = _behind(text, 0)
    for step in steps:
        begin = next((begin for name, begin in _members(text, at) if name == step), None)
        if begin is None:
            break
        at = begin
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """The members of an object or list that begins there: key or number, and where the value begins."""
    bracket, at = text[at], _behind(text, at + 1)
    for number in count():
        name: str | int = number
        if bracket not in "{[" or text[at] in "}]":
            return
        if bracket == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _behind(text, _behind(text, at) + 1)
        yield name, at
        at = _behind(text, _DECODER.raw_decode(text, at)[1])
        at = _behind(text, at + 1) if text[at] == "," else at


def _behind(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]  # it matches anything


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
