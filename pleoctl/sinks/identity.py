"""Which books a sink's section means, whatever else it says of them."""

from __future__ import annotations

import re
from itertools import dropwhile
from os.path import normpath, relpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pleoctl.documents.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERPRETER: Final = re.compile(r"(?:.*[/\\])?(?:env|python|pypy|ruby|node|perl|php|bash|sh)[0-9.]*(?:\.exe)?")
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


def books_name(section: dict[str, Any], root: Path) -> BooksName:
    """The books of a sink's section: where they are, and under which keys they are asked; of a plug-in, all of it.

    ``root`` is the workspace's folder.
    """
    kind = str(section["type"])
    where = {key: section[key] for key in ("type", *_WHERE.get(kind, section)) if key in section}
    called = section.get("path") or section.get("preset") or urlsplit(str(section.get("baseUrl", ""))).netloc
    if kind == "exec":
        where["command"] = _script(section["command"], root)
        called = where["command"][0]
    return BooksName(digest(where)[_HEX], f"{kind} {called}" if called else kind)


def _script(command: Sequence[str], root: Path) -> list[str]:
    """What is run, below the workspace where it lies there, and what it is told; not what interprets it."""
    words = list(dropwhile(_INTERPRETER.fullmatch, command))
    if len(words) < len(command):
        words = list(dropwhile(lambda word: word.startswith("-"), words))
    program, *rest = words or command
    path = normpath(root / program)
    return [relpath(path, root) if Path(path).is_relative_to(root) and Path(path).is_file() else program, *rest]
