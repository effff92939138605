"""The rows of a list, a row in a step: as pleoctl writes them, as blocks, in braces, or by a YAML parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.desired.entries import (
    LOOSE,
    TAIL,
    WRITTEN,
    NotSimple,
    block_of,
    braces_of,
    compiled,
    form_of,
    odd_of,
)
from pleoctl.desired.odd import Cut, Odd
from pleoctl.desired.rows import plain_of, row_of
from pleoctl.desired.values import Anchors, decoded
from pleoctl.model.records import NOTHING, Row

if TYPE_CHECKING:
    import re

    from pleoctl.desired.cursor import Cursor
    from pleoctl.desired.lines import Span
    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Dimension

Known = dict[str, dict[str, "Row"]]
"""By the name of their kind rows that are known by what stands in their lines."""
UNKNOWN: Final[Known] = {}
_MOST: Final = 20
_DEEPEST: Final = 24


class Here(NamedTuple):
    """How far a reader got: its cursor, and how many names and odd lists it knew."""

    cursor: tuple[int, int, int, int]
    names: int
    odd: int


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
        rows: list[Any] = []
        cuts: list[Cut] = []
        cursor, text, dash = self._cursor, self._cursor.text, f"{' ' * depth}-"
        written = f'{dash} {{{kind.key}: "'
        # Rows that begin with the same sign mostly look alike. Only what a file has is compiled.
        forms: dict[str, re.Pattern[str]] = {}
        while text.startswith(dash, cursor.at):
            at = cursor.at
            if text.startswith(written, at):
                self._plain(kind, depth, rows)
                if cursor.at > at:
                    cursor.skip()
                    continue
            sign = text[at + depth + 2 : at + depth + 3]
            if sign == "&":  # of what has a name, the name tells nothing
                sign = "&{" if text.find("{", at, text.find("\n", at)) > 0 else sign
            before = forms.get(sign)
            row = before and self._row(kind, before)
            if row is None:
                form = self._form(depth)
                if form is not None and form is not before:
                    forms[sign] = form
                    row = self._row(kind, form)
            if row is None:
                cut = self._cut(depth, len(rows))
                if cut is None:
                    break
                cuts.append(cut)
            rows.append(row)
        if cuts:
            odd = Odd(cuts, self._shown)
            odd.fill(rows, kind)
            self.odd.append(odd)
        return rows

    def in_brackets(self, kind: Kind) -> list[Row]:
        """The rows up to a bracket that closes, and it."""
        rows: list[Row] = []
        while row := self._row(kind, braces_of(None)):
            rows.append(row)
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

    def _form(self, depth: int) -> re.Pattern[str] | None:
        """The pattern of the row that begins here, if one does."""
        text, at = self._cursor.text, self._cursor.at
        found = form_of(depth).match(text, at)
        if found is None or found[1]:
            return found and braces_of(depth)
        inner = found.end() - (text.rfind("\n", at, found.end()) + 1 or at)
        # Each depth takes a pattern of its own.
        return block_of(depth, inner) if inner <= _DEEPEST else None

    def _row(self, kind: Kind, form: re.Pattern[str]) -> Row | None:
        """The row that stands here; None where it has another form, or a parser should look at it."""
        cursor, anchors = self._cursor, self.anchors
        text, at = cursor.text, cursor.at
        some = form.match(text, at)
        if some is None or (begin := some.start(1)) < 0:
            return None
        found, cells, known = [some], some.groups(), len(anchors.values)
        try:
            if cells[-1] is not None:
                found, cells = self._rest(form, found)
            if cells[0]:
                anchors.row(cells[0])
            values = [*map(anchors.value_of, cells[3::3])]
        except NotSimple:
            anchors.forget(known)
            return None
        end = found[-1].end()
        if end == len(text) and cursor.is_cut_off(begin):
            anchors.forget(known)
            return None
        line, column = cursor.line, begin - cursor.start + 1
        cut = text.rfind("\n", at, begin)
        if cut >= 0:
            line, column = line + text.count("\n", at, begin), begin - cut
        row = row_of(kind, cells[2::3], values, (self._shown, line, column))
        if cursor.sign < end:
            cursor.passed(found)
        else:
            cursor.move(end)
        return row

    def _rest(self, form: re.Pattern[str], found: list[re.Match[str]]) -> tuple[list[re.Match[str]], tuple[Any, ...]]:
        """What a row of many entries consists of, and its groups as if it were of one piece. Raises `NotSimple`."""
        cells = found[0].groups()
        while cells[-1] is not None:
            some = form.match(self._cursor.text, found[-1].end())
            # Where the rest of a row goes on, none may begin; and no row has so many keys.
            if some is None or some.start(1) >= 0 or len(found) > _MOST:
                raise NotSimple
            found.append(some)
            cells = cells[:-1] + some.groups()[1:]
        return found, cells

    def here(self) -> Here:
        """What was read by now, for `back_to`."""
        return Here(self._cursor.here(), len(self.anchors.values), len(self.odd))

    def back_to(self, here: Here) -> None:
        """Forget what was read since."""
        self._cursor.back_to(here.cursor)
        self.anchors.forget(here.names)
        del self.odd[here.odd :]

    def odd_dimension(self, depth: int) -> tuple[Dimension, list[Span]]:
        """The dimension whose dash stands here behind ``depth`` blanks, as `Odd.dimension` says. Raises `NotSimple`."""
        cut = self._cut(depth, 0)
        if cut is None:
            raise NotSimple
        odd = Odd([cut], self._shown)
        self.odd.append(odd)
        return odd.dimension()

    def _cut(self, depth: int, place: int) -> Cut | None:
        """What a parser has to read of what stands here, for a place in a list."""
        cursor = self._cursor
        line, found = cursor.line, odd_of(depth).match(cursor.text, cursor.at)
        return found and Cut(cursor.cut(found.end()), line, place)


def _written(kind: Kind, depth: int, text: str, at: int) -> re.Match[str] | None:
    """A row that is plain but for escaped quotes and backslashes."""
    if text.find("\\", at, text.find("\n", at)) < 0:
        return None
    return plain_of(kind, depth, WRITTEN).whole(text, at)
