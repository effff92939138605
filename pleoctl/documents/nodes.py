"""From YAML events to a tree of nodes with positions, under limits that make hostile files cheap to refuse.

ruamel.yaml does the scanning and parsing; composing is done here without recursion, because positions, limits
(depth, nodes, expanded aliases) and refusals (duplicate keys, tags, merge keys, several documents) belong to
one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.scalars import Ambiguous, plain_value, quoted
from pleoctl.errors import Finding, InvalidFile

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT: Final = 24 * 1024 * 1024
MAX_DEPTH: Final = 40
MAX_NODES: Final = 4_000_000
MAX_EXPANDED: Final = 20_000
MAX_TAG: Final = 200
_DEFAULT_TAGS: Final = {None, "!", "tag:yaml.org,2002:str"}


# What ruamel.yaml says about the mistakes that people make, and what to do about them.
_HINTS: Final = (
    ("'\\t' that cannot start", "indent with blanks, not with tabs"),
    ("that cannot start any token", "put the text in double quotes"),
    ("mapping values are not allowed", "put texts that contain ': ' in double quotes; check the indentation"),
    ("could not find expected ':'", "write key: value, keys of at most 1024 characters"),
    ("escape", "write \\\\ for a backslash, or put the text in single quotes"),
    ("chr()", "that character does not exist"),
    ("end of stream", "close the quote"),
    ("stream end", "close the bracket"),
    ("special characters", "write it escaped in double quotes, or remove it"),
    ("directive", "remove the line that starts with %"),
    ("version", "remove the line that starts with %"),
)
_HINT: Final = "check quotes, brackets and indentation here"


@dataclass(slots=True, eq=False)
class Node:
    """One YAML node: ``kind`` is scalar, map or seq; positions count from 1, ``start``/``end`` are offsets."""

    kind: str
    line: int
    column: int
    start: int
    end: int = 0
    text: str = ""
    plain: bool = False
    items: list[Node] = field(default_factory=list)
    _index: dict[str, tuple[Node, Node]] | None = field(default=None, repr=False)

    @property
    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Key and value nodes of a map, in file order."""
        return zip(self.items[::2], self.items[1::2], strict=True)

    @property
    def scalar(self) -> Any:
        """The value of a scalar node; `Ambiguous` where YAML versions disagree."""
        return plain_value(self.text) if self.plain else self.text

    def child(self, key: str | int) -> tuple[Node, Node] | None:
        """The key node (or the item itself) and the value node below this one."""
        if self.kind == "seq" and isinstance(key, int) and key < len(self.items):
            return self.items[key], self.items[key]
        if self.kind == "map" and isinstance(key, str):
            if self._index is None:
                self._index = {pair[0].text: pair for pair in self.pairs}
            return self._index.get(key)
        return None


@cache
def _scanner_class() -> type:
    from ruamel.yaml.scanner import Scanner, ScannerError  # noqa: PLC0415 - see Composer._events

    class TagLimit(Scanner):
        """ruamel.yaml takes quadratic time to decode a tag; none that is allowed is long."""

        def scan_tag(self) -> Any:
            if not set(self.reader.prefix(MAX_TAG)) & set(" \t\r\n\0"):
                mark = self.reader.get_mark()
                raise ScannerError("while scanning a tag", mark, f"a tag has more than {MAX_TAG} characters", mark)
            return super().scan_tag()

    return TagLimit


class Composer:
    """Builds one document's tree. Raises `InvalidFile` at the first structural error."""

    def __init__(self, text: str, shown: str) -> None:
        """``shown`` is the file name that findings carry."""
        self._text = text
        self._shown = shown
        self._open: list[Node] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._count = 0
        self._expanded = 0
        self._sizes: dict[int, int] = {}
        self._after = {"line": 1, "column": 1}

    def compose(self) -> Node:
        """The root node of the only document."""
        self._check_text()
        documents = 0
        for event in self._events():
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._fail(event, "a second document starts here", "keep one document per file")
            elif name == "AliasEvent":
                self._place(self._alias(event), event)
            elif name == "ScalarEvent":
                self._place(self._scalar(event), event)
            elif name in {"MappingStartEvent", "SequenceStartEvent"}:
                self._begin(event, "map" if name.startswith("M") else "seq")
            elif name in {"MappingEndEvent", "SequenceEndEvent"}:
                self._finish(event)
        if self._root is None:
            raise InvalidFile("file is empty", file=self._shown, line=1, column=1)
        return self._root

    def _check_text(self) -> None:
        if len(self._text) > MAX_TEXT:
            raise InvalidFile(f"is larger than {MAX_TEXT // 1024 // 1024} MiB of YAML", file=self._shown)
        at = self._text.find("\0")
        if at >= 0:
            raise InvalidFile("contains a NUL character", file=self._shown, **self._place_of(at), hint="remove it")

    def _place_of(self, offset: int) -> dict[str, Any]:
        line_start = self._text.rfind("\n", 0, offset) + 1
        return {"line": self._text.count("\n", 0, offset) + 1, "column": offset - line_start + 1}

    def _events(self) -> Iterator[Any]:
        from ruamel.yaml import YAML  # noqa: PLC0415 - 40 ms that only this path needs
        from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
        from ruamel.yaml.reader import ReaderError  # noqa: PLC0415

        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = _scanner_class()
        try:
            for event in yaml.parse(self._text):
                yield event
                self._after = {"line": event.end_mark.line + 1, "column": event.end_mark.column + 1}
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
            raise self._malformed(str(error.problem or error.context or "malformed"), place) from error
        except ReaderError as error:
            problem = f"unacceptable character U+{int(error.character):04X}, special characters are not allowed"
            raise self._malformed(problem, self._place_of(error.position)) from error
        except (YAMLError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
            # ruamel.yaml tripped over the text itself (e.g. an escape beyond Unicode), just after the last event.
            raise self._malformed(str(error), self._after) from error

    def _malformed(self, problem: str, place: dict[str, Any]) -> InvalidFile:
        words = " ".join(problem.split())[:200]
        hint = next((hint for part, hint in _HINTS if part in words), _HINT)
        return InvalidFile(f"is not valid YAML: {words}", file=self._shown, hint=hint, **place)

    def _fail(self, event: Any, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        raise InvalidFile(message, file=self._shown, line=mark.line + 1, column=mark.column + 1, hint=hint)

    def _node(self, event: Any, kind: str) -> Node:
        mark = event.start_mark
        self._count += 1
        if self._count > MAX_NODES:
            self._fail(event, f"has more than {MAX_NODES} values")
        tag = getattr(event, "tag", None)
        if str(tag) not in {str(t) for t in _DEFAULT_TAGS}:
            self._fail(event, f"tag {str(tag)[:60]} is not allowed here", "remove the tag")
        node = Node(kind, mark.line + 1, mark.column + 1, mark.index)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any) -> Node:
        node = self._node(event, "scalar")
        node.text = _joined_surrogates(event.value)
        node.plain = event.style is None and event.tag is None
        node.end = event.end_mark.index
        return node

    def _alias(self, event: Any) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None or target in self._open:
            self._fail(event, f"alias *{event.anchor} does not name a finished value")
            raise AssertionError
        self._expanded += self._size(target)
        if self._expanded > MAX_EXPANDED:
            self._fail(event, f"aliases expand to more than {MAX_EXPANDED} values", "write the values out")
        return target

    def _size(self, node: Node) -> int:
        # Aliased parts are shared nodes, so their sizes are remembered: a bomb is counted, never walked.
        known = self._sizes.get(id(node))
        if known is None:
            known = 1 + sum(self._size(item) for item in node.items)
            self._sizes[id(node)] = known
        return known

    def _begin(self, event: Any, kind: str) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._fail(event, f"is nested deeper than {MAX_DEPTH} levels")
        node = self._node(event, kind)
        self._place(node, event)
        self._open.append(node)

    def _place(self, node: Node, event: Any) -> None:
        if self._open:
            self._open[-1].items.append(node)
        elif self._root is None:
            self._root = node
        else:  # pragma: no cover - the parser never sends two roots in one document
            self._fail(event, "a second value starts here")

    def _finish(self, event: Any) -> None:
        node = self._open.pop()
        node.end = event.end_mark.index
        if node.kind == "map":
            self._check_keys(node)

    def _check_keys(self, node: Node) -> None:
        seen: dict[str, Node] = {}
        findings: list[Finding] = []
        for key, _ in node.pairs:
            problem, hint = _key_problem(key, seen.get(key.text))
            if problem:
                findings.append(Finding("invalid-file", problem, file=self._shown, line=key.line,
                                        column=key.column, hint=hint))  # fmt: skip
            seen.setdefault(key.text, key)
        if findings:
            raise InvalidFile.of(findings)


def _key_problem(key: Node, earlier: Node | None) -> tuple[str | None, str | None]:
    if key.kind != "scalar":
        return "a key must be text", None
    if key.plain and key.text == "<<":
        return "merge keys are not supported", "write the values out"
    if not isinstance(key.scalar, str):
        return f"key {key.text[:60] or 'null'} is not text to every YAML reader", f"write {quoted(key.text[:60])}"
    if earlier is not None:
        return f"key {key.text[:60]!r} stands here twice (first in line {earlier.line})", "remove one"
    return None, None


def _joined_surrogates(text: str) -> str:
    # YAML's "\ud83d\ude00" is two halves of one character; JSON readers join them, so this one does too.
    if not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def to_data(node: Node) -> Any:
    """Plain Python data of a tree; bounded, because expanded aliases were counted while composing."""
    if node.kind == "map":
        return {key.text: to_data(value) for key, value in node.pairs}
    if node.kind == "seq":
        return [to_data(item) for item in node.items]
    return node.scalar


__all__ = ["Ambiguous", "Composer", "Node", "to_data"]
