"""The text of an SIE file: which encoding its bytes are in, and the fields of a line.

The format says code page 437, and programs write UTF-8, Windows-1252 and ISO-8859-15 under the same ``#FORMAT PC8``. A
wrong guess would rename every account with å, ä or ö, so the bytes decide, and what they leave open is refused.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field
from typing import Final

from pleoctl.errors import SourceError
from pleoctl.place import Place

# Letters of Swedish names, as code page 437 and Windows-1252 (here the same as ISO-8859-15) write them.
_LETTERS: Final = "åäöÅÄÖéÉüÜæÆ"
_PC8: Final = frozenset(_LETTERS.encode("cp437"))
_WINDOWS: Final = frozenset(_LETTERS.encode("cp1252"))
# Where Windows-1252 and ISO-8859-15 have different characters.
_DIFFERENT: Final = frozenset(b"\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe")
_NAMED: Final = re.compile(rb"^[ \t]*#(?:KONTO|DIM|UNDERDIM|OBJEKT)\b[^\r\n]*", re.MULTILINE | re.IGNORECASE)
#: One letter may stand in a text by chance; the right encoding has this many times as many.
_CLEARLY: Final = 4
_END: Final = r"(?=[\s{}]|$)"
_FIELD: Final = re.compile(rf'"((?:\\.|[^"\\])*)"{_END}|([{{}}])|([^\s"{{}}]+){_END}')
# Not splitlines(): names may hold U+0085 or U+2028.
_BREAK: Final = re.compile(r"\r\n|\r|\n")


def encoding_of(content: bytes, shown: str) -> str:
    """The encoding that the bytes are in. Raises `SourceError` where they leave it open."""
    if content.startswith(BOM_UTF8):
        return "utf-8-sig"
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if content.isascii():
        return "cp437"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _of_one_byte(content, shown)
    return "utf-8"


def _of_one_byte(content: bytes, shown: str) -> str:
    names = b"\n".join(_NAMED.findall(content))
    pc8, windows = sum(map(content.count, _singles(_PC8))), sum(map(content.count, _singles(_WINDOWS)))
    if names.isascii() or pc8 > _CLEARLY * windows:
        return "cp437"
    if windows > _CLEARLY * pc8 and _DIFFERENT.isdisjoint(names):
        return "cp1252"
    first = next(at for at, byte in enumerate(content) if byte > 127)
    raise SourceError(
        "may be in code page 437, Windows-1252 or ISO-8859-15, and the bytes do not tell which",
        place=Place(shown, content.count(b"\n", 0, first) + 1),
        hint="set source.encoding to cp437, cp1252 or iso8859-15",
    )


def _singles(letters: frozenset[int]) -> list[bytes]:
    return [bytes([byte]) for byte in letters]


def lines_of(text: str) -> list[str]:
    """Lines as the format ends them."""
    return _BREAK.split(text.removesuffix("\x1a"))


@dataclass(slots=True)
class Line:
    """The fields of one line; ``broken`` says that a quotation mark stands where none may be, after the fields."""

    fields: list[str] = field(default_factory=list)
    quoted: list[bool] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    broken: bool = False


def fields_of(text: str) -> Line:
    """Take a line apart, up to its end or to what cannot be a field."""
    line, at, text = Line(), 0, text.rstrip("\x1a \t")
    while at < len(text):
        if text[at] in " \t":
            at += 1
            continue
        match = _FIELD.match(text, at)
        if match is None:
            line.broken = True
            break
        quoted, brace, plain = match.groups()
        line.fields.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else brace or plain)
        line.quoted.append(quoted is not None)
        line.starts.append(at)
        at = match.end()
    return line
