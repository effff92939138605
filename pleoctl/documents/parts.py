"""Canonical bytes of plans part by part: in one piece they take many times the memory of what they say.

``changes`` sort before every other key of a plan, and its id is the digest of everything else. So the changes are
written first, seen by the digest, and what stands behind them follows with the id.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from pleoctl.documents.canonical import canonical_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_ENCODER: Final = msgspec.json.Encoder(order="sorted", enc_hook=str)
_BEGIN: Final = b'{"changes":['
_TOGETHER: Final = 256


def texts(changes: Sequence[Any]) -> bytes:
    """The canonical list of changes that hold texts, flags and what is written as a text."""
    try:
        return _ENCODER.encode(changes)
    except UnicodeEncodeError:  # a lone surrogate, which canonical text escapes
        return canonical_text(msgspec.to_builtins(changes, enc_hook=str)).encode()


def numbers(changes: Sequence[Any]) -> bytes:
    """The same of changes that hold numbers as well, which the two encoders may write in two ways."""
    return canonical_text(msgspec.to_builtins(changes)).encode()


class Sealed(NamedTuple):
    """A document's id and its canonical bytes."""

    id: str
    bytes: bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """A document of ``changes``, as ``encoded`` lists them, and of its other keys but ``id``, at least one."""

    changes: Sequence[Any]
    rest: dict[str, Any]
    encoded: Callable[[Sequence[Any]], bytes] = texts

    @property
    def id(self) -> str:
        """The digest of everything but the id."""
        seen = hashlib.sha256()
        for _ in self._begun(seen):
            pass
        return self._ended(seen)[0]

    def sealed(self) -> Sealed:
        """The whole document."""
        seen = hashlib.sha256()
        parts = [*self._begun(seen)]
        identity, end = self._ended(seen)
        return Sealed(identity, b"".join([*parts, end]))

    def id_in(self, content: bytes) -> str | None:
        """The id, where the content is exactly this document; else None."""
        seen, place = hashlib.sha256(), 0
        for part in self._begun(seen):
            if not content.startswith(part, place):
                return None
            place += len(part)
        identity, end = self._ended(seen)
        return identity if content[place:] == end else None

    def _begun(self, seen: hashlib._Hash) -> Iterator[bytes]:
        """The bytes up to the last change, part by part, each seen by the digest."""
        for part in chain([_BEGIN], self._listed()):
            seen.update(part)
            yield part

    def _listed(self) -> Iterator[bytes]:
        """The changes as they stand between the brackets."""
        for start in range(0, len(self.changes), _TOGETHER):
            listed = self.encoded(self.changes[start : start + _TOGETHER])[1:-1]
            yield b"," + listed if start else listed

    def _ended(self, seen: hashlib._Hash) -> tuple[str, bytes]:
        """The id, and the bytes behind the last change."""
        seen.update(_behind(self.rest))
        identity = f"sha256:{seen.hexdigest()}"
        return identity, _behind({**self.rest, "id": identity})


def _behind(rest: dict[str, Any]) -> bytes:
    return b"]," + canonical_text(rest).encode()[1:] + b"\n"
