"""What a line of a desired state says where people wrote it: ``key: value`` of a block, or of a row in braces.

Only what says the same to every YAML reader is understood, a line by itself; `NotSimple` is raised for all else, be it
valid or not, so that a YAML parser takes over.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final

from pleoctl.documents.scalars import plain_value

# Characters that readers refuse, skip or take for line breaks; of blanks a tab. In comments a tab is a letter.
_REFUSED: Final = r"\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_OUT: Final = rf"\t{_REFUSED}"
# Raw characters that JSON and YAML read alike; escapes that both know; no escaped surrogates. Runs of characters are
# one step each, which takes half as long as a step a character.
_RAW: Final = rf'[^"\\{_OUT}]*'
_ESCAPED: Final = r'\\(?:["\\bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
INNER: Final = f"{_RAW}(?:{_ESCAPED}{_RAW})*"
"""What stands between double quotes."""
PLAIN: Final = rf'[^\s"\\{_OUT}][^"\\{_OUT}]*+'
"""What stands there without an escape, and does not begin with a blank."""

# No run is looked at twice, or long lines would take their square.
_SINGLE: Final = rf"[^'{_OUT}]*+(?:''[^'{_OUT}]*+)*+"
_FIRST: Final = rf"""[^\s{_OUT}\-?:,\[\]{{}}#&*!|>'"%@`]"""
_BLOCK: Final = rf"{_FIRST}[^:#{_OUT}]*+(?:(?::(?![ \t]|$)|(?<! )#)[^:#{_OUT}]*+)*+"
_FLOW: Final = rf"{_FIRST}[^:#,\[\]{{}}?{_OUT}]*+"
_KEY: Final = r"""(?P<quote>"?)(?P<name>[A-Za-z]++)(?P=quote):"""
_NOTE: Final = rf"#[^{_REFUSED}]*+"
_TAIL: Final = rf"[ \t]*+(?:(?<=[ \t])({_NOTE}))?+"
_ENTRY: Final = rf"""( *+)(- ++)?+{_KEY}(?: ++(?:"({INNER})"|'({_SINGLE})'|(\[\]|{_BLOCK}))?+)?+{_TAIL}"""
_PAIR: Final = rf""" *+{_KEY} ++(?:"({INNER})"|'({_SINGLE})'|({_FLOW})) *+([,}}]?+)"""
_REST: Final = rf" *+(}}?+){_TAIL}"
_LONGEST_WORD: Final = 5
EMPTY: Final = ()
"""The value of a list without items."""

compiled = cache(re.compile)
"""A pattern, once a file needs it: most never do."""


class NotSimple(Exception):
    """The text needs a YAML parser."""


Entry = tuple[int, str, Any, str | None]
"""A line ``key: value`` or ``- key: value``: the key's column, from 0, key, value and comment.

The value is None where there is none or null, `EMPTY`, a truth value, or a text; what is none of these is a number or
`Ambiguous`.
"""


def entry_of(line: str) -> Entry:
    """What a line of a block says. Raises `NotSimple`."""
    match = compiled(_ENTRY).fullmatch(line)
    if match is None:
        raise NotSimple
    indent, dash, _, name, double, single, plain, note = match.groups()
    value = EMPTY if plain == "[]" else _value(double, single, plain)
    return len(indent) + len(dash or ""), name, value, note


def flow_of(line: str, at: int, sign: str, item: dict[str, Any]) -> tuple[str, str | None]:
    """Add to ``item`` what a row in braces says in a line from ``at`` on, where ``sign`` stands before that.

    Returns the last sign of the line, ``}`` where the row ends in it, and the comment behind it: a line may end behind
    ``{``, a comma, or a value, which has the sign "". Raises `NotSimple`.
    """
    pair = compiled(_PAIR)
    while sign in {"{", ","}:
        match = pair.match(line, at)
        if match is None:
            break
        _, name, double, single, plain, sign = match.groups()
        if name in item:
            raise NotSimple
        item[name] = _value(double, single, plain)
        at = match.end()
    rest = compiled(_REST).fullmatch(line, at)
    if rest is None or (sign == "}" and rest[1]):
        raise NotSimple
    return rest[1] or sign, rest[2]


def note_behind(line: str, at: int) -> str | None:
    """The comment behind what a line says up to a place, which ends there. Raises `NotSimple`."""
    match = compiled(_TAIL).fullmatch(line, at)
    if match is None:
        raise NotSimple
    return match[1]


def note_of(text: str) -> str:
    """A comment without the blanks behind it. Raises `NotSimple`."""
    if compiled(_NOTE).fullmatch(text) is None:
        raise NotSimple
    return text.rstrip()


def _value(double: str | None, single: str | None, plain: str | None) -> Any:
    if plain is not None:
        text = plain.rstrip(" ")
        # As `plain_value` itself begins, without the call.
        return text if len(text) > _LONGEST_WORD and text[0].isalpha() else plain_value(text)
    if single is not None:
        return single.replace("''", "'")
    return double and decoded(double)


def decoded(inner: str) -> str:
    """The text that stands between double quotes."""
    return str(json.loads(f'"{inner}"')) if "\\" in inner else inner
