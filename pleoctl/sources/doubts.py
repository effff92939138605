"""Texts that were read in the wrong encoding, were broken before they came, or are filled up with blanks: told.

The plan would rename records by them, and what is filled up is found by nobody who writes it as people do.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.place import Place
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.sources.base import SourceRow, Table

# C0 but for tab and line ends, DEL, and C1: a file in Windows-1252 that is read as Latin-1 has the latter.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Soft hyphens, marks of direction and of no width, as texts have that were copied out of pages and programs: what has
# one looks like a code without it. Those that join letters belong to names.
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
# UTF-8 that was read as Latin-1 or Windows-1252: \u00c3\u00a9 where \u00e9 was written.
_TWICE: Final = re.compile(r"[\u00c2-\u00f4][^\x00-\x7f]")
# Code page 437 or 850 that was read as Windows-1252, this that was read as one of those or as Mac Roman: signs where
# letters were, in the second row with nothing but small letters around them, and Greek letters in Latin words.
_BETWEEN: Final = "\u201e\u201d\u2020\u2021\u2122\u00be\u00bf\u00f7\u00b3\u207f\u2030\u02c6\u00b8\u00af\u2248"
_AMONG_SMALL: Final = "\u00b0\u00b5\u00b1\u00d5\u00da\u00de\u00cd\u00d3"
_GREEK: Final = "\u0393-\u03c6"
_SIGNS: Final = re.compile(rf"[^\W\d_][{_BETWEEN}][^\W\d_]|[a-z][{_AMONG_SMALL}](?=[a-z])|[A-Za-z][{_GREEK}]")
# UTF-8 that was read as code page 437 or 850, or as Mac Roman (\u221a\u00a7); no name has lines and blocks.
_LINES: Final = "\u2500-\u259f\u221a"
_DRAWN: Final = re.compile(r"[\u2500-\u259f]|\u221a[^\x00-\x7f]")
# Mac Roman that was read so: large letters where small ones were, as \u0160 for \u00e4 and \u0178 for \u00fc.
_LARGE: Final = re.compile(r"[^\W\d_][\u0152\u0160\u0178\u017d][^\W\d_A-Z]")
# As a system escapes names for its pages.
_ENTITY: Final = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|[aou]uml|szlig|aring|oslash|eacute|#\d{1,7}|#x[0-9a-fA-F]{1,6});"
)
# As reports and people write codes for spreadsheets: ="0100", '0100.
_AS_FORMULA: Final = re.compile(r"""="[^"]*"|'\d+""")
# As a spreadsheet writes a number that is longer than its column: 1.23457E+11.
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d{2,3}")
_POWER: Final = "E+"
# UTF-8 with a blank for every letter of ASCII.
_BEYOND_ASCII: Final = b" " * 128 + bytes(range(128, 256))
# What one of these patterns looks for, be it between letters or not.
_ANY: Final = re.compile(
    rf"[\ufffd{_BETWEEN}{_AMONG_SMALL}{_GREEK}{_LINES}\u0152\u0160\u0178\u017d]|[\u00c2-\u00f4][^\x00-\x7f]"
)
_AT_ONCE: Final = 256  # rows
_PADDED: Final = "blanks at an end"
_HTML: Final = "what a character is in HTML"
_QUOTED: Final = "what keeps a spreadsheet from taking a text for a number"
_CUT: Final = "what a spreadsheet makes of a long number, whose other digits are lost"
_HIDDEN: Final = "characters that nobody sees"
_PLAINLY: Final = "have it exported as plain text; the plan would bring these words to Pleo"
_HINTS: Final = {
    _PADDED: "where they only fill up a column, take them away: trim(…) in fields or a query, see docs/sources.md",
    _HTML: _PLAINLY,
    _QUOTED: _PLAINLY,
    _HIDDEN: "take them away in the books; nobody finds a code that has one",
    _CUT: "format the column as text, write the numbers again, and export it once more",
}
_HINT: Final = "check the encoding of the source; the plan would bring these names to Pleo"


def doubtful_text(text: str) -> str | None:
    """What is odd about a text; None where nothing is."""
    if text.isascii() and text.isprintable() and "&" not in text and _POWER not in text and text[:1] not in "='":
        return None
    return next((words for looks, words in _LOOKS if looks(text)), None)


def _was_utf8(text: str) -> bool:
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return True
    return False


_UTF8: Final = "what UTF-8 looks like in another encoding"
_PAGE: Final = "what looks like another code page"
#: In this order, of which the first counts.
_LOOKS: Final[tuple[tuple[Callable[[str], object], str], ...]] = (
    (_ENTITY.search, _HTML),
    (_AS_FORMULA.fullmatch, _QUOTED),
    (_SHORTENED.fullmatch, _CUT),
    (lambda text: "\ufffd" in text, "the character U+FFFD, which stands for a lost one"),
    (_CONTROL.search, "control characters"),
    (_UNSEEN.search, _HIDDEN),
    (lambda text: _TWICE.search(text) and _was_utf8(text), _UTF8),
    (_DRAWN.search, _UTF8),
    (_SIGNS.search, _PAGE),
    (_LARGE.search, _PAGE),
)


def _are_plain(rows: Iterable[SourceRow]) -> bool:
    """Whether certainly nothing is odd about the texts of these rows, seen at one glance, as in most."""
    said = "|".join(map(str, chain.from_iterable([row.cells.values() for row in rows])))
    if (
        not said.isprintable()
        or _POWER in said
        or "|'" in said
        or said.startswith("'")
        or ('="' in said or ("&" in said and _ENTITY.search(said)))
        or " |" in said
        or "| " in said
        or said != said.strip()
    ):
        return False
    return said.isascii() or not _ANY.search(b" ".join({*said.encode().translate(_BEYOND_ASCII).split()}).decode())


def _looked_at(rows: list[SourceRow]) -> Iterator[tuple[str, int | None]]:
    """The texts that take a closer look, with their lines."""
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        if not _are_plain(some):
            # Keys and names of blanks alone are held; such a code would go to Pleo.
            yield from (
                (cell, row.line)
                for row in some
                for name, cell in row.cells.items()
                if isinstance(cell, str) and (name == "code" or not cell.isspace())
            )


def doubtful_texts(table: Table) -> Iterator[Finding]:
    """One warning per kind of doubt, with the first text and how many there are."""
    found: dict[str, tuple[str, int | None, int]] = {}
    for cell, line in _looked_at(table.rows):
        if (words := doubtful_text(cell) or (_PADDED if cell != cell.strip() else None)) is not None:
            text, first, number = found.get(words, (cell, line, 0))
            found[words] = (text, first, number + 1)
    for words, (text, line, number) in found.items():
        yield Finding(
            "doubtful-text",
            f"{many(number, 'text', 'has', 'have')} {words}, first {text!r}",
            "warning",
            Place(table.name, line),
            hint=_HINTS.get(words, _HINT),
        )
