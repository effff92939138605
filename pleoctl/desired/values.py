"""What a value means that stands in a text: quoted, plain, over several lines, or by its name."""

from __future__ import annotations

import json
from typing import Any, Final

from pleoctl.desired.entries import NotSimple, compiled
from pleoctl.documents.nodes import MAX_EXPANDED
from pleoctl.documents.scalars import plain_value

_LONGEST_WORD: Final = 5
_TAG: Final = "!!str"


class Named(NotSimple):
    """A value that gives a name, or is given by one."""


class Unnamed(NotSimple):
    """A name that nothing which was read quickly has."""


def value_of(raw: str) -> Any:
    """The value of a scalar as it stands in the text, None for "". Raises `NotSimple`, `Named` for anchors and aliases.

    It is None where there is none or null, a truth value, or a text; what is none of these is a number or `Ambiguous`.
    """
    first = raw[:1]
    if first == '"':
        return decoded(_folded(raw[1:-1]) if "\n" in raw else raw[1:-1])
    if first == "'":
        text = raw[1:-1].replace("''", "'")
        return _folded(text) if "\n" in text else text
    if first == "!":
        return _told(raw.removeprefix(_TAG).lstrip(" "))
    if "\n" in raw:
        if first in "|>":
            return _block(raw)
        raw = _folded(raw)
    text = raw.rstrip(" ")
    # As `plain_value` itself begins, without the call.
    if len(text) > _LONGEST_WORD and first.isalpha():
        return text
    if first in {"&", "*"}:
        raise Named
    return plain_value(text)


def _told(raw: str) -> Any:
    """The value of a scalar that is told to be a text: a plain one as it stands."""
    return value_of(raw) if raw[0] in "\"'|>" else _folded(raw).rstrip(" ")


def decoded(inner: str) -> str:
    """The text that stands between double quotes."""
    return str(json.loads(f'"{inner}"')) if "\\" in inner else inner


def _folded(text: str) -> str:
    """A text over several lines: a break is a blank, and each empty line a break."""
    folded: str = compiled(r" *\n((?: *\n)*) *").sub(lambda found: "\n" * found[1].count("\n") or " ", text)
    return folded


def _block(raw: str) -> str:
    """The text that a line with ``|`` or ``>`` opens. Raises `NotSimple` where blanks at the ends of lines count."""
    head, _, body = raw.partition("\n")
    if body.count("\n") == 1 and (only := body.strip(" ")) != "\n":  # as most are
        return only[:-1] if head[1:2] == "-" else only
    lines = body.split("\n")[:-1]
    depth = next(len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" "))
    if any(line[:depth].strip(" ") or line[depth : depth + 1] == " " for line in lines):
        raise NotSimple
    texts = [line[depth:] for line in lines]
    said = len(texts)
    while not texts[said - 1]:
        said -= 1
    text, breaks = "\n".join(texts[:said]), len(texts) - said + 1
    if head[0] == ">":
        text = compiled(r"(?<=[^\n])\n(\n*)").sub(lambda found: found[1] or " ", text)
    ending = head[1:2]
    return text + "\n" * (0 if ending == "-" else breaks if ending == "+" else 1)


class Anchors:
    """The names that values have by now; a name of anything but a scalar is known, and its value is not."""

    def __init__(self) -> None:
        """No name is known."""
        self.values: dict[str, Any] = {}
        self.expanded = 0

    def row(self, anchor: str) -> None:
        """Note the name of a row, ``&`` and blanks included."""
        self.values[anchor[1:].rstrip(" ")] = ...

    def value_of(self, raw: str) -> Any:
        """`value_of` of a scalar that may have, or be, a name. Raises `Unnamed` for a name that is not known."""
        if raw[:1] == "*":
            return self._named(raw[1:])
        if raw[:1] != "&":
            return value_of(raw) if raw else None
        name, _, told = raw[1:].partition(" ")
        value = self.values[name] = value_of(told.lstrip(" "))
        return value

    def _named(self, name: str) -> Any:
        if name not in self.values:
            raise Unnamed
        self.expanded += 1
        if self.values[name] is ... or self.expanded > MAX_EXPANDED:
            raise NotSimple
        return self.values[name]
