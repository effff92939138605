"""What to set where a text file is not as its section says: said by the file's own bytes, never guessed for a read."""

from __future__ import annotations

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, lookup
from itertools import islice
from typing import Final

_WORKBOOK: Final = b"PK\x03\x04"
_LIKELY: Final = ("utf-8-sig", "cp1252", "cp850", "mac_roman")
#: How far down a header is looked for.
_DEEPEST: Final = 40
_LOOK: Final = 200


def encoding_hint(content: bytes, encoding: str, key: str) -> str:
    """What to set at ``key`` where the bytes are not ``encoding``, or hold a NUL in it."""
    look = content[:_LOOK]
    if content.startswith(_WORKBOOK):
        return "it is a workbook: set source.type to xlsx"
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or look.count(0) > len(look) // 4:
        return f"set {key} to utf-16"
    if b"\0" in content:
        return "the file is damaged: export it again"
    if _reads(content, "utf-8-sig"):
        return f"set {key} to utf-8-sig"
    return f"set {key}, e.g. {next(name for name in ('cp1252', 'cp850') if not _same(name, encoding))}"


def column_hint(content: bytes, encoding: str, delimiter: str, wanted: str, key: str) -> str | None:
    """Where a column stands that the header does not have: in a line further up or down, or in another encoding."""
    for name in dict.fromkeys((encoding, *_LIKELY)):
        if not _reads(content, name):
            continue
        lines = islice(content.decode(name).replace("\r\n", "\n").replace("\r", "\n").split("\n"), _DEEPEST)
        for number, line in enumerate(lines, 1):
            if wanted in next(csv.reader([line], delimiter=delimiter), ()):
                place = f"line {number} has it"
                return (
                    f"{place}: set {key}.headerRow to {number}"
                    if name == encoding
                    else f"set {key}.encoding to {name}: {place}"
                )
    return None


def _reads(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except (LookupError, ValueError):
        return False
    return True


def _same(one: str, other: str) -> bool:
    try:
        return lookup(one) == lookup(other)
    except (LookupError, ValueError):
        return False
