"""Which encoding and delimiter a text has: a guess that is written down, never one that a read depends on."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from typing import Final, NamedTuple

from pleoctl.errors import SourceError
from pleoctl.place import Place
from pleoctl.sources.csv_lines import CsvLines
from pleoctl.sources.files import check_encoding

DEFAULT: Final = "utf-8-sig"
DELIMITERS: Final = ",;\t|"
# In the order of how often accounting systems write them.
_ONE_BYTE: Final = ("cp1252", "iso8859-15", "cp850", "mac_roman")
_COMMON: Final = frozenset("åäöæøéüßÅÄÖÆØÜ")
_LETTERS: Final = frozenset("èêëàâáçîïíôóòûùúñœŒšŠžŽÉÈÀÁÇÍÓÚÑ€§°½¼¾") | _COMMON
_LOOK: Final = 200
_MARKS: Final = " \t\r\n,;|\"'"


class Decoded(NamedTuple):
    """A text, the encoding to write down, and what speaks for it."""

    text: str
    encoding: str
    why: str


def decoded(content: bytes, shown: str, given: str | None = None) -> Decoded:
    """The text of a file. Raises `SourceError` where it is in none of the encodings looked for, or not in ``given``."""
    if given is not None:
        return Decoded(_in(content, given, shown), given, "as it was given")
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return Decoded(_in(content, "utf-16", shown), "utf-16", "by its first bytes")
    if b"\0" in content[:_LOOK]:
        name = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        return Decoded(_in(content, name, shown), name, "every other byte is zero")
    try:
        return Decoded(content.decode(DEFAULT), DEFAULT, "by its first bytes" if content.startswith(BOM_UTF8) else "")
    except UnicodeDecodeError:
        return _of_one_byte(content, shown)


def _in(content: bytes, encoding: str, shown: str) -> str:
    try:
        check_encoding(encoding)
        return content.decode(encoding)
    except LookupError as error:
        raise SourceError(f"encoding {encoding!r} is unknown", place=Place(shown)) from error
    except UnicodeError as error:
        raise SourceError(
            f"is not {encoding}", place=Place(shown), hint="name the right one: --encoding NAME"
        ) from error


def _of_one_byte(content: bytes, shown: str) -> Decoded:
    """The encoding under which most of the odd bytes are letters; those that are everywhere count twice."""
    found: dict[str, tuple[int, str]] = {}
    for name in _ONE_BYTE:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        found[name] = (sum((char in _LETTERS) + (char in _COMMON) for char in text), text)
    if not found:
        raise SourceError("is in no encoding that this knows", place=Place(shown), hint="name it: --encoding NAME")
    best = max(found, key=lambda name: found[name][0])
    score, text = found[best]
    why = f"not UTF-8; read so, it has {_word_at(text, _odd(text))!r}"
    rival = next((name for name, (one, read) in found.items() if read != text and 2 * one > score), None)
    if rival is not None:
        other = found[rival][1]
        at = next(at for at, char in enumerate(text) if char != other[at])
        why = f"not UTF-8; read so, it has {_word_at(text, at)!r}; {rival} would be {_word_at(other, at)!r}"
    return Decoded(text, best, why)


def _odd(text: str) -> int:
    return next(at for at, char in enumerate(text) if not char.isascii())


def _word_at(text: str, at: int) -> str:
    """The word that a character stands in."""
    begin = max(text.rfind(mark, 0, at) for mark in _MARKS) + 1
    ends = (text.find(mark, at) for mark in _MARKS)
    return text[begin : min((end for end in ends if end >= 0), default=len(text))][:40]


class Line(NamedTuple):
    """One row and the line that it begins in, from 1."""

    number: int
    cells: list[str]


def rows_of(text: str, delimiter: str, shown: str) -> list[Line]:
    """All rows, blank ones too. Raises `SourceError` where it is no CSV."""
    # Which line is the header is not known yet, so no last line can be too short for it.
    whole = text if text.endswith(("\r", "\n")) else f"{text}\n"
    return [Line(line, cells) for _, line, cells in CsvLines(whole, delimiter, 1, shown)]


def delimiter_of(text: str) -> str:
    """The character that cuts most lines into the same number of cells; a comma where none does."""
    lines = text.split("\n")[:_LOOK]
    return max(DELIMITERS, key=lambda one: _fit("\n".join(lines), one))


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        widths = Counter(len(cells) for cells in rows if any(cells))
    except csv.Error:
        return 0, 0
    wide = {width: number for width, number in widths.items() if width > 1}
    width = max(wide, key=lambda one: wide[one], default=0)
    return wide.get(width, 0), width
