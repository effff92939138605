"""People's words in the room that books give them: transliterated and cut, which is told; codes and keys never."""

from __future__ import annotations

import unicodedata
from typing import Final

from anyascii import anyascii

SHORTENED: Final = "text-shortened"


def fit(text: str, length: int | None, encoding: str = "utf-8") -> str:
    """The text as far as the room and the encoding hold it, in composed letters and without breaks."""
    composed = _composed(text)
    if not encodable(composed, encoding):
        composed = "".join(char if encodable(char, encoding) else anyascii(char) for char in composed)
    return composed if length is None else composed[:length].rstrip()


def encodable(text: str, encoding: str) -> bool:
    """Whether an encoding has all characters of a text."""
    if text.isascii():  # as in all encodings of books
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def was_changed(text: str, length: int | None, encoding: str = "utf-8") -> bool:
    """Whether people would miss something of the text."""
    return fit(text, length, encoding) != _composed(text)


def _composed(text: str) -> str:
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())
