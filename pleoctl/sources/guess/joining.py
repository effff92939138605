"""A drafted section beside the one that a workspace has: what can be added is, and nothing there changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.edit import add_lines
from pleoctl.documents.load import parse
from pleoctl.errors import PleoctlError, Refused

if TYPE_CHECKING:
    from pleoctl.documents.document import Document

_SHOWN: Final = "the section for it is shown: copy from it what you need"
_OF_ONE_DIMENSION: Final = ["dimensions", "values"]


def joined(document: Document, section: str) -> str:
    """The workspace's text with the tables of a drafted section in its own.

    A second file for the values of dimensions becomes a part of them. Raises `Refused` with what to do where the two
    cannot be one.
    """
    held, given = document.data["source"], parse(section, "source").data["source"]
    if held.get("type") != given["type"]:
        words = f"is of type {held.get('type')}, and this file is {given['type']}: a source has one type"
        raise _refused(document, words)
    tables = [name for name in given if name != "type"]
    twice = [name for name in tables if name in held]
    lines = section.splitlines()
    if not twice:
        # Behind `source:` and its type.
        return _added(document, ("source",), [line[2:] for line in lines[2:]])
    if twice == _OF_ONE_DIMENSION:
        return _with_dimension(document, lines, given)
    raise _refused(document, f"has {twice[0]} already", twice[0])


def _with_dimension(document: Document, lines: list[str], given: dict[str, Any]) -> str:
    """One more row of ``dimensions``, and one more part of ``values``."""
    held = document.data["source"]
    if "rows" not in held["dimensions"]:
        raise _refused(document, "lists its dimensions otherwise than by rows", "dimensions")
    (row,) = given["dimensions"]["rows"]
    if any(one.get("code") == row["code"] for one in held["dimensions"]["rows"]) or row["code"] in held["values"].get(
        "parts", ()
    ):
        raise _refused(document, f"has dimension {row['code']} already", "dimensions")
    if set(held["values"]) != {"parts"}:
        hint = "put all that stands below values two levels deeper, below `parts:` and a name, and run this again"
        place = document.place(("source", "values"), key=True)
        raise Refused("the source reads its values from one file; nothing was written", place=place, hint=hint)
    first, values = lines.index("    rows:") + 1, lines.index("    parts:") + 1
    text = _added(document, ("source", "dimensions", "rows"), [lines[first][4:]])
    grown = parse(text, document.shown)
    return _added(grown, ("source", "values", "parts"), [line[6:] for line in lines[values:]])


def _added(document: Document, path: tuple[str, ...], lines: list[str]) -> str:
    try:
        return add_lines(document, path, lines)
    except PleoctlError as error:
        place = document.place(path, key=True)
        raise Refused(f"{error.message}; nothing was written", place=place, hint=_SHOWN) from error


def _refused(document: Document, words: str, table: str | None = None) -> Refused:
    path = ("source",) if table is None else ("source", table)
    return Refused(f"the source {words}; nothing was written", place=document.place(path, key=True), hint=_SHOWN)
