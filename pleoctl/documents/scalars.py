"""What an unquoted YAML scalar means, and whether every YAML reader agrees.

YAML 1.1 and 1.2 disagree about ``NO``, ``0100``, ``1e3`` or ``12:30``. Account numbers and codes look like
that, so a plain scalar that only one of the two takes for text is never accepted: it becomes `Ambiguous`,
which no schema matches, and the finding says how to quote it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Final

from msgspec import Struct

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})")
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})\.[0-9]{1,30}")
_WORDS: Final = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_LONGEST_WORD: Final = len("false")

# Everything that YAML 1.1 or 1.2 may read as something other than a string, beyond the agreed forms above.
_SWITCHES: Final = frozenset(
    ("y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF")
)
_SUSPECT: Final = r"""(?x) =|<<
    | [-+]?0b[01_]+ | [-+]?0o?[0-7_]+ | [-+]?0x[0-9a-fA-F_]+
    | [-+]?[0-9][0-9_]* | [-+][0-9_]+
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
    | [-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    | [-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?"""
# Once a text needs a pattern, which few do: these take as long to compile as a small file to read.
_compiled: Final = cache(re.compile)


class Ambiguous(Struct, frozen=True):
    """A plain scalar that YAML 1.1 and YAML 1.2 do not read alike."""

    text: str


def plain_value(text: str) -> str | int | float | bool | Ambiguous | None:
    """The value of a plain scalar on which YAML 1.1 and 1.2 agree, else `Ambiguous`."""
    if len(text) > _LONGEST_WORD and text[0].isalpha():
        return text  # as most are: whatever else is no text begins otherwise
    if text in _WORDS:
        return _WORDS[text]
    if text[0].isalpha():
        return Ambiguous(text) if text in _SWITCHES else text
    if _INTEGER.fullmatch(text):
        return Ambiguous(text) if text == "-0" else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return Ambiguous(text) if text != "." and _compiled(_SUSPECT).fullmatch(text) else text


# Characters that YAML forbids unescaped, takes for line breaks, or that cannot be encoded.
_ENCODED: Final = json.JSONEncoder(ensure_ascii=False).encode
_UNSAFE: Final = "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"


def yaml_string(text: str) -> str:
    """A JSON string that is also a YAML double-quoted scalar, non-ASCII letters left readable."""
    if text.isprintable():  # and so without any of them
        return _ENCODED(text) if '"' in text or "\\" in text else f'"{text}"'
    told: str = _compiled(_UNSAFE).sub(lambda m: f"\\u{ord(m[0]):04x}", _ENCODED(text))
    return told
