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

# Encodings of one byte; Windows-1252 stands for ISO-8859-15, which has the same letters.
_ONE_BYTE: Final = ("cp437", "cp1252", "mac_roman")
# Letters that Swedish names are full of, and those that tell where none of them is. Of the latter, one encoding's are
# another one's of the former, so they count by themselves alone. A letter counts where it stands inside a word as
# letters do: small behind another one, or large among large ones.
_INSIDE: Final = tuple(
    re.compile(f"(?<=[A-Za-zåäöÅÄÖ])[{small}]|(?<=[A-ZÅÄÖ])[{large}](?![a-zåäö])")
    for small, large in (("åäö", "ÅÄÖ"), ("éüæ", "ÉÜÆ"))
)
_ANYWHERE: Final = re.compile("[åäöÅÄÖ]")
#: At the beginning of a word a sign of another encoding may look like one of them, so one alone proves nothing.
_BEGINNINGS: Final = 2
#: What is rare needs more.
_ENOUGH: Final = {"cp437": 1, "cp1252": 1, "mac_roman": 3}
# Where an encoding has other characters than its next of kin: ISO-8859-15, and the code pages of Denmark and Norway.
_DIFFERENT: Final = {
    "cp1252": frozenset(b"\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe"),
    "cp437": frozenset(at for at in range(128, 256) if bytes([at]).decode("cp437") != bytes([at]).decode("cp850")),
    "mac_roman": frozenset[int](),
}
_NAMED: Final = re.compile(rb"^[ \t]*#(?:KONTO|DIM|UNDERDIM|OBJEKT)\b[^\r\n]*", re.MULTILINE | re.IGNORECASE)
#: One letter may stand in a text by chance; the right encoding has this many times as many.
_CLEARLY: Final = 4
_END: Final = r"(?=[\s{}]|$)"
_FIELD: Final = re.compile(rf'"((?:\\.|[^"\\])*)"{_END}|([{{}}])|([^\s"{{}}]+){_END}')
# The format escapes the mark alone; elsewhere a backslash is one.
_ESCAPED: Final = re.compile(r'\\(["\\])')
# Not splitlines(): names may hold U+0085 or U+2028.
_BREAK: Final = re.compile(r"\r\n|\r|\n")


def encoding_of(content: bytes, shown: str) -> str:
    """The encoding that the bytes are in. Raises `SourceError` where they leave it open."""
    if content.startswith(BOM_UTF8):
        return "utf-8-sig"
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in content:
        hint = "set source.encoding to utf-16-le or utf-16-be; if it is damaged, export it again"
        raise SourceError("has NUL characters, as UTF-16 without its mark does", place=Place(shown), hint=hint)
    if content.isascii():
        return "cp437"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _of_one_byte(content, shown)
    return "utf-8"


def _of_one_byte(content: bytes, shown: str) -> str:
    lines = _NAMED.findall(content)
    names = b"\n".join(lines)
    if names.isascii():
        return "cp437"
    if (mixed := next((line for line in lines if not line.isascii() and _is_utf8(line)), None)) is not None:
        raise SourceError(
            "has a line in UTF-8, and others that are in another encoding",
            place=Place(shown, content.count(b"\n", 0, content.index(mixed)) + 1),
            hint="export it again, or write it in one encoding",
        )
    # Of the whole file, whose other texts are as Swedish as the names.
    best = _best(content)
    if best is not None and _DIFFERENT[best].isdisjoint(names):
        return best
    first = next(at for at, byte in enumerate(content) if byte > 127)
    raise SourceError(
        "may be in code page 437 or 850, Windows-1252, ISO-8859-15 or Mac Roman, and the bytes do not tell which",
        place=Place(shown, content.count(b"\n", 0, first) + 1),
        hint="set source.encoding to cp437, cp850, cp1252, iso8859-15 or mac_roman",
    )


def _is_utf8(line: bytes) -> bool:
    """Whether all letters beyond ASCII are UTF-8, which by chance no name of another encoding is."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _best(content: bytes) -> str | None:
    """The encoding in which the bytes have clearly the most letters that Swedish has; None where none has."""
    texts = {name: content.decode(name, "replace") for name in _ONE_BYTE}
    for letters, enough in ((_INSIDE[0], 1), (_INSIDE[1], 1), (_ANYWHERE, _BEGINNINGS)):
        found = {name: len(letters.findall(text)) for name, text in texts.items()}
        best = max(found, key=lambda name: found[name])
        if found[best]:
            rivals = (max(found[name], len(_ANYWHERE.findall(texts[name]))) for name in texts if name != best)
            clear = found[best] >= max(enough, _ENOUGH[best]) and found[best] > _CLEARLY * max(rivals)
            return best if clear else None
    return None


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
        line.fields.append(_ESCAPED.sub(r"\1", quoted) if quoted is not None else brace or plain)
        line.quoted.append(quoted is not None)
        line.starts.append(at)
        at = match.end()
    return line
