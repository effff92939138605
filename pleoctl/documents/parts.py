"""Canonical bytes of plans part by part: in one piece they take many times the memory of what they say.

    {"changes":[…],"company":…,"id":"sha256:…","kind":…,"warnings":[…]}

The id is the digest of everything else, so it is left open until all the rest has been seen.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from pleoctl.documents.canonical import canonical_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_ENCODER: Final = msgspec.json.Encoder(order="sorted", enc_hook=str)
_TOGETHER: Final = 256
_ID: Final = "id"


def texts(rows: Sequence[Any]) -> bytes:
    """The canonical list of rows that hold texts, flags and what is written as a text."""
    try:
        return _ENCODER.encode(rows)
    except UnicodeEncodeError:  # a lone surrogate, which canonical text escapes
        return canonical_text(msgspec.to_builtins(rows, enc_hook=str)).encode()


def numbers(rows: Sequence[Any]) -> bytes:
    """The same of rows that hold numbers as well, which the two encoders may write in two ways."""
    return canonical_text(msgspec.to_builtins(rows)).encode()


class Sealed(NamedTuple):
    """A document's id and its canonical bytes."""

    id: str
    bytes: bytes


class Parts(msgspec.Struct, frozen=True):
    """A document: its long ``lists``, whose rows ``encoded`` writes, and its other keys but ``id``, as plain data.

    Some key sorts before ``id``.
    """

    lists: Mapping[str, Sequence[Any]]
    rest: Mapping[str, Any]
    encoded: Callable[[Sequence[Any]], bytes] = texts

    @property
    def id(self) -> str:
        """The digest of everything but the id."""
        seen = hashlib.sha256()
        for piece in self._pieces():
            seen.update(piece or b"")
        return f"sha256:{seen.hexdigest()}"

    def sealed(self) -> Sealed:
        """The whole document."""
        pieces, seen = list(self._pieces()), hashlib.sha256()
        for piece in pieces:
            seen.update(piece or b"")
        identity = f"sha256:{seen.hexdigest()}"
        return Sealed(identity, b"".join(_slot(identity) if piece is None else piece for piece in pieces))

    def id_in(self, content: bytes) -> str | None:
        """The id, where the content is exactly this document; else None."""
        seen, place, told = hashlib.sha256(), 0, b""
        length = len(_slot(f"sha256:{seen.hexdigest()}"))
        for piece in self._pieces():
            if piece is None:
                told = content[place : place + length]
                place += length
                continue
            if not content.startswith(piece, place):
                return None
            seen.update(piece)
            place += len(piece)
        identity = f"sha256:{seen.hexdigest()}"
        return identity if place == len(content) and told == _slot(identity) else None

    def _pieces(self) -> Iterator[bytes | None]:
        """The bytes in order, None where the id stands."""
        before = b"{"
        for key in sorted({*self.lists, *self.rest, _ID}):
            if key == _ID:
                yield None
                continue
            yield before + canonical_text(key).encode() + b":"
            before = b","
            if key in self.lists:
                yield from self._listed(self.lists[key])
            else:
                yield canonical_text(self.rest[key]).encode()
        yield b"}\n"

    def _listed(self, rows: Sequence[Any]) -> Iterator[bytes]:
        yield b"["
        for start in range(0, len(rows), _TOGETHER):
            listed = self.encoded(rows[start : start + _TOGETHER])[1:-1]
            yield b"," + listed if start else listed
        yield b"]"


def _slot(identity: str) -> bytes:
    return f',"{_ID}":"{identity}"'.encode()
