"""Stable names of records in plans, receipts and findings."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_RESERVED: Final = re.compile(r"[%/#\x00-\x1f\x7f-\x9f]")


def escape_part(key: str) -> str:
    """Percent-encode ``%``, ``/``, ``#`` and control characters (as UTF-8 bytes)."""
    return _RESERVED.sub(lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), key)


def unescape_part(part: str) -> str:
    """Undo `escape_part`."""
    return unquote(part)


def base_address(address: str) -> str:
    """The address without the ``#<pleoId>`` of a duplicate."""
    return address.partition("#")[0]


def account_address(external_id: str) -> str:
    """``account:<externalId>``."""
    return f"account:{escape_part(external_id)}"


def group_address(code: str, duplicate: str | None = None) -> str:
    """``tagGroup:<code>``, with ``#<pleoId>`` for duplicates."""
    return f"tagGroup:{escape_part(code)}{f'#{duplicate}' if duplicate else ''}"


def tag_address(group: str, code: str, duplicate: str | None = None) -> str:
    """``tag:<groupCode>/<code>``, with ``#<pleoId>`` for duplicates."""
    return f"tag:{escape_part(group)}/{escape_part(code)}{f'#{duplicate}' if duplicate else ''}"
