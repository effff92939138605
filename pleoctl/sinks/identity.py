"""Which books a sink's section means, whatever else it says of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from pleoctl.documents.canonical import digest

_HEX: Final = slice(7, 23)
_FILES: Final = ("path",)
_WHERE: Final = {
    "beancount": _FILES,
    "hledger": _FILES,
    "csv": _FILES,
    "sie": _FILES,
    "datev": _FILES,
    "exec": ("command",),
    "http": ("preset", "baseUrl", "auth", "variables", "key", "per"),
    "tryton": ("baseUrl", "database", "company"),
}


class BooksName(NamedTuple):
    """``id`` is the same for sections that mean the same books; ``name`` is what people call them."""

    id: str
    name: str


def books_name(section: dict[str, Any]) -> BooksName:
    """The books of a sink's section: where they are, and under which keys they are asked; of a plug-in, all of it."""
    kind = str(section["type"])
    where = {key: section[key] for key in ("type", *_WHERE.get(kind, section)) if key in section}
    called = section.get("path") or section.get("preset") or urlsplit(str(section.get("baseUrl", ""))).netloc
    return BooksName(digest(where)[_HEX], f"{kind} {called}" if called else kind)
