"""Desired-state files read line by line, as nearly all can be: rows that pleoctl wrote, and most that people write.

A row stands in braces, on a line or several, or is a block of lines ``key: value``, in which its dash may have a line
of its own; comments and empty lines may stand anywhere. Rows as `pleoctl.desired.lines` writes them take one step each.
All else is given up on, so that a YAML parser reads it.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from pleoctl.desired.comments import Comments, attached
from pleoctl.desired.entries import EMPTY, NotSimple, decoded, entry_of, flow_of, note_behind, note_of
from pleoctl.desired.lines import HEADER, set_apart
from pleoctl.desired.rows import item_of, pattern_of, places_of, plain_of, row_of
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import NOTHING, DesiredState, Dimension, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.desired.lines import Note, Slot
    from pleoctl.model.kind import Kind

T = TypeVar("T")
Known = dict[str, dict[str, "Row"]]
"""By the name of their kind rows that are known by what stands in their lines."""
UNKNOWN: Final[Known] = {}


class _Item(NamedTuple):
    """What an item of a list says; ``lines`` are those of its keys, where they have lines of their own."""

    said: dict[str, Any]
    line: int
    column: int
    lines: list[int]


class QuickReader:
    """Reads rows that stand in lines of their own; raises `NotSimple` for anything else, valid or not."""

    def __init__(self, text: str, shown: str, known: Known = UNKNOWN) -> None:
        """``shown`` is the file name that rows carry as origin; lines of ``known`` rows say just what these do."""
        # The last line is empty, so that whoever stands at a line may look at it.
        self._lines = [*text.split("\n"), ""]
        self._shown, self._known = shown, known
        self._at = 0
        self._slots: list[tuple[int, Slot]] = []
        self._state = DesiredState(files=[shown])
        self._notes: list[Note] = []

    def read(self) -> DesiredState:
        """The rows of the text."""
        found: dict[str, Any] = {}
        kinds = {kind.section: kind for kind in (*flat_kinds(), TAG_GROUP)}
        if self._peek() == "---":
            self._at += 1
        while line := self._peek():
            column, name, value, note = entry_of(line)
            if column or name in found:
                raise NotSimple
            self._take(note)
            self._slots.append((self._at, (name,)))
            found[name] = self._section(kinds[name], value) if name in kinds else value
            if name not in kinds and HEADER.get(name) != value:
                raise NotSimple
        if not HEADER.keys() <= found.keys():
            raise NotSimple
        self._state.dimensions = found.get(TAG_GROUP.section)
        self._state.flat = {kind.name: found[kind.section] for kind in flat_kinds() if kind.section in found}
        return self._state

    def comments(self) -> Comments:
        """People's comments in the text, once it was read."""
        if not self._notes:
            return Comments()
        rows = chain.from_iterable(_slots_of_rows(*listed) for listed in self._state.flat.items())
        found = chain(self._slots, rows, _slots_of_dimensions(self._state.dimensions or ()))
        placed = sorted(found, key=itemgetter(0))
        begins, slots = [line for line, _ in placed], [slot for _, slot in placed]

        def last_of(at: int) -> int:
            last = (begins[at + 1] if at + 1 < len(begins) else len(self._lines)) - 1
            while last > begins[at] and self._says_nothing(last):
                last -= 1
            return last

        return attached(begins, slots, last_of, set_apart(self._notes, self._lines[:-1]))

    def _says_nothing(self, line: int) -> bool:
        # A dash alone does not, either: a row begins where its first key stands.
        return self._lines[line - 1].lstrip(" \t-")[:1] in {"", "#"}

    def _peek(self) -> str:
        """The next line that says something, empty behind the last."""
        lines = self._lines
        while self._at < len(lines) - 1:
            line = lines[self._at]
            text = line.lstrip(" \t")
            if text and text[0] != "#":
                return line
            self._at += 1
            if text:
                self._notes.append((self._at, note_of(text), True))
        return ""

    def _take(self, note: str | None) -> None:
        """Go on behind a line, which had a comment behind it or not."""
        self._at += 1
        if note is not None:
            self._notes.append((self._at, note.rstrip(), False))

    def _section(self, kind: Kind, value: object) -> list[Row] | list[Dimension]:
        if kind.holds:
            return self._list(self._dimensions, value, 0)
        return self._list(partial(self._rows, kind), value, 0)

    def _list(self, read: Callable[[int], list[T]], value: object, least: int) -> list[T]:
        """The items of a list whose dashes stand behind ``least`` blanks or more."""
        if value == EMPTY:
            return []
        line = self._peek()
        depth = _blanks(line)
        if value is not None or depth < least or not line.startswith("-", depth):
            raise NotSimple
        return read(depth)

    def _rows(self, kind: Kind, depth: int) -> list[Row]:
        shown, dash, rows = self._shown, f"{' ' * depth}-", list[Row]()
        while True:
            self._plain_rows(kind, depth, rows)
            line = self._peek()
            if not line.startswith(dash):
                return rows
            match = pattern_of(kind).match(line, depth)
            if match is None:
                item = self._item(kind, line)
                rows.append(row_of(kind, item.said, shown, item.line, item.column))
                continue
            cells = tuple([cell and decoded(cell) for cell in match.groups()])
            self._take(note_behind(line, match.end()))
            rows.append(row_of(kind, item_of(kind, cells, places_of(kind)), shown, self._at, depth + 3))

    def _plain_rows(self, kind: Kind, depth: int, rows: list[Row]) -> None:
        """Add the rows ahead that are known, or plain and stand as the writer writes them."""
        (whole, names, longest), known = plain_of(kind), self._known.get(kind.name, {})
        lines, shown, at, dash, column = self._lines, self._shown, self._at, f"{' ' * depth}- ", depth + 3
        while True:
            line = lines[at]
            if known and (row := known.get(line)):
                at += 1
                rows.append(Row(row.key, row.fields, row.active, row.hold, row.local, shown, at, 3))
                continue
            match = whole(line, depth)
            if match is None or len(line) > longest or (depth and not line.startswith(dash)):
                break
            at += 1
            cells = match.groups()
            fields = {name: cells[n] for name, n in names}
            rows.append(Row(cells[0], fields, cells[-1] != "false", None, NOTHING, shown, at, column))
        self._at = at

    def _dimensions(self, depth: int) -> list[Dimension]:
        dash, found = f"{' ' * depth}-", list[Dimension]()
        while (line := self._peek()).startswith(dash):
            said, number, column, lines = self._item(TAG_GROUP, line)
            names, values = list(said), said.pop(TAG.section, None)
            row = row_of(TAG_GROUP, said, self._shown, number, column)
            if values is not None:
                keys = zip(lines, names, strict=True)
                self._slots += [(at, ("dimension", row.key, name)) for at, name in keys if at != number]
            found.append(Dimension(row, values))
        return found

    def _item(self, kind: Kind, line: str) -> _Item:
        """An item of a list whose dash stands in this line."""
        depth = _blanks(line)
        at = len(line) - len(line[depth + 1 :].lstrip(" "))
        if line[at:][:1] in {"", "#"}:
            self._take(note_behind(line, depth + 1))
            line = self._peek()
            at = _blanks(line)
            if at <= depth or line[at] == "-":
                raise NotSimple
        return self._braces(kind, line, at, depth) if line.startswith(" {", at - 1) else self._block(kind, line)

    def _braces(self, kind: Kind, line: str, begin: int, depth: int) -> _Item:
        """An item that ``{`` begins; its dash stands behind ``depth`` blanks, and each further line behind more."""
        said: dict[str, Any] = {}
        sign, note = flow_of(line, begin + 1, "{", said)
        self._take(note)
        number = self._at
        while sign != "}":
            line = self._peek()
            if _blanks(line) <= depth:
                raise NotSimple
            sign, note = flow_of(line, 0, sign, said)
            self._take(note)
        if kind.holds and TAG.section in said:  # a text where a list is due
            raise NotSimple
        return _Item(said, number, begin + 1, [])

    def _block(self, kind: Kind, line: str) -> _Item:
        said: dict[str, Any] = {}
        lines: list[int] = []
        first, name, value, note = entry_of(line)
        column, inner = first, " " * first
        while True:
            if column != first or name in said:
                raise NotSimple
            self._take(note)
            lines.append(self._at)
            if name == TAG.section and kind.holds:
                value = self._list(partial(self._rows, TAG), value, first)
            said[name] = value
            line = self._peek()
            if not line.startswith(inner):
                return _Item(said, lines[0], first + 1, lines)
            column, name, value, note = entry_of(line)


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _slots_of_rows(kind: str, rows: list[Row]) -> Iterator[tuple[int, Slot]]:
    return ((row.line, (kind, row.key)) for row in rows)


def _slots_of_dimensions(dimensions: Iterable[Dimension]) -> Iterator[tuple[int, Slot]]:
    for dimension in dimensions:
        key = dimension.row.key
        yield dimension.row.line, ("dimension", key)
        yield from ((row.line, ("value", key, row.key)) for row in dimension.values or ())
