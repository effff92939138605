"""The ``Link`` header (RFC 8288), as far as it says where a list goes on."""

from __future__ import annotations

import re
from typing import Final

_TEXT: Final = r'"(?:\\.|[^"\\])*"?'
_LINK: Final = re.compile(rf"<([^<>]*)>((?:{_TEXT}|[^\",])*)")
_PARAMETER: Final = re.compile(rf";\s*([^\s;,=\"]+)\s*(?:=\s*({_TEXT}|[^\s;,\"]*))?")


def links_of(header: str) -> dict[str, str]:
    """Urls by their relations in small letters: a link may have several, and of one relation the first link counts.

    What stands in a quoted text, such as a title, is no part of the header's own signs.
    """
    found: dict[str, str] = {}
    for url, written in _LINK.findall(header):
        given: dict[str, str] = {}
        for name, value in _PARAMETER.findall(written):
            given.setdefault(name.casefold(), value)
        for relation in re.sub(r"\\(.)|\"", r"\1", given.get("rel", "")).casefold().split():
            found.setdefault(relation, url.strip())
    return found
