"""What a value means that stands in a text: quoted, plain, over several lines, or by its name."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from pleoctl.desired.entries import NotSimple, compiled
from pleoctl.documents.nodes import MAX_EXPANDED
from pleoctl.documents.scalars import plain_value

if TYPE_CHECKING:
    import re

_LONGEST_WORD: Final = 5
_TAG: Final = "!!str"
_ESCAPES: Final = dict(zip('0abtnvfre "/\\N_LP', '\0\a\b\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True))


class Unnamed(NotSimple):
    """A name that nothing which was read quickly has."""


def decoded(inner: str) -> str:
    """The text that stands between double quotes. Raises `NotSimple`."""
    if "\\" not in inner:
        return _folded(inner) if "\n" in inner else inner
    if "\n" in inner:
        inner = _folded(compiled(r"\\(?:\n *\n?| +\n|.)").sub(_unbroken, inner))
    try:
        if compiled(r'\\[^"\\/bfnrtu]').search(inner):
            text = compiled(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)").sub(_character, inner)
        else:
            text = str(json.loads(f'"{inner}"'))
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16")
    except ValueError:  # an escape that is cut short, or half of a character
        raise NotSimple from None


def _unbroken(found: re.Match[str]) -> str:
    """Nothing for a break that is escaped; other escapes stay. Blanks or breaks beside others are left to a parser."""
    said: str = found[0]
    if said.endswith("\n"):
        raise NotSimple
    return "" if said[1] == "\n" else said


def _character(found: re.Match[str]) -> str:
    """What an escape stands for."""
    said: str = found[1]
    if len(said) > 1:
        number = int(said[1:], 16)
        if number > sys.maxunicode:
            raise NotSimple
        return chr(number)
    if said not in _ESCAPES:
        raise NotSimple
    return _ESCAPES[said]


def _folded(text: str) -> str:
    """A text over several lines: a break is a blank, and each empty line a break."""
    first, broken, second = text.partition("\n")
    if not broken:
        return text
    if "\n" not in second:  # as most are
        return f"{first.rstrip(' ')} {second.lstrip(' ')}"
    folded: str = compiled(r" *\n((?: *\n)*) *").sub(lambda found: "\n" * found[1].count("\n") or " ", text)
    return folded


def _block(raw: str) -> str:
    """The text that a line with ``|`` or ``>`` opens. Raises `NotSimple` where its form depends on blanks."""
    head, _, body = raw.partition("\n")
    depth = len(body) - len(body.lstrip(" "))
    begin = f"\n{' ' * depth}"
    even = body[depth:].replace(begin, "\n")
    # As most are: all lines are as deep as the first, and none is empty.
    if body.count(begin) == body.count("\n") - 1 and even[0] != "\n" and "\n " not in even and "\n\n" not in even:
        text = even[:-1].replace("\n", " ") if head[0] == ">" else even[:-1]
        return text if head[1:2] == "-" else f"{text}\n"
    lines = body.split("\n")[:-1]
    depth = next(len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" "))
    deeper = [line for line in lines if line[depth : depth + 1] == " "]
    if any(line[:depth].strip(" ") for line in lines) or any(head[0] == ">" or line.isspace() for line in deeper):
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
        self.values[anchor[1:]] = ...

    def forget(self, known: int) -> None:
        """Have no more names than these, the first; a name that was given again stays as it is by now."""
        while len(self.values) > known:
            self.values.popitem()

    def value_of(self, raw: str | None) -> Any:
        """The value of a scalar as it stands in the text, None for nothing. Raises `NotSimple`.

        It is None where there is none or null, a truth value, or a text; what is none of these is a number or
        `Ambiguous`.
        """
        if not raw:
            return None
        first = raw[0]
        if first.isalpha():
            text = (_folded(raw) if "\n" in raw else raw).rstrip(" ")
            # As `plain_value` itself begins, without the call.
            return text if len(text) > _LONGEST_WORD else plain_value(text)
        if first == '"':
            text = raw[1:-1]
            return decoded(text) if "\\" in text or "\n" in text else text
        if first == "'":
            return (_folded(raw) if "\n" in raw else raw)[1:-1].replace("''", "'")
        if first in "|>!&*":
            return _block(raw) if first in "|>" else self._marked(raw)
        return plain_value(_folded(raw).rstrip(" "))

    def _marked(self, raw: str) -> Any:
        """The value of a scalar that is told to be a text, or that has, or is, a name."""
        if raw[0] == "*":
            return self._named(raw[1:])
        mark, _, told = raw.partition(" ")
        told = told.lstrip(" ")
        if mark != _TAG:
            value = self.values[mark[1:]] = self.value_of(told)
            return value
        return self.value_of(told) if told[0] in "\"'|>" else _folded(told).rstrip(" ")

    def _named(self, name: str) -> Any:
        if name not in self.values:
            raise Unnamed
        self.expanded += 1
        if self.values[name] is ... or self.expanded > MAX_EXPANDED:
            raise NotSimple
        return self.values[name]
