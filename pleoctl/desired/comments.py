"""People's comments in a desired-state file: found, tied to rows, and written back after a re-export."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from itertools import chain, islice, repeat
from operator import le
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from pleoctl.desired.ends import LinesOf, last_below, set_apart
from pleoctl.desired.lines import NOTHING_SPOKEN, Slot, Spoken, lines_of, slot_of, text_of
from pleoctl.documents.nodes import PROPERTIES
from pleoctl.model.kinds import flat_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pleoctl.desired.lines import Note, Span
    from pleoctl.documents.nodes import Node
    from pleoctl.model.records import DesiredState

END: Final[Slot] = ("end",)
# YAML wants white space before it, but its parsers take one that touches what ends by itself for a comment, too.
_HASH: Final = re.compile(r"(?:(?<=[ \t\n,\[\]{}\"'])|^)#", re.MULTILINE)
# What may follow the last text of a row in braces, up to the last of them that close.
_CLOSING: Final = re.compile(r"(?:[\s,\]}]|#[^\n]*\n)*[\]}]")


class Comments(Struct):
    """Comments by slot: whole lines before a row, with the empty ones beside them, and those at the end of its line.

    ``order`` is the order of slots in the old file, so that a comment whose row went away moves to the next row.
    """

    before: dict[Slot, list[str]] = field(default_factory=lambda: defaultdict(list))
    behind: dict[Slot, list[str]] = field(default_factory=lambda: defaultdict(list))
    order: list[Slot] = field(default_factory=list)


def render(state: DesiredState, comments: Comments | None = None, spoken: Spoken = NOTHING_SPOKEN) -> str:
    """The canonical text of a desired state with the comments put back at their rows; ``spoken`` as in `lines_of`."""
    if comments is None or not (comments.before or comments.behind):
        return text_of(state, spoken)
    if spoken is NOTHING_SPOKEN:
        spoken = Spoken(state)
    woven = _woven(state, comments, spoken)
    if woven is None:
        _rehome(comments, {slot for slot, _ in lines_of(state, spoken)})
        woven = _woven(state, comments, spoken) or []
    return "\n".join([*woven, ""])


def _woven(state: DesiredState, comments: Comments, spoken: Spoken) -> list[str] | None:
    """The lines of the text, None where something that a comment speaks of is not there."""
    before, behind = comments.before, comments.behind
    spoken_of = {*before, *behind} - {END}
    left = set(spoken_of)
    out: list[str] = []
    for slot, text in lines_of(state, spoken):
        if slot in spoken_of:
            left.discard(slot)
            indent = text[: len(text) - len(text.lstrip(" "))]
            trailing = behind.get(slot, [])
            _put(out, indent, (*before.get(slot, []), *trailing[1:]))
            out.append(f"{text}  {trailing[0]}" if trailing else text)
        else:
            out.append(text)
    _put(out, "", before.get(END, []))
    while not out[-1]:
        out.pop()
    return None if left else out


def _put(out: list[str], indent: str, comments: Iterable[str]) -> None:
    """Lines before a row; empty ones one at a time, and none where the file begins."""
    for text in comments:
        if text:
            out.append(indent + text if indent else text)
        elif out and out[-1]:
            out.append("")


def _rehome(comments: Comments, present: set[Slot]) -> None:
    """Comments of what is not there go to the next that is."""
    waiting: list[str] = []
    for slot in [*comments.order, END]:
        if slot in present or slot == END:
            if waiting:
                comments.before[slot] = waiting + comments.before.get(slot, [])
            waiting = []
        else:
            waiting += comments.before.pop(slot, []) + comments.behind.pop(slot, [])


def from_nodes(root: Node, text: str) -> Comments:
    """Comments of any valid desired-state file, in block or flow style."""
    found = found_in(root, text)
    first = next(found, None)
    if first is None:
        return Comments()
    begins, ends, slots = placed(_spans(root, text))
    return attached(begins, slots, ends.__getitem__, set_apart(chain([first], found), LinesOf(text)))


def placed(spans: Iterable[Span]) -> tuple[Sequence[int], Sequence[int], list[Slot]]:
    """Each part of spans by itself, in the order of the file: numbers take less room than spans."""
    begins, ends, slots = array("l"), array("l"), list[Slot]()
    for line, last, slot in spans:
        begins.append(line)
        ends.append(last)
        slots.append(slot)
    if all(map(le, begins, islice(begins, 1, None))):
        return begins, ends, slots
    # What an alias names stands where it was named first.
    order = sorted(range(len(begins)), key=begins.__getitem__)
    return [begins[at] for at in order], [ends[at] for at in order], [slots[at] for at in order]


def attached(
    begins: Sequence[int], slots: list[Slot], last_of: Callable[[int], int], notes: Iterable[Note]
) -> Comments:
    """Each comment at what it speaks of.

    ``slots`` and ``notes`` are in the order of the file, ``begins`` the lines in which slots begin, and ``last_of``
    tells the last of one.
    """
    comments = Comments(order=slots)
    order, at, last = comments.order, -1, 0
    for line, text, own in notes:
        if at + 1 < len(begins) and begins[at + 1] <= line:
            at = bisect_right(begins, line, at + 1) - 1
            last = last_of(at)
        if line > last:
            comments.before[order[at + 1] if at + 1 < len(order) else END].append(text)
        else:
            (comments.before if own else comments.behind)[order[at]].append(text)
    return comments


def found_in(root: Node, text: str) -> Iterator[Note]:
    """Each comment of a text: what begins with a ``#`` that is outside every scalar."""
    scalars = chain(root.scalars(), repeat(None))
    before, after = None, next(scalars)
    covered, line, counted = 0, 1, 0
    for match in _HASH.finditer(text):
        at = match.start()
        while after is not None and after.start <= at:
            before, after = after, next(scalars)
        if at < covered or (before is not None and _within(text, before, at)):
            continue
        line += text.count("\n", counted, at)
        counted = at
        own = not text[text.rfind("\n", 0, at) + 1 : at].strip()
        line_end = text.find("\n", at)
        covered = len(text) if line_end < 0 else line_end
        yield line, text[at:covered].rstrip(), own


def _within(text: str, scalar: Node, at: int) -> bool:
    """Whether a place belongs to a scalar's text; the first line of a block scalar (``|  # why``) does not."""
    start = scalar.start
    if text[start] in "&!" and (properties := PROPERTIES.match(text, start)):
        start = properties.end()
    return start <= at < scalar.end and not (text[start] in "|>" and "\n" not in text[start:at])


def _spans(root: Node, text: str) -> Iterator[Span]:
    lines = LinesOf(text)
    for key, value in root.pairs:
        yield key.line, key.line, (key.text,)
        kind = next((kind for kind in flat_kinds() if kind.section == key.text), None)
        if kind is not None:
            for number, item in enumerate(value.items):
                yield _span(text, lines, item, slot_of(kind.name, _key(item, kind.key), number))
        elif key.text == "dimensions":
            for number, item in enumerate(value.items):
                yield from _dimension_spans(text, lines, item, number)


def _dimension_spans(text: str, lines: LinesOf, item: Node, number: int) -> Iterator[Span]:
    code = _key(item, "code")
    slot = slot_of("dimension", code, number)
    values = item.child("values")
    if values is None:
        yield _span(text, lines, item, slot)
        return
    yield item.line, item.line, slot
    for key, _ in item.pairs:
        if key.line != item.line:
            yield key.line, key.line, (*slot, key.text)
    for index, value in enumerate(values[1].items):
        yield _span(text, lines, value, slot_of("value", code, _key(value, "code"), index))


def _key(item: Node, name: str) -> str | None:
    found = item.child(name)
    return found[1].text if found else None


def _span(text: str, lines: LinesOf, item: Node, slot: Slot) -> Span:
    last = max((n.end for n in item.scalars()), default=item.start)
    closing = _CLOSING.match(text, last)
    if closing:
        last = closing.end()
    if item.kind == "map" and item.items and _is_opened(text, item.items[-1], behind=item.items[-2].end):
        # A text of several lines goes as far as the next thing.
        return item.line, last_below(lines, item.items[-2].line, item.items[0].column - 1), slot
    return item.line, text.count("\n", item.start, last) + item.line, slot


def _is_opened(text: str, value: Node, behind: int) -> bool:
    """Whether a value is the text that a line with ``|`` or ``>`` opens, and stands ``behind`` its key."""
    properties = PROPERTIES.match(text, value.start)
    begin = properties.end() if properties else value.start
    return value.kind == "scalar" and value.start >= behind and text[begin : begin + 1] in {"|", ">"}
