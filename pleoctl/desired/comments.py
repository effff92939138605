"""People's comments in a desired-state file: found, tied to rows, and written back after a re-export."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.desired.lines import Slot, lines_of, slot_of
from pleoctl.model.kinds import flat_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pleoctl.desired.lines import Note, Span
    from pleoctl.documents.document import Document
    from pleoctl.documents.nodes import Node
    from pleoctl.model.records import DesiredState

END: Final[Slot] = ("end",)
_HASH: Final = re.compile(r"(?:(?<=[ \t\n])|^)#", re.MULTILINE)


@dataclass(slots=True)
class Comments:
    """Comments by slot: whole lines that stand before a row, and those at the end of its line.

    ``order`` is the order of slots in the old file, so that a comment whose row went away moves to the next row.
    """

    before: dict[Slot, list[str]] = field(default_factory=lambda: defaultdict(list))
    behind: dict[Slot, list[str]] = field(default_factory=lambda: defaultdict(list))
    order: list[Slot] = field(default_factory=list)


def render(state: DesiredState, comments: Comments | None = None) -> str:
    """The canonical text of a desired state with the comments put back at their rows."""
    lines = list(lines_of(state))
    if comments is None or not (comments.before or comments.behind):
        return "".join(f"{text}\n" for _, text in lines)
    _rehome(comments, {slot for slot, _ in lines})
    out: list[str] = []
    for slot, text in lines:
        indent = text[: len(text) - len(text.lstrip(" "))]
        trailing = comments.behind.get(slot, [])
        out += [f"{indent}{c}" for c in (*comments.before.get(slot, []), *trailing[1:])]
        out.append(f"{text}  {trailing[0]}" if trailing else text)
    out += comments.before.get(END, [])
    return "\n".join(out) + "\n"


def _rehome(comments: Comments, present: set[Slot]) -> None:
    waiting: list[str] = []
    for slot in [*comments.order, END]:
        if slot in present or slot == END:
            if waiting:
                comments.before[slot] = waiting + comments.before.get(slot, [])
            waiting = []
        else:
            waiting += comments.before.pop(slot, []) + comments.behind.pop(slot, [])


def from_document(document: Document) -> Comments:
    """Comments of any valid desired-state file, in block or flow style."""
    return attached(sorted(_spans(document), key=lambda s: s[0]), _found(document))


def attached(spans: Sequence[Span], notes: Iterable[Note]) -> Comments:
    """Each comment at what it speaks of; ``spans`` in the order of the file."""
    comments = Comments(order=[slot for _, _, slot in spans])
    starts = [start for start, _, _ in spans]
    for line, text, own in notes:
        index = bisect_right(starts, line) - 1
        inside = index >= 0 and line <= spans[index][1]
        if inside and not own:
            comments.behind[spans[index][2]].append(text)
        elif inside:
            comments.before[spans[index][2]].append(text)
        else:
            comments.before[spans[index + 1][2] if index + 1 < len(spans) else END].append(text)
    return comments


def _found(document: Document) -> Iterator[Note]:
    """Line, text and whether it stands alone, of each ``#`` that is outside every scalar."""
    scalars = sorted((n.start, n.end) for n in _scalars(document.root))
    starts = [start for start, _ in scalars]
    covered, line, counted = 0, 1, 0
    for match in _HASH.finditer(document.text):
        if match.start() < covered:
            continue
        index = bisect_right(starts, match.start()) - 1
        if index >= 0 and _within(document.text, scalars[index], match.start()):
            continue
        line += document.text.count("\n", counted, match.start())
        counted = match.start()
        line_start = document.text.rfind("\n", 0, match.start()) + 1
        own = not document.text[line_start : match.start()].strip()
        line_end = document.text.find("\n", match.start())
        covered = len(document.text) if line_end < 0 else line_end
        yield line, document.text[match.start() : covered].rstrip(), own


def _within(text: str, scalar: tuple[int, int], at: int) -> bool:
    """Whether a place belongs to a scalar's text; the first line of a block scalar (``|  # why``) does not."""
    start, end = scalar
    return at < end and not (text[start] in "|>" and "\n" not in text[start:at])


def _scalars(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.kind == "scalar":
            yield node
        stack.extend(node.items)


def _spans(document: Document) -> Iterator[Span]:
    for key, value in document.root.pairs:
        yield key.line, key.line, (key.text,)
        kind = next((kind for kind in flat_kinds() if kind.section == key.text), None)
        if kind is not None:
            for number, item in enumerate(value.items):
                yield _span(document, item, slot_of(kind.name, _key(item, kind.key), number))
        elif key.text == "dimensions":
            for number, item in enumerate(value.items):
                yield from _dimension_spans(document, item, number)


def _dimension_spans(document: Document, item: Node, number: int) -> Iterator[Span]:
    code = _key(item, "code")
    slot = slot_of("dimension", code, number)
    values = item.child("values")
    if values is None:
        yield _span(document, item, slot)
        return
    yield item.line, item.line, slot
    for key, _ in item.pairs:
        if key.line != item.line:
            yield key.line, key.line, (*slot, key.text)
    for index, value in enumerate(values[1].items):
        yield _span(document, value, slot_of("value", code, _key(value, "code"), index))


def _key(item: Node, name: str) -> str | None:
    found = item.child(name)
    return found[1].text if found else None


def _span(document: Document, item: Node, slot: Slot) -> Span:
    last = max((n.end for n in _scalars(item)), default=item.start)
    end = document.text.count("\n", item.start, last) + item.line
    return item.line, end, slot
