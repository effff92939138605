"""The rows of a list, a row in a step: as pleoctl writes them, as blocks, in braces, or by a YAML parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from pleoctl.desired.entries import LOOSE, TAIL, WRITTEN, NotSimple, block_of, braces_of, compiled, form_of, odd_of
from pleoctl.desired.odd import Cut, Odd
from pleoctl.desired.rows import names_of, plain_of, row_of
from pleoctl.desired.values import Anchors, Named, decoded, value_of
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
        self._missed = 0
        self.anchors = Anchors()
        self.odd: list[Odd] = []

    def listed(self, kind: Kind, depth: int) -> list[Row]:
        """The rows whose dashes stand behind ``depth`` blanks, from a line that says something."""
        rows: list[Row] = []
        cuts: list[Cut] = []
        cursor, ahead, dash = self._cursor, form_of(depth).match, f"{' ' * depth}-"
        by_hand = False
        while form := ahead(cursor.text, cursor.at):
            before = cursor.at
            # Only what a file has is compiled.
            if form[1]:
                if not cursor.sees(dash):
                    cursor.skip()
                begun = cursor.at
                self._plain(kind, depth, rows)
                if by_hand or cursor.at == begun:
                    by_hand = True
                    self._braces(kind, depth, rows)
            else:
                self._blocks(kind, depth, rows)
            if cursor.at == before and not self._cut(depth, rows, cuts):
                break
        if cuts:
            odd = Odd(cuts, self._shown)
            odd.fill(rows, kind)
            self.odd.append(odd)
        return rows

    def in_brackets(self, kind: Kind) -> list[Row]:
        """The rows up to a bracket that closes, and it."""
        rows: list[Row] = []
        self._braces(kind, None, rows)
        self._cursor.need(rf"{LOOSE}\]")
        return rows

    def _plain(self, kind: Kind, depth: int, rows: list[Row]) -> None:
        """The rows ahead that are plain and stand as the writer writes them, or are known."""
        whole, names, longest = plain_of(kind, depth)
        # Known lines stand as the writer writes them: their dashes at the beginning.
        known, shown, cursor = None if depth else self._known.get(kind.name), self._shown, self._cursor
        text, at, line, column = cursor.text, cursor.at, cursor.line, depth + 3
        while True:
            # What was not seen for long is looked for less often.
            if known and not self._missed & (self._missed - 1):
                end = text.find("\n", at)
                row = known.get(text[at:end])
                if row is None and cursor.sign < end:
                    row = self._commented(known, at, end, line)
                if row is not None:
                    rows.append(Row(row.key, row.fields, row.active, row.hold, row.local, shown, line, column))
                    at, line, self._missed = end + 1, line + 1, 0
                    continue
            self._missed += 1
            match = whole(text, at)
            escaped = match is None
            if match is None:
                match = _written(kind, depth, text, at)
            if match is None or match.end() - at > longest:
                break
            at = match.end()
            cells = match.groups()
            if escaped:
                cells = tuple([cell and decoded(cell) for cell in cells])
            fields = {name: cells[n] for name, n in names}
            rows.append(Row(cells[0], fields, cells[-1] != "false", None, NOTHING, shown, line, column))
            line += 1
        cursor.at, cursor.line, cursor.start = at, line, at
        if cursor.sign < at:
            cursor.sign = cursor.sign_from(at)

    def _commented(self, known: dict[str, Row], at: int, end: int, line: int) -> Row | None:
        """The known row of a line that has a comment behind it."""
        cursor = self._cursor
        if cursor.sign < at:
            cursor.sign = cursor.sign_from(at)
        if cursor.sign > end:
            return None
        said = cursor.text[at : cursor.sign].rstrip(" ")
        row = known.get(said)
        behind = row and compiled(TAIL).match(cursor.text, at + len(said))
        if not behind:
            return None
        cursor.mark(behind.re, behind.start(), line, end)
        return row

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
        text, at, line, start = cursor.text, cursor.at, cursor.line, cursor.start
        plain, runs = plain_of(kind, depth or 0).whole, 0
        while found := pattern.match(text, at):
            # Plain rows are read more quickly; they, too, are looked for less often where none was seen for long.
            if runs and not runs & (runs - 1) and plain(text, at):
                break
            runs += 1
            anchor, _, *cells = found.groups()
            item = self._item(names, cells, found, 3)
            if item is None:
                break
            end = found.end()
            if cursor.sign < end:
                cursor.mark(pattern, at, line, end)
            begin = found.start(1) if anchor else found.start(2)
            for offset in (begin, end):
                cut = text.rfind("\n", at, offset)
                if cut >= 0:
                    line, start = line + text.count("\n", at, offset), cut + 1
                at = offset
                if offset == begin:
                    rows.append(row_of(kind, item, shown, line, begin - start + 1))
            if anchor:
                self.anchors.row(anchor)
        cursor.at, cursor.line, cursor.start = at, line, start

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


def _written(kind: Kind, depth: int, text: str, at: int) -> re.Match[str] | None:
    """A row that is plain but for escaped quotes and backslashes."""
    if text.find("\\", at, text.find("\n", at)) < 0:
        return None
    return plain_of(kind, depth, WRITTEN).whole(text, at)
