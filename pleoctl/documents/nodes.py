"""From YAML events to a tree of nodes with positions, under limits that make hostile files cheap to refuse.

The libraries do the scanning and parsing; composing is done here without recursion, because positions, limits
(depth, nodes, expanded aliases) and refusals (duplicate keys, tags, merge keys, several documents) belong to
one place.
"""

from __future__ import annotations

import re
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from pleoctl.documents.events import Unsure, careful_events, place_of, quick_events
from pleoctl.documents.scalars import plain_value, yaml_string
from pleoctl.errors import Finding, InvalidFile
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MAX_TEXT: Final = 24 * 1024 * 1024
MAX_DEPTH: Final = 40
MAX_NODES: Final = 4_000_000
MAX_EXPANDED: Final = 20_000
_FEW: Final = 40
# A key of pleoctl's own files that YAML 1.1 reads as a truth value; as in other tools' files, it stands there plainly.
_OWN: Final = frozenset({"on"})
PROPERTIES: Final = re.compile(r"(?:[&!](?:<[^>\s]*>|[^\s,\[\]{}])*\s+(?:#[^\r\n]*\s+)*)*")
"""Anchors and tags, at which a node begins, with the comments that stand between them and what it says."""
_DEFAULT_TAGS: Final = {"!", "tag:yaml.org,2002:str"}


class Node(Struct, eq=False, gc=False):
    """One YAML node: ``kind`` is scalar, map or seq; positions count from 1, ``start`` and ``end`` are offsets.

    Large files have a million of them: small numbers take no room of their own, as an offset does; ``begins``, the
    offset from which columns count, is one number for all that stands in a line. No
    node lies below itself, so that none is left to the search for garbage.
    """

    kind: str
    line: int
    column: int
    begins: int
    length: int = 0
    text: str = ""
    plain: bool = False
    items: Sequence[Node] = ()

    @property
    def start(self) -> int:
        """The offset at which it begins."""
        return self.begins + self.column

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.begins + self.column + self.length

    @property
    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Key and value nodes of a map, in file order."""
        return zip(self.items[::2], self.items[1::2], strict=True)

    @property
    def scalar(self) -> Any:
        """The value of a scalar node; `Ambiguous` where YAML versions disagree."""
        return plain_value(self.text) if self.plain else self.text

    def scalars(self) -> Iterator[Node]:
        """The scalars in it, in the order of the text; what an alias names stands where it was named first."""
        stack, latest = [self], -1
        while stack:
            node = stack.pop()
            if node.kind == "scalar" and node.start >= latest:
                latest = node.start
                yield node
            stack.extend(reversed(node.items))

    def child(self, key: str | int) -> tuple[Node, Node] | None:
        """The key node (or the item itself) and the value node below this one."""
        if self.kind == "seq" and isinstance(key, int) and key < len(self.items):
            return self.items[key], self.items[key]
        if self.kind == "map" and isinstance(key, str):
            items = self.items
            if isinstance(items, _Many):
                return items.by_key.get(key)
            for at in range(0, len(items), 2):
                if items[at].text == key:
                    return items[at], items[at + 1]
        return None


class _Many(list[Node]):
    """Keys and values of a map of many."""

    @cached_property
    def by_key(self) -> dict[str, tuple[Node, Node]]:
        """Each key and its value by the key's text."""
        return {key.text: (key, value) for key, value in zip(self[::2], self[1::2], strict=True)}


def compose(text: str, shown: str) -> Node:
    """The root node of a text's only document. Raises `InvalidFile` at the first structural error.

    ``shown`` is the file name that findings carry.
    """
    if len(text) > MAX_TEXT:
        raise InvalidFile(f"is larger than {MAX_TEXT // 1024 // 1024} MiB of YAML", place=Place(shown))
    at = text.find("\0")
    if at >= 0:
        raise InvalidFile("contains a NUL character", place=place_of(shown, text, at), hint="remove it")
    try:
        return Composer(shown).compose(quick_events(text))
    except (Unsure, InvalidFile):
        return Composer(shown).compose(careful_events(text, shown))


class Composer:
    """Builds one document's tree from events."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._open: list[Node] = []
        self._inside: list[list[Node]] = []
        self._sound: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._count = self._line = 0
        self._begins = -2  # of no line: that of the second may be 0
        self._expanded = 0
        self._sizes: dict[int, int] = {}
        self._documents = 0

    def compose(self, events: Iterable[Any]) -> Node:
        """The root node."""
        # No attribute: it would tie the composer, and with it the whole tree, to itself for the garbage collector.
        takes: dict[str, Callable[[Any], None]] = {
            "ScalarEvent": self._scalar,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
            "MappingStartEvent": partial(self._begin, "map"),
            "SequenceStartEvent": partial(self._begin, "seq"),
            "MappingEndEvent": self._finish,
            "SequenceEndEvent": self._finish,
        }
        known: dict[type, Callable[[Any], None]] = {}
        for event in events:
            kind = type(event)
            if kind not in known:
                known[kind] = takes.get(kind.__name__, _pass)
            known[kind](event)
        if self._root is None:
            raise InvalidFile("file is empty", place=Place(self._shown, 1, 1))
        return self._root

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._fail(event, "a second document starts here", "keep one document per file")

    def _fail(self, event: Any, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        raise InvalidFile(message, place=Place(self._shown, mark.line + 1, mark.column + 1), hint=hint)

    def _node(self, event: Any, kind: str, text: str = "", *, plain: bool = False) -> Node:
        mark = event.start_mark
        self._count += 1
        if self._count > MAX_NODES:
            self._fail(event, f"has more than {MAX_NODES} values")
        if event.tag is not None and str(event.tag) not in _DEFAULT_TAGS:
            self._fail(event, f"tag {str(event.tag)[:60]} is not allowed here", "remove the tag")
        column, start = mark.column + 1, mark.index
        if start - column != self._begins:
            self._line, self._begins = mark.line + 1, start - column
        node = Node(kind, self._line, column, self._begins, event.end_mark.index - start, text, plain)
        if event.anchor:
            self._anchors[event.anchor] = node
        if self._inside:
            self._inside[-1].append(node)
        else:
            self._place(node, event)
        return node

    def _scalar(self, event: Any) -> None:
        text = event.value
        if not text.isascii():
            text = _joined_surrogates(text)
        plain = not event.style and event.tag is None
        node = self._node(event, "scalar", text, plain=plain)
        if plain and not text:
            self._settle(node)

    def _settle(self, node: Node) -> None:
        """An absent value stands at its key, an absent document at 1:1; the libraries differ in where else."""
        if not self._open:
            node.line, node.column, node.begins, node.length = 1, 1, -1, 0
            return
        holder = self._open[-1]
        if holder.kind == "map" and len(holder.items) % 2 == 0:
            key = holder.items[-2]
            node.line, node.column, node.begins, node.length = key.line, key.column, key.end - key.column, 0

    def _alias(self, event: Any) -> None:
        target = self._anchors.get(event.anchor)
        if target is None or target in self._open:
            self._fail(event, f"alias *{event.anchor} does not name a finished value")
            raise AssertionError
        self._expanded += self._size(target)
        if self._expanded > MAX_EXPANDED:
            self._fail(event, f"aliases expand to more than {MAX_EXPANDED} values", "write the values out")
        self._place(target, event)

    def _size(self, node: Node) -> int:
        # Aliased parts are shared nodes, so their sizes are remembered: a bomb is counted, never walked.
        known = self._sizes.get(id(node))
        if known is None:
            known = 1 + sum(self._size(item) for item in node.items)
            self._sizes[id(node)] = known
        return known

    def _begin(self, kind: str, event: Any) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._fail(event, f"is nested deeper than {MAX_DEPTH} levels")
        node, inside = self._node(event, kind), list[Node]()
        node.items = inside
        self._open.append(node)
        self._inside.append(inside)

    def _place(self, node: Node, event: Any) -> None:
        if self._open:
            self._inside[-1].append(node)
        elif self._root is None:
            self._root = node
        else:  # pragma: no cover - the parser never sends two roots in one document
            self._fail(event, "a second value starts here")

    def _finish(self, event: Any) -> None:
        node = self._open.pop()
        inside = self._inside.pop()
        # Maps of few, as rows are, of which there may be many, have no room for an index.
        node.items = _Many(inside) if node.kind == "map" and len(inside) > _FEW else tuple(inside)
        node.length = event.end_mark.index - node.start
        if node.kind == "map":
            self._check_keys(node)

    def _check_keys(self, node: Node) -> None:
        keys = node.items[::2]
        texts = tuple([key.text for key in keys if key.plain])
        sound = self._sound.get(texts)
        if sound is not None and len(sound) == len(keys):
            for key, text in zip(keys, sound, strict=True):
                key.text = text  # one text for all rows
            return
        self._look_into(keys)
        if len(texts) == len(keys):
            self._sound[texts] = texts

    def _look_into(self, keys: Sequence[Node]) -> None:
        seen: dict[str, Node] = {}
        findings: list[Finding] = []
        for key in keys:
            problem, hint = _key_problem(key, seen.get(key.text))
            if problem:
                findings.append(
                    Finding("invalid-file", problem, place=Place(self._shown, key.line, key.column), hint=hint)
                )
            seen.setdefault(key.text, key)
        if findings:
            raise InvalidFile.of(findings)


def _pass(_event: Any) -> None:
    """Nothing is made of where a text, or a document, begins and ends."""


def _key_problem(key: Node, earlier: Node | None) -> tuple[str | None, str | None]:
    if key.kind != "scalar":
        return "a key must be text", None
    if key.plain and key.text == "<<":
        return "merge keys are not supported", "write the values out"
    if not isinstance(key.scalar, str) and key.text not in _OWN:
        return f"key {key.text[:60] or 'null'} is not text to every YAML reader", f"write {yaml_string(key.text[:60])}"
    if earlier is not None:
        return f"key {key.text[:60]!r} stands here twice (first in line {earlier.line})", "remove one"
    return None, None


def _joined_surrogates(text: str) -> str:
    # YAML's "\ud83d\ude00" is two halves of one character; JSON readers join them, so this one does too.
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text


def to_data(node: Node) -> Any:
    """Plain Python data of a tree; bounded, because expanded aliases were counted while composing."""
    if node.kind == "scalar":
        return plain_value(node.text) if node.plain else node.text
    if node.kind == "seq":
        return [to_data(item) for item in node.items]
    # Most values are texts that stand between quotes, or texts as they are.
    return {
        key.text: value.text if value.kind == "scalar" and not value.plain else to_data(value)
        for key, value in node.pairs
    }
