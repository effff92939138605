"""Numbers as a cell shows them: a code that is stored as 12345 and formatted ``00-000`` is 12-345 to everybody.

Formats that show a number otherwise than by its digits, or in the language of the reader's computer, are not rendered
but told, so that a row is held instead of getting a code that stands nowhere.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from itertools import dropwhile, pairwise
from typing import Final

_GENERAL: Final = frozenset({"", "general", "@"})
# One section of a format, piece by piece: literals, what takes no place, placeholders, everything else.
_PIECE: Final = re.compile(
    r'"(?P<text>[^"]*)"|\\(?P<escaped>.)|_(?P<gap>.)|(?P<fill>\*[ \u00a0])|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|(?P<color>\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)\])"
    r"|(?P<digit>[0#])|(?P<point>\.)|(?P<percent>%)|(?P<literal>[-+()/:!^&'~{}<>=$ \u00a0€£])",
    re.IGNORECASE,
)


# Semicolons in here separate nothing.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.')


class UnshownError(ValueError):
    """The format is not one that a code can be read from."""


def shown(value: float, number_format: str) -> str | None:
    """A number under a format; None where it is shown as it is. Raises `UnshownError`."""
    if number_format.strip().casefold() in _GENERAL:
        return None
    sections = _sections(number_format)
    number = Decimal(repr(value))
    chosen = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    if not sections[chosen]:
        return ""
    if sections[chosen].strip().casefold() in _GENERAL:
        return None
    body = _render(abs(number), sections[chosen], number_format)
    return f"-{body}" if value < 0 and chosen == 0 else body


def _sections(number_format: str) -> list[str]:
    if '"' not in number_format and "\\" not in number_format:
        return number_format.split(";")
    ends = [at.start() for at in re.finditer(";", _LITERAL.sub(lambda match: "x" * len(match[0]), number_format))]
    return [number_format[begin + 1 : end] for begin, end in pairwise([-1, *ends, len(number_format)])]


def _render(number: Decimal, section: str, whole_format: str) -> str:
    pieces = _pieces(section, whole_format)
    kinds = [kind for kind, _ in pieces]
    number = number.scaleb(2 * kinds.count("percent"))
    point = kinds.index("point") if "point" in kinds else len(pieces)
    places = kinds[point:].count("digit")
    if not kinds.count("digit"):
        raise UnshownError(whole_format)
    digits = str(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    whole, _, fraction = digits.partition(".")
    before = _fill([pieces[at] for at in range(point)], "" if whole == "0" else whole)
    return before + _fraction(pieces[point:], fraction)


def _pieces(section: str, whole_format: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(section):
        match = _PIECE.match(section, at)
        if match is None:
            raise UnshownError(whole_format)
        kind = str(match.lastgroup)
        if kind in {"text", "escaped", "currency", "literal"}:
            found.append(("literal", match[kind]))
        elif kind == "gap":
            found.append(("gap", " "))
        elif kind in {"digit", "point", "percent"}:
            found.append((kind, match[kind]))
        at = match.end()
    # A gap keeps figures in line with those in brackets; at an end it is no part of what people read.
    while found and found[-1][0] == "gap":
        found.pop()
    return list(dropwhile(lambda piece: piece[0] == "gap", found))


def _fill(pieces: list[tuple[str, str]], digits: str) -> str:
    """Digits into their places from the right; what is left over stands before the first place."""
    made: list[str] = []
    left = digits
    places = sum(kind == "digit" for kind, _ in pieces)
    for kind, text in reversed(pieces):
        if kind != "digit":
            made.append(text)
            continue
        places -= 1
        taken, left = (left, "") if not places else (left[-1:], left[:-1])
        made.append(taken or ("0" if text == "0" else ""))
    return "".join(reversed(made))


def _fraction(pieces: list[tuple[str, str]], digits: str) -> str:
    optional = sum(1 for kind, text in pieces if kind == "digit" and text == "#")
    kept = digits.rstrip("0").ljust(len(digits) - optional, "0") if optional else digits
    left, made = kept, []
    for kind, text in pieces:
        if kind == "digit":
            made.append(left[:1])
            left = left[1:]
        else:
            made.append(text)
    return "".join(made)
