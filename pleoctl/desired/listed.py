"""The rows of a list, a row in a step: as pleoctl writes them, as blocks, in braces, or by a YAML parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from pleoctl.desired.entries import GAP, LOOSE, TAIL, NotSimple, block_of, braces_of, compiled, odd_of
from pleoctl.desired.odd import Cut, Odd
from pleoctl.desired.rows import names_of, plain_of, row_of
from pleoctl.desired.values import Anchors, Named, value_of
from pleoctl.model.records import NOTHING, Row

if TYPE_CHECKING:
    import re

    from pleoctl.desired.cursor import Cursor
    from pleoctl.model.kind import Kind

Known = dict[str, dict[str, "Row"]]
"""By the name of their kind rows that are known by what stands in their lines."""
UNKNOWN: Final[Known] = {}


class RowReader:
    """Reads lists of rows at a cursor; raises `NotSimple` for what a parser of whole files should see."""

    def __init__(self, cursor: Cursor, shown: str, known: Known) -> None:
        """``shown`` is the file name that rows carry as origin; lines of ``known`` rows say just what these do."""
        self._cursor, self._shown, self._known = cursor, shown, known
        self.anchors = Anchors()
        self.odd: list[Odd] = []

    def listed(self, kind: Kind, depth: int) -> list[Row]:
        """The rows whose dashes stand behind ``depth`` blanks, from a line that says something."""
        rows: list[Row] = []
        cuts: list[Cut] = []
        while True:
            before = self._cursor.at
            self._plain(kind, depth, rows)
            # What people write has patterns that take as long to compile as the rows of a small company to read.
            if self._begins(depth, r"(?! \{)"):
                self._blocks(kind, depth, rows)
            if self._begins(depth):
                self._braces(kind, depth, rows)
            if self._cursor.at == before and not self._cut(depth, rows, cuts):
                break
        if cuts:
            odd = Odd(cuts, self._shown)
            odd.fill(rows, kind)
            self.odd.append(odd)
        return rows

    def _begins(self, depth: int, behind: str = "") -> bool:
        """Whether a row begins here, with something behind its dash."""
        pattern = compiled(rf"{GAP}{' ' * depth}-{behind}")
        return pattern.match(self._cursor.text, self._cursor.at) is not None

    def in_brackets(self, kind: Kind) -> list[Row]:
        """The rows up to a bracket that closes, and it."""
        rows: list[Row] = []
        self._braces(kind, None, rows)
        self._cursor.need(rf"{LOOSE}\]")
        return rows

    def _plain(self, kind: Kind, depth: int, rows: list[Row]) -> None:
        """The rows ahead that are plain and stand as the writer writes them, or are known."""
        whole, names, longest = plain_of(kind, depth)
        known, shown, cursor = self._known.get(kind.name), self._shown, self._cursor
        text, at, line, column = cursor.text, cursor.at, cursor.line, depth + 3
        while True:
            if known and (row := self._known_row(known, at, line)):
                rows.append(row)
                at, line = cursor.at, cursor.line
                continue
            match = whole(text, at)
            if match is None or match.end() - at > longest:
                break
            at = match.end()
            cells = match.groups()
            fields = {name: cells[n] for name, n in names}
            rows.append(Row(cells[0], fields, cells[-1] != "false", None, NOTHING, shown, line, column))
            line += 1
        cursor.at, cursor.line, cursor.start = at, line, at
        if cursor.sign < at:
            cursor.sign = cursor.sign_from(at)

    def _known_row(self, known: dict[str, Row], at: int, line: int) -> Row | None:
        """The row of a line that is known, be there a comment behind it or not."""
        cursor = self._cursor
        end = cursor.text.find("\n", at)
        row = known.get(cursor.text[at:end])
        if row is None:
            if cursor.sign < at:
                cursor.sign = cursor.sign_from(at)
            if cursor.sign > end:
                return None
            said = cursor.text[at : cursor.sign].rstrip(" ")
            row = known.get(said)
            behind = compiled(TAIL).match(cursor.text, at + len(said))
            if row is None or behind is None:
                return None
            cursor.mark(behind.re, behind.start(), line, end)
        cursor.at, cursor.line = end + 1, line + 1
        return Row(row.key, row.fields, row.active, row.hold, row.local, self._shown, line, 3)

    def _blocks(self, kind: Kind, depth: int, rows: list[Row]) -> None:
        """The rows ahead that have their keys on lines of their own."""
        names, shown, cursor = names_of(kind), self._shown, self._cursor
        pattern = block_of(names, depth)
        text, at, line = cursor.text, cursor.at, cursor.line
        while found := pattern.match(text, at):
            gap, of_key, anchor, _, *cells = found.groups()
            begin = found.start(3) if anchor else found.end(1) if gap else found.end(4)
            item = self._item(names, cells, found, 5)
            end = found.end()
            if item is None or cursor.is_cut_off(at, end):
                break
            row_line = line + text.count("\n", at, begin)
            rows.append(row_of(kind, item, shown, row_line, begin - text.rfind("\n", 0, begin)))
            if anchor or of_key:
                self.anchors.row(anchor or of_key)
            if cursor.sign < end:
                cursor.mark(pattern, at, line, end)
            line = row_line + text.count("\n", begin, end)
            at = end
        cursor.at, cursor.line, cursor.start = at, line, at

    def _braces(self, kind: Kind, depth: int | None, rows: list[Row]) -> None:
        """The rows ahead that stand in braces."""
        names, shown, cursor = names_of(kind), self._shown, self._cursor
        pattern = braces_of(names, depth)
        text, plain = cursor.text, plain_of(kind, depth or 0).whole
        while (found := pattern.match(text, cursor.at)) and not plain(text, cursor.at):
            anchor, _, *cells = found.groups()
            item = self._item(names, cells, found, 3)
            if item is None:
                break
            at, line, end = cursor.at, cursor.line, found.end()
            if cursor.sign < end:
                cursor.mark(pattern, at, line, end)
            begin = found.start(1) if anchor else found.start(2)
            cursor.move(begin)
            rows.append(row_of(kind, item, shown, cursor.line, begin - cursor.start + 1))
            if anchor:
                self.anchors.row(anchor)
            cursor.move(end)

    def _item(
        self, names: tuple[str, ...], cells: list[Any], found: re.Match[str], first: int
    ) -> dict[str, Any] | None:
        """What a row says, whose values are groups from ``first`` on; None where a parser should look at it."""
        try:
            return {name: value_of(raw) for name, raw in zip(names, cells, strict=True) if raw is not None}
        except Named:
            pass
        except NotSimple:
            return None
        said = [(found.start(n), name, raw) for n, (name, raw) in enumerate(zip(names, cells, strict=True), first)]
        try:
            return {name: self.anchors.value_of(raw) for _, name, raw in sorted(said) if raw is not None}
        except NotSimple:
            return None

    def _cut(self, depth: int, rows: list[Row], cuts: list[Cut]) -> bool:
        """Set a row aside for the parser, if there is one."""
        cursor = self._cursor
        cursor.skip()
        found = odd_of(depth).match(cursor.text, cursor.at)
        if found is None:
            return False
        if cursor.is_cut_off(cursor.at, found.end()):
            raise NotSimple
        cuts.append(Cut(found[0], cursor.line, len(rows)))
        rows.append(cast("Row", None))
        cursor.move(found.end())
        return True
