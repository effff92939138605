"""Desired-state files read a row in a step, as nearly all can be: rows that pleoctl wrote, and what people write.

A row stands in braces, on a line or several, or is a block of lines ``key: value``, in which its dash may have a line
of its own; lists may stand in brackets, and the whole file in braces, as JSON does. Comments and empty lines may stand
anywhere. Single rows that say more than that are read by a YAML parser; all else is given up on, so that it reads the
whole file.
"""

from __future__ import annotations

from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.desired.cursor import Cursor
from pleoctl.desired.entries import (
    BRACES_VALUE,
    GAP,
    KEY,
    LOOSE,
    TAIL,
    NotSimple,
    compiled,
    dash_of,
    entry_of,
    simple_entry_of,
)
from pleoctl.desired.lines import HEADER
from pleoctl.desired.listed import UNKNOWN, Known, RowReader
from pleoctl.desired.odd import independent
from pleoctl.desired.rows import row_of
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import DesiredState, Dimension, Row

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from pleoctl.desired.comments import Comments
    from pleoctl.desired.lines import Slot, Span
    from pleoctl.model.kind import Kind

_BEGIN: Final = rf"(?:%YAML 1\.2{TAIL}{GAP})?---{TAIL}{GAP}"
_END: Final = rf"\.\.\.{TAIL}{GAP}"


class _Said(NamedTuple):
    """What a mapping says, by its keys, the lines and columns of these, and where it begins."""

    said: dict[str, Any]
    places: list[tuple[int, int]]
    line: int
    column: int


class QuickReader:
    """Reads a file by its rows; raises `NotSimple` for what a YAML parser should see whole, valid or not."""

    def __init__(self, text: str, shown: str, known: Known = UNKNOWN, *, noting: bool = True) -> None:
        """``shown`` is the file name that rows carry as origin; lines of ``known`` rows say just what these do.

        Comments are for those who are ``noting`` where they stand.
        """
        self._text, self._cursor = text, Cursor(text, noting=noting)
        self._rows = RowReader(self._cursor, shown, known)
        self._shown = shown
        self._names: list[Span] = []
        self._inner: dict[int, list[Span]] = {}
        self._state = DesiredState(files=[shown])
        self._end = 0
        self._kinds = {kind.section: kind for kind in (*flat_kinds(), TAG_GROUP)}

    def read(self) -> DesiredState:
        """The rows of the text."""
        cursor = self._cursor
        cursor.skip()
        cursor.take(compiled(_BEGIN))
        found = self._braced() if cursor.sees("{") else self._sections()
        self._end = cursor.at
        cursor.take(compiled(_END))
        if not cursor.ended:
            raise NotSimple
        if {name: found.get(name) for name in HEADER} != HEADER or not found.keys() <= {*HEADER, *self._kinds}:
            raise NotSimple
        self._state.dimensions = found.get(TAG_GROUP.section)
        self._state.flat = {kind.name: found[kind.section] for kind in flat_kinds() if kind.section in found}
        if not independent(self._rows.odd, self._rows.anchors):
            raise NotSimple
        return self._state

    def comments(self) -> Comments:
        """People's comments in the text, once it was read."""
        from pleoctl.desired.comments import Comments, attached, placed  # who reads rows asks for none
        from pleoctl.desired.ends import Ends, LinesOf, set_apart

        found = merge(self._cursor.notes(), *(odd.notes() for odd in self._rows.odd), key=itemgetter(0))
        first = next(found, None)
        if first is None:
            return Comments()
        begins, columns, slots = placed(self._slots())
        lines, heads = LinesOf(self._text), self._heads()
        told = lines if self._end >= len(self._text) else LinesOf(self._text[: self._end])
        ends = Ends(self._text, told, begins, columns)

        def last_of(at: int) -> int:
            return begins[at] if (begins[at], slots[at]) in heads else ends.last_of(at)

        return attached(begins, slots, last_of, set_apart(chain([first], found), lines))

    def _heads(self) -> set[tuple[int, Slot]]:
        """Slots of what other slots stand in: they end where they begin."""
        held = (_slot_of_dimension(one.row) for one in self._state.dimensions or () if one.values is not None)
        return {(line, slot) for line, _, slot in chain(self._names, held, *self._inner.values())}

    def _slots(self) -> Iterator[Span]:
        """What comments may speak of, with the line and the column in which it begins."""
        for line, column, (name,) in self._names:
            yield line, column, (name,)
            kind = self._kinds.get(str(name))
            if kind is TAG_GROUP:
                for dimension in self._state.dimensions or ():
                    yield _slot_of_dimension(dimension.row)
                    yield from self._inner.get(id(dimension.row), ())
                    key = dimension.row.key
                    yield from ((row.line, row.column, ("value", key, row.key)) for row in dimension.values or ())
            elif kind is not None:
                yield from ((row.line, row.column, (kind.name, row.key)) for row in self._state.flat[kind.name])

    def _sections(self) -> dict[str, Any]:
        """The keys of a file in block style, with their values."""
        cursor = self._cursor
        found: dict[str, Any] = {}
        while not (cursor.ended or cursor.sees("...")):
            name = self._key(found)
            self._names.append((cursor.line, cursor.column, (name,)))
            found[name] = self._list(self._kinds[name], 0) if name in self._kinds else self._value(0)
            cursor.skip()
        return found

    def _braced(self) -> dict[str, Any]:
        """The same of a file that stands in braces, as JSON does."""
        found = self._pairs(self._kinds)
        self._names = [(*place, (name,)) for name, place in zip(found.said, found.places, strict=True)]
        self._cursor.need(TAIL)
        self._cursor.skip()
        return found.said

    def _key(self, said: dict[str, Any]) -> str:
        """The key that stands here."""
        found = compiled(KEY).match(self._cursor.text, self._cursor.at)
        name = found and found[2]
        if not name or name in said:
            raise NotSimple
        return name

    def _value(self, depth: int) -> Any:
        """The value of a key of a block, behind so many blanks."""
        found = self._cursor.take(simple_entry_of(depth)) or self._cursor.take(entry_of(depth))
        if found is None or (self._cursor.ended and self._cursor.is_cut_off(found.start())):
            raise NotSimple
        return self._rows.anchors.value_of(found[3])

    def _list(self, kind: Kind, least: int) -> list[Row] | list[Dimension]:
        """The items of a list with its key, whose dashes stand behind ``least`` blanks or more, or in brackets."""
        cursor = self._cursor
        cursor.need(KEY)
        if cursor.take(compiled(r" ++\[")):
            items = self._in_brackets(kind)
            cursor.need(TAIL)
            return items
        cursor.need(TAIL)
        cursor.skip()
        depth = self._depth()
        if depth < least or not cursor.text.startswith("-", cursor.at + depth):
            raise NotSimple
        return list(self._dimensions(depth)) if kind.holds else self._rows.listed(kind, depth)

    def _in_brackets(self, kind: Kind) -> list[Row] | list[Dimension]:
        return list(self._dimensions_in_brackets()) if kind.holds else self._rows.in_brackets(kind)

    def _depth(self) -> int:
        """Behind how many blanks the words of a line stand."""
        found = compiled(" *+").match(self._cursor.text, self._cursor.at)
        return len(found[0]) if found else 0

    def _dimensions(self, depth: int) -> Iterator[Dimension]:
        """The dimensions whose dashes stand behind ``depth`` blanks."""
        while begin := dash_of(depth).match(self._cursor.text, self._cursor.at):
            yield self._dimension_of(begin, depth)
            self._cursor.skip()

    def _dimension_of(self, begin: re.Match[str], depth: int) -> Dimension:
        """The dimension that begins so; a parser reads what is more than can be read quickly, and no other."""
        here = self._rows.here()
        try:
            return self._dimension(self._below(begin, depth))
        except NotSimple:
            self._rows.back_to(here)
        dimension, inner = self._rows.odd_dimension(depth)
        self._inner[id(dimension.row)] = inner
        return dimension

    def _below(self, begin: re.Match[str], depth: int) -> _Said:
        """What a dimension says whose dash stands behind ``depth`` blanks."""
        cursor = self._cursor
        cursor.passed([begin])
        if not cursor.sees("{"):
            return self._block(len(begin[2] or begin[1]) + (0 if begin[2] else depth + 1))
        said = self._pairs({TAG.section: TAG})
        cursor.need(TAIL)
        return said

    def _dimensions_in_brackets(self) -> Iterator[Dimension]:
        cursor = self._cursor
        cursor.need(LOOSE)
        while cursor.sees("{"):
            yield self._dimension(self._pairs({TAG.section: TAG}))
            cursor.need(rf"{LOOSE}(?:,{LOOSE}|(?=\]))")
        cursor.need(r"\]")

    def _dimension(self, found: _Said) -> Dimension:
        said, places, number, column = found
        names, values = list(said), said.pop(TAG.section, None)
        row = row_of(TAG_GROUP, tuple(said), [*said.values()], (self._shown, number, column))
        if values is not None:
            keys = zip(places, names, strict=True)
            self._inner[id(row)] = [(*at, ("dimension", row.key, name)) for at, name in keys if at[0] != number]
        return Dimension(row, values)

    def _block(self, depth: int) -> _Said:
        """A mapping whose keys stand behind so many blanks, from its first."""
        cursor = self._cursor
        said: dict[str, Any] = {}
        places: list[tuple[int, int]] = []
        line, column = cursor.line, depth + 1
        while True:
            name = self._key(said)
            places.append((cursor.line, cursor.column))
            said[name] = self._list(TAG, depth) if name == TAG.section else self._value(depth)
            cursor.skip()
            deeper = self._depth()
            if deeper < depth or cursor.ended:
                return _Said(said, places, line, column)
            if deeper > depth:
                raise NotSimple
            cursor.move(cursor.at + depth)

    def _pairs(self, lists: dict[str, Kind]) -> _Said:
        """A mapping in braces, some of whose keys may be lists."""
        cursor = self._cursor
        line, column = cursor.line, cursor.column
        said: dict[str, Any] = {}
        places: list[tuple[int, int]] = []
        cursor.need(rf"\{{{LOOSE}")
        while not cursor.sees("}"):
            name = self._key(said)
            places.append((cursor.line, cursor.column))
            cursor.need(KEY + r"(?(1)|(?=[ \n]))")
            if name in lists:
                cursor.need(rf"{LOOSE}\[")
                said[name] = self._in_brackets(lists[name])
            else:
                found = cursor.need(LOOSE + BRACES_VALUE)
                said[name] = self._rows.anchors.value_of(found[1])
            cursor.need(rf"{LOOSE}(?:,{LOOSE}|(?=\}}))")
        cursor.need(r"\}")
        return _Said(said, places, line, column)


def _slot_of_dimension(row: Row) -> Span:
    return row.line, row.column, ("dimension", row.key)
