"""Texts that were read in the wrong encoding, or were broken before they came: told, since the plan would rename."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding
from pleoctl.place import Place
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.sources.base import Table

# C0 but for tab and line ends, DEL, and C1: a file in Windows-1252 that is read as Latin-1 has the latter.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# UTF-8 that was read as Latin-1 or Windows-1252: \u00c3\u00a9 where \u00e9 was written.
_TWICE: Final = re.compile(r"[\u00c2-\u00f4][^\x00-\x7f]")
# Code page 437 or 850 that was read as Windows-1252: signs where letters were.
_SIGNS: Final = re.compile(r"[^\W\d_][\u201e\u201d\u2020\u2021\u2122\u00be\u00bf][^\W\d_]")
# Mac Roman that was read so: large letters where small ones were, as \u0160 for \u00e4 and \u0178 for \u00fc.
_LARGE: Final = re.compile(r"[^\W\d_][\u0152\u0160\u0178\u017d][^\W\d_A-Z]")


def doubtful_text(text: str) -> str | None:
    """What is odd about a text; None where nothing is."""
    if text.isascii():
        return None if text.isprintable() or not _CONTROL.search(text) else "control characters"
    if "\ufffd" in text:
        return "the character U+FFFD, which stands for a lost one"
    if _CONTROL.search(text):
        return "control characters"
    if _TWICE.search(text) and _was_utf8(text):
        return "what UTF-8 looks like in another encoding"
    return "what looks like another code page" if _SIGNS.search(text) or _LARGE.search(text) else None


def _was_utf8(text: str) -> bool:
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return True
    return False


def _is_plain(cells: Mapping[str, Any]) -> bool:
    """Whether nothing is odd about the texts of a row, seen at one glance, as in most."""
    try:
        said = "".join(cells.values())
    except TypeError:  # a cell that is no text
        return False
    return said.isascii() and said.isprintable()


def doubtful_texts(table: Table) -> Iterator[Finding]:
    """One warning per kind of doubt, with the first text and how many there are."""
    found: dict[str, tuple[str, int | None, int]] = {}
    for row in table.rows:
        if _is_plain(row.cells):
            continue
        for cell in row.cells.values():
            if isinstance(cell, str) and (words := doubtful_text(cell)) is not None:
                text, line, number = found.get(words, (cell, row.line, 0))
                found[words] = (text, line, number + 1)
    for words, (text, line, number) in found.items():
        yield Finding(
            "doubtful-text",
            f"{many(number, 'text', 'has', 'have')} {words}, first {text!r}",
            "warning",
            Place(table.name, line),
            hint="check the encoding of the source; the plan would bring these names to Pleo",
        )
