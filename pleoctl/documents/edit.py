"""Change values in a YAML file that people write, and leave every other character as it is.

Every edit proves itself: the text is read again, and must say what was wanted and nothing else.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.load import parse
from pleoctl.documents.nodes import PROPERTIES
from pleoctl.documents.scalars import plain_value, yaml_string
from pleoctl.errors import InvalidFile, PleoctlError
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.documents.document import Document, Steps
    from pleoctl.documents.nodes import Node

# YAML's line breaks; str.splitlines knows more.
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$")
_NOTE: Final = re.compile(r"#[^\r\n]*")
_ALIAS: Final = re.compile(r"\s*\*[^\s,\[\]{}]+")


def edit_list(document: Document, path: tuple[str, str], values: list[str]) -> str:
    """The document's text with a list of texts below ``section: key`` set to ``values``.

    Values that stay keep their lines and comments in a block list; a flow list is written anew, below the comments that
    were in it. Raises `PleoctlError` where the file's style leaves no safe place for the list.
    """
    try:
        edited = _edited(document, path, values)
        done = _same(parse(edited, document.shown).data, _expected(document.data, path, values), path)
    except (InvalidFile, ValueError):
        done = False
    if not done:
        hint = f"write {path[0]}: {{{path[1]}: {_flow(values)}}} there yourself"
        raise _no_place(f"{'.'.join(path)} cannot be changed", document.place(path), hint)
    return edited


def add_section(document: Document, key: str, section: str) -> str:
    """The document's text with a section of several lines, comments and all, behind what is there.

    Raises `PleoctlError` where the file's style leaves no safe place for it.
    """
    edited = _with_block(document.text, document.root, section.splitlines())
    try:
        done = parse(edited, document.shown).data == {**document.data, key: parse(section, document.shown).data[key]}
    except InvalidFile:
        done = False
    if not done:
        raise _no_place(f"{key} cannot be added", Place(document.shown))
    return edited


def add_lines(document: Document, path: Steps, lines: list[str]) -> str:
    """The document's text with more items, comments and all, behind those of a mapping or list in block style.

    Raises `PleoctlError` where the file's style leaves no safe place for them.
    """
    edited = _with_lines(document.text, document.node(path), lines)
    given = parse("\n".join(lines), document.shown).data
    expected = copy.deepcopy(document.data)
    held = _at(expected, path)
    try:
        if isinstance(held, list):
            held.extend(given)
        else:
            held.update(given)
        done = parse(edited, document.shown).data == expected
    except (InvalidFile, ValueError):
        done = False
    if not done:
        raise _no_place(f"nothing can be added to {'.'.join(map(str, path))}", document.place(path, key=True))
    return edited


def set_values(document: Document, values: Mapping[Steps, Any]) -> str:
    """The document's text with the values of mappings at some paths written anew, each on one line.

    What comments say inside of a value stands above the line of its key then.

    Raises `InvalidFile` where the file's style leaves no safe place for one of them.
    """
    spans = sorted(span for path, value in values.items() for span in _spans(document, path, value))
    parts, at = list[str](), 0
    for start, end, written in spans:
        parts += [document.text[at:start], written]
        at = max(at, end)
    edited = "".join([*parts, document.text[at:]])
    data = parse(edited, document.shown).data
    for path, value in values.items():
        if _at(data, path) != value:
            raise InvalidFile(
                f"{'.'.join(map(str, path))} cannot be rewritten in place",
                place=Place(document.shown, document.locate(path)[0]),
                hint="write it by hand",
            )
    return edited


def _no_place(words: str, place: Place, hint: str = "write it there yourself") -> PleoctlError:
    return PleoctlError(f"{words} in the style of this file", place=place, hint=hint)


def _with_lines(text: str, holder: Node | None, lines: list[str]) -> str:
    """Behind the last item and the comments that stand as deep as it does, or deeper."""
    if holder is None or not holder.items:
        return text
    found = _LINE.findall(text)
    indent = _indent(found[holder.items[0].line - 1])
    at = text.count("\n", 0, _last(holder, text)) + 1
    while at < len(found) and found[at].lstrip().startswith("#") and len(_indent(found[at])) >= max(len(indent), 1):
        at += 1
    head = "".join(found[:at])
    newline = _newline(text)
    block = "".join(f"{indent}{line}{newline}" for line in lines)
    return "".join([head, "" if head.endswith(("\n", "\r")) else newline, block, *found[at:]])


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _spans(document: Document, path: Steps, value: Any) -> Iterator[tuple[int, int, str]]:
    """From behind the key's colon, since one line of flow style may not start where a block did; and its notes."""
    holder = document.node(path[:-1])
    pair = None if holder is None else holder.child(path[-1])
    if pair is None:
        raise KeyError(path)
    key, old = pair
    text = document.text
    start, end = text.index(":", key.end) + 1, _last(old, text)
    yield start, end, f" {_flow(value, words=True)}"
    line, notes = _above(text, key, _notes(text, start, end, old))
    yield line, line, notes


def _notes(text: str, start: int, end: int, node: Node) -> list[str]:
    """The comments between two places that stand in none of a node's texts."""
    scalars = [(one.start, one.end) for one in node.scalars() if start <= one.start < end]
    gaps = zip([start, *(last for _, last in scalars)], [*(first for first, _ in scalars), end], strict=True)
    return [found[0].rstrip() for first, last in gaps for found in _NOTE.finditer(text, first, last)]


def _above(text: str, key: Node, notes: list[str]) -> tuple[int, str]:
    """Where the line of a key begins, and comments as lines to stand above it."""
    line = max(text.rfind("\n", 0, key.start), text.rfind("\r", 0, key.start)) + 1
    indent, newline = _indent(text[line : key.start]), _newline(text)
    return line, "".join(f"{indent}{note}{newline}" for note in notes)


def _last(node: Node, text: str) -> int:
    """Where a node's own text ends; a block collection ends with its last value, not at the next key."""
    if not node.items or text[node.start] in "[{":
        return node.end
    return _last(node.items[-1], text)


def _at(data: Any, path: Steps) -> Any:
    for step in path:
        data = data[step]
    return data


def _flow(value: Any, *, words: bool = False) -> str:
    """YAML on one line; ``words``: a text that all readers take for a word stands without quotes."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(v, words=words) for v in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v, words=words)}" for k, v in value.items()) + "}"
    if value is None:
        return "null"
    if isinstance(value, str):
        is_word = words and value.replace("_", "").isalpha() and plain_value(value) == value
        return value if is_word else yaml_string(value)
    return str(value)


def _key(name: str) -> str:
    """A key that all readers take for the same text."""
    return name if name.isidentifier() and plain_value(name) == name else yaml_string(name)


def _expected(data: Any, path: tuple[str, str], values: list[str]) -> Any:
    expected = copy.deepcopy(data)
    expected[path[0]] = {**(expected.get(path[0]) or {}), path[1]: list(values)}
    return expected


def _same(data: Any, expected: Any, path: tuple[str, str]) -> bool:
    """Equal but for the order of the list."""
    for each in (data, expected):
        if not isinstance(each[path[0]][path[1]], list):
            return False
        each[path[0]][path[1]] = sorted(each[path[0]][path[1]])
    return bool(data == expected)


def _edited(document: Document, path: tuple[str, str], values: list[str]) -> str:
    text, root = document.text, document.root
    section = root.child(path[0])
    if section is None:
        return _with_section(text, root, path, _flow(values))
    if section[1].kind == "scalar":
        return _with_value(text, *section, f"{{{path[1]}: {_flow(values)}}}")
    found = section[1].child(path[1])
    if found is None:
        return _with_key(text, section[1], path[1], _flow(values))
    keynode, current = found
    if current.kind == "scalar" or current.start < keynode.start:
        return _with_value(text, keynode, current, _flow(values))
    begin = _begin(text, current)
    if text[begin] == "[":
        return _with_flow(text, keynode, current, values)
    return _with_items(text, keynode, current, values)


def _begin(text: str, node: Node) -> int:
    """Where a collection begins behind its anchor."""
    found = PROPERTIES.match(text, node.start)
    return found.end() if found else node.start


def _newline(text: str) -> str:
    first = _LINE.match(text)
    return "\r\n" if first and first[0].endswith("\r\n") else "\n"


def _with_section(text: str, root: Node, path: tuple[str, str], flow: str) -> str:
    begin = _begin(text, root)
    if text[begin] == "{":
        comma = ", " if root.items else ""
        return f"{text[: begin + 1]}{path[0]}: {{{path[1]}: {flow}}}{comma}{text[begin + 1 :]}"
    return _with_block(text, root, [f"{path[0]}:", f"  {path[1]}: {flow}"])


def _with_block(text: str, root: Node, lines: list[str]) -> str:
    """Behind a block mapping, which ends where the next thing begins, after its last comments."""
    newline, indent = _newline(text), " " * (root.column - 1)
    before = text[: root.end] + ("" if text[: root.end].endswith(("\n", "\r")) else newline)
    block = "".join(f"{indent}{line}{newline}" for line in lines)
    return f"{before}{block}{text[root.end :]}"


def _with_key(text: str, section: Node, key: str, flow: str) -> str:
    begin = _begin(text, section)
    if text[begin] == "{":
        comma = ", " if section.items else ""
        return f"{text[: begin + 1]}{key}: {flow}{comma}{text[begin + 1 :]}"
    first = section.items[0]
    return f"{text[: first.start]}{key}: {flow}{_newline(text)}{' ' * (first.column - 1)}{text[first.start :]}"


def _with_value(text: str, keynode: Node, current: Node, flow: str) -> str:
    """In the place of nothing, ``null``, ``~`` or an alias."""
    behind = text.index(":", keynode.end) + 1
    if current.start < keynode.start:
        alias = _ALIAS.match(text, behind)
        return f"{text[:behind]} {flow}{text[alias.end() if alias else behind :]}"
    if current.start == current.end:
        return f"{text[:behind]} {flow}{text[behind:]}"
    return text[: current.start] + flow + text[current.end :]


def _with_flow(text: str, keynode: Node, current: Node, values: list[str]) -> str:
    """On one line, what is said inside of the list above that of its key."""
    if [item.text for item in current.items] == values:
        return text
    begin = _begin(text, current)
    line, notes = _above(text, keynode, _notes(text, begin, current.end, current))
    return f"{text[:line]}{notes}{text[line:begin]}{_flow(values)}{text[current.end :]}"


def _with_items(text: str, keynode: Node, current: Node, values: list[str]) -> str:
    if not values:
        behind = text.index(":", keynode.end) + 1
        return "".join(_kept(_LINE.findall(f"{text[:behind]} []{text[behind:]}"), current, set()))
    lines = _LINE.findall(text)
    stay = {item.text for item in current.items} & set(values)
    indent = _indent(lines[current.items[0].line - 1])
    newline = _newline(text)
    new = [f"{indent}- {yaml_string(value)}{newline}" for value in values if value not in stay]
    last = current.items[-1].line
    if new and not lines[last - 1].endswith(("\n", "\r")):
        lines[last - 1] += newline
    head, tail = lines[:last], lines[last:]
    return "".join([*_kept(head, current, stay), *new, *tail])


def _kept(lines: list[str], current: Node, stay: set[str]) -> list[str]:
    gone = {item.line - 1 for item in current.items if item.text not in stay}
    return [line for number, line in enumerate(lines) if number not in gone]
