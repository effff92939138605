"""Change one list in a YAML file that people write, and leave every other character as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pleoctl.documents.load import parse
from pleoctl.documents.scalars import yaml_string

if TYPE_CHECKING:
    from pleoctl.documents.load import Document
    from pleoctl.documents.nodes import Node


def edit_list(document: Document, path: tuple[str, str], values: list[str]) -> str:
    """The document's text with a list of texts below ``section: key`` set to ``values``.

    Values that stay keep their lines and comments in a block list; a flow list is written anew.
    """
    section, key = path
    current = document.node(path)
    if current is not None and current.kind == "seq":
        edited = _edit_items(document, current, values)
    elif document.node((section,)) is None:
        newline = "" if document.text.endswith("\n") or not document.text else "\n"
        edited = f"{document.text}{newline}{section}:\n  {key}: {_flow(values)}\n"
    else:
        edited = _add_key(document, section, key, values)
    parse(edited, document.shown)
    return edited


def _flow(values: list[str]) -> str:
    return f"[{', '.join(map(yaml_string, values))}]"


def _edit_items(document: Document, current: Node, values: list[str]) -> str:
    text = document.text
    if text[current.start : current.start + 1] == "[":
        end = current.end
        return text[: current.start] + _flow(values) + text[end:]
    lines = text.splitlines(keepends=True)
    keep = {item.text for item in current.items} & set(values)
    new = [value for value in values if value not in keep]
    first = current.items[0].line - 1
    if not keep and not new:
        prefix = lines[first - 1].rstrip("\r\n")
        return "".join([*lines[: first - 1], f"{_without_comment(prefix)} []\n", *_rest(lines, current)])
    indent = re.match(r"\s*", lines[first])[0]  # type: ignore[index]
    last = current.items[-1].line - 1
    inserted = [f"{indent}- {yaml_string(value)}\n" for value in new]
    gone = {item.line - 1 for item in current.items if item.text not in keep}
    kept = [line for number, line in enumerate(lines[: last + 1]) if number not in gone]
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    return "".join([*kept, *inserted, *lines[last + 1 :]])


def _rest(lines: list[str], current: Node) -> list[str]:
    return lines[current.items[-1].line :]


def _without_comment(line: str) -> str:
    return re.sub(r"\s+#.*$", "", line)


def _add_key(document: Document, section: str, key: str, values: list[str]) -> str:
    text = document.text
    node = document.root.child(section)
    if node is None:
        raise ValueError(section)
    keynode, value = node
    if value.kind != "map":
        # `dimensions:` without anything behind it.
        line_end = text.find("\n", keynode.start)
        line_end = len(text) if line_end < 0 else line_end
        return f"{text[:line_end]}\n  {key}: {_flow(values)}{text[line_end:] or chr(10)}"
    if text[value.start : value.start + 1] == "{":
        comma = ", " if value.items else ""
        return f"{text[: value.start + 1]}{key}: {_flow(values)}{comma}{text[value.start + 1 :]}"
    first = value.items[0]
    return f"{text[: first.start]}{key}: {_flow(values)}\n{' ' * (first.column - 1)}{text[first.start :]}"
