"""Canonical JSON: the same data gives the same bytes, on any machine."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def canonical_text(data: Any, *, indent: int | None = None) -> str:
    """Sorted keys, no blanks (or an indent for people), non-ASCII left readable; lone surrogates escaped."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=separators, indent=indent)
    return _SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def canonical_bytes(data: Any) -> bytes:
    """`canonical_text` in UTF-8 with one trailing newline."""
    return (canonical_text(data) + "\n").encode()


_ROW = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def digest_rows(rows: Iterable[Any]) -> str:
    """A digest over many rows that never holds their whole text."""
    hashed = hashlib.sha256()
    for row in rows:
        hashed.update(_ROW.encode(row).encode() + b"\n")
    return "sha256:" + hashed.hexdigest()


def digest(data: Any) -> str:
    """``sha256:<hex>`` over the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical_bytes(data)).hexdigest()
