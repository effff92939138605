"""Canonical JSON: the same data gives the same bytes, on any machine."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


def canonical_text(data: Any) -> str:
    """Sorted keys, no blanks, non-ASCII left readable; lone surrogates escaped."""
    return _whole(_COMPACT(data))


def canonical_bytes(data: Any) -> bytes:
    """`canonical_text` in UTF-8 with one trailing newline."""
    return (canonical_text(data) + "\n").encode()


def indented_bytes(data: Any) -> bytes:
    """`canonical_bytes` for people: a line for each value, an indent of one."""
    try:
        # Python's own indent makes a piece of text of each value and blank, eight times the memory of the whole.
        return msgspec.json.format(canonical_bytes(data), indent=1) + b"\n"
    except msgspec.DecodeError:  # a lone surrogate
        return (_whole(json.dumps(data, sort_keys=True, ensure_ascii=False, indent=1)) + "\n").encode()


# Made once: `json.dumps` makes one for each text.
_COMPACT: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", text)
    return text


_LINES: Final = msgspec.json.Encoder(order="sorted")
_AT_A_TIME: Final = 1000


def digest_rows(rows: Iterable[Any]) -> str:
    """A digest over the canonical lines of many rows that never holds their whole text."""
    hashed, waiting = hashlib.sha256(), iter(rows)
    while part := list(islice(waiting, _AT_A_TIME)):
        hashed.update(_lines(part))
    return "sha256:" + hashed.hexdigest()


def _lines(rows: list[Any]) -> bytes:
    try:
        return _LINES.encode_lines(rows)
    except UnicodeEncodeError:  # a lone surrogate, which canonical text escapes
        return b"".join(canonical_bytes(row) for row in rows)


def digest(data: Any) -> str:
    """``sha256:<hex>`` over the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical_bytes(data)).hexdigest()
