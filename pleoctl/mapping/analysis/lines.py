"""Analysis of the line table, whose hit policy is FIRST: rows that can never win, rows that change nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.mapping.analysis.boxes import Box, box
from pleoctl.mapping.analysis.index import BoxIndex
from pleoctl.mapping.analysis.linked import clash, is_open
from pleoctl.mapping.analysis.points import Point, holds, points
from pleoctl.mapping.rules.model import NOTHING
from pleoctl.mapping.rules.when import holds_in
from pleoctl.mapping.vocabulary import CELL_FIELDS, CELLS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.analysis.texts import Atom
    from pleoctl.mapping.rules.model import LineRow, Rules
    from pleoctl.mapping.rules.when import Way, When

#: A row whose remainder falls into more pieces is left undecided; real tables stay far below.
MAX_BOXES: Final = 2000
#: What a whole table may cost, a step being a box that is looked at or an interval that is made: a matter of seconds.
#: What is left then stays undecided.
MAX_STEPS: Final = 10_000_000
#: With more earlier rows involved than this, the report names them as they come.
MAX_TAKERS: Final = 50
_MAX_NEEDED: Final = 20_000
_NAMED: Final = 5


@dataclass(slots=True, eq=False)
class _Analysed:
    """A row, what it matches, and whether earlier rows certainly leave nothing of that.

    ``sample`` is a point that the row takes, where one was found; ``left`` is what earlier rows leave to it, None where
    that was not worked out. ``veiled`` are fields with a regex that no other box has: of what lies in a box behind one
    only single values are known, so it takes nothing from rows that have none there; ``clear`` are the other boxes.
    """

    row: LineRow
    boxes: list[Box]
    clear: list[Box]
    veiled: frozenset[str]
    sample: Point | None = None
    left: list[Box] | None = None
    dead: bool = False

    def meets(self, boxes: Iterable[Box]) -> bool:
        """Whether the row may match something in these boxes."""
        return any(mine.meets(box) for box in boxes for mine in self.boxes)

    def taking(self, boxes: list[Box]) -> list[Box]:
        """The boxes that may leave less of others."""
        return self.boxes if any(box.has_values(self.veiled) for box in boxes) else self.clear

    @property
    def weight(self) -> int:
        """About what taking the row out costs."""
        return sum(box.weight for box in self.boxes)


class _Table:
    """The rows of a table, found by what they may share with another, and what the analysis has cost so far."""

    def __init__(self, rows: list[_Analysed]) -> None:
        self.rows = rows
        self._index = BoxIndex(row.boxes for row in rows)
        self._veiled = frozenset[str]().union(*(row.veiled for row in rows))
        self._clear = BoxIndex(row.clear for row in rows) if self._veiled else self._index
        self._steps = 0

    def before(self, index: int) -> Iterator[_Analysed]:
        """The rows above a position that may take from the one there."""
        boxes = self.rows[index].boxes
        near = (self._index if any(box.has_values(self._veiled) for box in boxes) else self._clear).near(boxes)
        return self._counted(takewhile(lambda position: position < index, near))

    def behind(self, index: int) -> Iterator[_Analysed]:
        """The rows below a position that may meet the one there."""
        return self._counted(self._index.near(self.rows[index].boxes, index + 1))

    def _counted(self, positions: Iterator[int]) -> Iterator[_Analysed]:
        for position in positions:
            if self._steps >= MAX_STEPS:
                return
            self._steps += 1
            yield self.rows[position]

    def sample(self, index: int) -> tuple[Point | None, list[_Analysed]]:
        """A point that the row at a position takes, None where none was found easily; who takes those before it."""
        rivals = list[_Analysed]()
        for point in chain.from_iterable(map(points, self.rows[index].boxes)):
            taker = next(self.takers(point), None)
            if taker is self.rows[index]:
                return point, rivals
            if taker is not None and taker not in rivals:
                rivals.append(taker)
        return None, rivals

    def takers(self, point: Point, start: int = 0) -> Iterator[_Analysed]:
        """The rows from a position on that take a point if none does before."""
        for position in self._index.at(point, start):
            if any(holds(box, point) for box in self.rows[position].boxes):
                yield self.rows[position]

    def allows(self, boxes: list[Box]) -> bool:
        """Whether a row may fall into these boxes, which are counted."""
        self._steps += sum(box.weight for box in boxes)
        return len(boxes) <= MAX_BOXES and self._steps < MAX_STEPS

    @property
    def exhausted(self) -> bool:
        """Whether nothing more can be looked at."""
        return self._steps >= MAX_STEPS


def line_findings(rules: Rules, undecided: list[LineRow]) -> Iterator[Finding]:
    """MAP011, MAP012 and MAP013 of the line table; rows that are too entangled to decide are put into ``undecided``."""
    cells = frozenset(_line_cells(rules))
    matched = [(row, boxes_of(row.when, cells)) for row in rules.lines if not row.doubtful]
    yield from (_never(row, cells) for row, boxes in matched if not boxes)
    regexes = Counter(regex for _, boxes in matched for box in boxes for regex in box.regexes)
    lone = {regex for regex, count in regexes.items() if count == 1}
    listed = [_analysed(row, boxes, lone) for row, boxes in matched if boxes]
    table = _Table(listed)
    for index, one in enumerate(listed):
        one.sample, rivals = table.sample(index)
        if one.sample is None:
            takers = _taken_whole(one, rivals) or _work_out(one, index, table, undecided)
            if one.dead:
                yield _shadowed(one.row, one.boxes, takers)
    yield from _redundancies(rules, table, undecided)


def _analysed(row: LineRow, boxes: list[Box], lone: set[Atom]) -> _Analysed:
    """A row to look at; some regexes stand in no other box."""
    veils = [(box, box.veiled(lone)) for box in boxes]
    return _Analysed(row, boxes, [b for b, veiled in veils if not veiled], frozenset(f for _, v in veils for f in v))


def _taken_whole(one: _Analysed, rivals: list[_Analysed]) -> list[_Analysed]:
    """The earlier row that leaves nothing to a row, where one alone does."""
    for rival in rivals:
        if not _minus(one.boxes, rival.taking(one.boxes)):
            one.left, one.dead = [], True
            return [rival]
    return []


def _work_out(one: _Analysed, index: int, table: _Table, undecided: list[LineRow]) -> list[_Analysed]:
    """What is left to a row; the rows that take from it."""
    earlier = (r for r in table.before(index) if not r.dead)
    one.left, takers = _left(one.boxes, earlier, table)
    one.dead = one.left == []
    if one.left is None:
        undecided.append(one.row)
    return takers


def _line_cells(rules: Rules) -> Iterator[Cell]:
    """Cells whose type row uses the line's account; a cell without a sound row may be meant to."""
    for cell in CELLS:
        rows = rules.by_cell[cell]
        if len(rows) != 1 or rows[0].doubtful or rows[0].uses_line:
            yield cell


def boxes_of(when: When, cells: frozenset[Cell]) -> list[Box]:
    """What a row matches within some cells, as boxes that do not meet each other."""
    exceptions = [_box(way, cells) for way in when.unless]
    found: list[Box] = []
    for way in when.ways:
        found += _minus([_box(way, cells)], [*exceptions, *found])
    return found


def _box(way: Way, cells: frozenset[Cell]) -> Box:
    return box((p for p in way if p.field not in CELL_FIELDS), frozenset(c for c in cells if holds_in(way, c)))


def _minus(left: list[Box], others: Iterable[Box]) -> list[Box]:
    """What is left of some boxes outside others."""
    left = [piece for piece in left if piece]
    for other in others if left else ():
        left = [part for piece in left for part in piece.minus(other)]
    return left


def _never(row: LineRow, cells: frozenset[Cell]) -> Finding:
    listed = [_box(way, cells) for way in row.when.ways]
    lacking = dict.fromkeys(name for whole in listed for name, found in whole.regions.items() if not found)
    if not any(whole.cells for whole in listed):
        reason = "no row of expenseTypes that it allows takes the line's account"
    elif any(listed):
        reason = "unless takes all of it"
    elif lacking:
        reason = f"no line has such a {', '.join(lacking)}"
    else:
        reason = next(filter(None, (clash(whole.regions) for whole in listed)), "no item is like that")
    message = f"row {row.id!r} can never match: {reason}"
    return Finding("MAP011", message, place=row.place, hint="remove the row", rule=row.id)


def _left(whole: list[Box], earlier: Iterable[_Analysed], table: _Table) -> tuple[list[Box] | None, list[_Analysed]]:
    """What earlier rows leave of some boxes, None where that is too much to work out; and the rows that took some."""
    left, takers = whole, list[_Analysed]()
    for other in earlier:
        taking = other.taking(whole)
        if not any(mine.meets(box) for box in whole for mine in taking):
            continue
        rest = _minus(left, taking)
        if rest != left:
            takers.append(other)
        left = rest
        if not left:
            break
        if not table.allows(left):
            return None, takers
    undecided = table.exhausted or any(is_open(piece.regions) for piece in left)
    return (None if left and undecided else left), takers


def _shadowed(row: LineRow, whole: list[Box], takers: list[_Analysed]) -> Finding:
    needed = [t.row for t in _needed(whole, takers)]
    by = ", ".join(f"{t.id!r} ({t.place})" for t in needed[:_NAMED])
    more = " and others" if len(needed) > _NAMED else ""
    if all(taker.owner in row.within for taker in needed):
        message = f"row {row.id!r} is overridden by {by}{more}, in a file that includes its own"
        return Finding("MAP013", message, place=row.place, rule=row.id, level="info")
    message = f"row {row.id!r} can never match: what it matches is taken before by {by}{more}"
    return Finding("MAP011", message, place=row.place, hint="move the row up, or remove it", rule=row.id)


def _needed(whole: list[Box], takers: list[_Analysed]) -> list[_Analysed]:
    """Takers that together leave nothing and of which none can be spared."""
    kept = list(takers)
    few = len(takers) <= MAX_TAKERS and len(takers) * sum(taker.weight for taker in takers) <= _MAX_NEEDED
    for other in takers if few else ():
        rest = [k for k in kept if k is not other]
        if rest and not _minus(whole, (box for taker in rest for box in taker.taking(whole))):
            kept = rest
    return kept


def _redundancies(rules: Rules, table: _Table, undecided: list[LineRow]) -> Iterator[Finding]:
    for index, one in enumerate(table.rows):
        if one.sample is not None and _matters(rules, one, one.sample, table.takers(one.sample, index + 1)):
            continue
        if one.sample is not None:
            _work_out(one, index, table, undecided)
        if one.left:
            other = _successor(rules, one, table.behind(index), table)
            if other is not None:
                row = one.row
                message = f"row {row.id!r} changes nothing: without it {other} gives the same account"
                yield Finding("MAP012", message, place=row.place, hint="remove the row", rule=row.id, level="warning")


def _matters(rules: Rules, one: _Analysed, sample: Point, later: Iterable[_Analysed]) -> bool:
    """Whether without a row something else would become of a point that it takes."""
    for other in later:
        if other.row.outcome != one.row.outcome:
            return True
        if not other.dead:
            return False
    return not (_is_plain(rules, one.row) and one.row.account in {None, sample.value("account")})


def _is_plain(rules: Rules, row: LineRow) -> bool:
    """Whether a row gives an account and nothing else, where lines that no row takes keep theirs."""
    return rules.otherwise == "keep" and row.outcome == (row.account, (), None, NOTHING)


def _successor(rules: Rules, one: _Analysed, later: Iterable[_Analysed], table: _Table) -> str | None:
    """Who would give the same account to everything that a row takes; None where that is not so."""
    left, names = one.left or [], []
    for other in later:
        taking = other.taking(one.boxes)
        if other.row.outcome == one.row.outcome and not taking:
            continue
        if not other.meets(one.boxes) or not other.meets(left):
            continue
        if other.row.outcome != one.row.outcome:
            return None
        if other.dead:
            # It would come to life without this row, but is to be removed itself.
            continue
        names.append(f"{other.row.id!r} ({other.row.place})")
        left = _minus(left, taking)
        if not left:
            return " and ".join(names[:_NAMED])
        if not table.allows(left):
            return None
    if table.exhausted:
        return None
    if _is_plain(rules, one.row) and all(_has_account(piece, one.row.account) for piece in left):
        return " and ".join([*names[:_NAMED], "the line's own account"])
    return None


def _has_account(piece: Box, account: str | None) -> bool:
    """Whether every line in the box has this account already."""
    if account is None:
        return True
    found = piece.regions.get("account")
    if found is None or found.absent:
        return False
    return all(p.low == account and p.high == account + "\0" for p in found.pieces)
