"""Rows of a list, or dimensions, that only a YAML parser understands: it reads them together, and no others.

A row ends where a line stands no deeper than its dash, whatever it says, so that it means by itself what it means in
its file. What the parser, or the schema, does not accept, and whatever may depend on the rest, is left to the reader of
whole files.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from pleoctl.desired.entries import NotSimple
from pleoctl.desired.rows import row_of
from pleoctl.documents.nodes import compose, to_data
from pleoctl.errors import InvalidFile
from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.model.records import Dimension
from pleoctl.text import is_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.desired.lines import Note, Span
    from pleoctl.desired.values import Anchors
    from pleoctl.documents.nodes import Node
    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Row

# What may be an anchor, or an alias.
_ANCHOR = r"(?<![^\s,\[{])&([^\s,\[\]{}]+)"
_ALIAS = r"(?<![^\s,\[{])\*[^\s,\[\]{}]"


class Cut(NamedTuple):
    """A row as it stands in the text, the line in which that begins, and its place in the list."""

    text: str
    line: int
    place: int


class Odd:
    """The odd rows of one list."""

    def __init__(self, cuts: list[Cut], shown: str) -> None:
        """``shown`` is the file's name. Raises `NotSimple`."""
        self._text = "".join(cut.text for cut in cuts)
        try:
            self._root = compose(self._text, shown)
        except InvalidFile:
            raise NotSimple from None
        self._cuts, self._shown = cuts, shown
        self._begins = [1]
        for cut in cuts:
            self._begins.append(self._begins[-1] + cut.text.count("\n"))

    def fill(self, rows: list[Row], kind: Kind) -> None:
        """Put each row into its place. Raises `NotSimple`."""
        for cut, node in self._each():
            rows[cut.place] = self._row(kind, node, to_data(node))

    def dimension(self) -> tuple[Dimension, list[Span]]:
        """The only one, and where its keys stand in lines of their own, if it has values. Raises `NotSimple`."""
        ((_, node),) = self._each()
        item = to_data(node)
        found = node.child(TAG.section)
        values = item.pop(TAG.section) if found and isinstance(item, dict) else None
        row = self._row(TAG_GROUP, node, item)
        if found is None:
            return Dimension(row, None), []
        if not isinstance(values, list):
            raise NotSimple
        rows = [self._row(TAG, one, value) for one, value in zip(found[1].items, values, strict=True)]
        keys = [key for key, _ in node.pairs if key.line != node.line]
        spans: list[Span] = [(self._line(key.line), key.column, ("dimension", row.key, key.text)) for key in keys]
        return Dimension(row, rows), spans

    def _each(self) -> Iterator[tuple[Cut, Node]]:
        if len(self._root.items) != len(self._cuts):
            raise NotSimple
        return zip(self._cuts, self._root.items, strict=True)

    def _row(self, kind: Kind, node: Node, item: Any) -> Row:
        if not isinstance(item, dict) or not all(isinstance(one, (str, bool)) or one is None for one in item.values()):
            raise NotSimple
        if not all(map(is_whole, filter(None, (one for one in item.values() if isinstance(one, str))))):
            raise NotSimple
        return row_of(kind, tuple(item), [*item.values()], (self._shown, self._line(node.line), node.column))

    @property
    def names(self) -> set[str]:
        """The names that values may have here."""
        return set(re.findall(_ANCHOR, self._text))

    @property
    def refers(self) -> bool:
        """Whether values may be given by name here."""
        return re.search(_ALIAS, self._text) is not None

    def notes(self) -> Iterator[Note]:
        """The comments in them, and behind them."""
        from pleoctl.desired.comments import found_in

        return ((self._line(line), text, own) for line, text, own in found_in(self._root, self._text))

    def _line(self, line: int) -> int:
        number = bisect_right(self._begins, line, hi=len(self._cuts)) - 1
        return self._cuts[number].line + line - self._begins[number]


def independent(odd: list[Odd], anchors: Anchors) -> bool:
    """Whether no names are shared, neither with what else was read, and values are counted in one place."""
    names = [*anchors.values, *(name for one in odd for name in one.names)]
    return len({*names}) == len(names) and sum(one.refers for one in odd) + bool(anchors.expanded) < 2
