"""Keys of what is booked: our reference in the books, and the idempotency key of a request."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pleoctl.sinks.base import Alphabet, Key, KeyRoom

_ALLOWED: Final = {"any": re.compile(r".+"), "hex": re.compile(r"[0-9a-fA-F]+"), "base32": re.compile(r"[A-Z2-7]+")}


def stored_key(item: str, room: KeyRoom, leg: int | None = None) -> str:
    """Our reference in the books, of an item or of one of its legs (``-n`` behind; in ``hex``, ``base32`` a number).

    As it is where it fits; else without hyphens; else a SHA-256 of the id in the books' alphabet, cut to the room
    that the leg's suffix leaves.
    """
    suffix = "" if leg is None else f"-{leg}" if room.alphabet == "any" else _number(leg, room.alphabet)
    length = None if room.length is None else room.length - len(suffix)
    for candidate in (item, item.replace("-", "")):
        if _fits(candidate, length, room.alphabet):
            return candidate + suffix
    return _digest(item, room.alphabet)[:length] + suffix


def once_of(key: Key, leg: int | None, day: str, digest: str) -> str:
    """The idempotency key: another day or another entry is another request."""
    text = "\n".join([key.stored, key.job, str(leg or 0), day, digest])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _fits(text: str, length: int | None, alphabet: Alphabet) -> bool:
    return (length is None or len(text) <= length) and _ALLOWED[alphabet].fullmatch(text) is not None


def _digest(item: str, alphabet: Alphabet) -> str:
    digest = hashlib.sha256(item.encode())
    if alphabet == "hex":
        return digest.hexdigest()
    return base64.b32encode(digest.digest()).decode().rstrip("=")


def _number(leg: int, alphabet: Alphabet) -> str:
    return f"{leg:x}" if alphabet == "hex" else chr(ord("A") + leg - 1)
