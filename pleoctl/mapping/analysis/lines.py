"""Analysis of the line table, whose hit policy is FIRST: rows that can never win, rows that change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.analysis.regions import Box, box
from pleoctl.mapping.engine.linetable import cell_allows
from pleoctl.mapping.vocabulary import CELL_FIELDS, CELLS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.errors import Finding
    from pleoctl.mapping.rules.model import LineRow, Rules

#: A row whose remainder falls into more pieces is left undecided; real tables stay far below.
MAX_BOXES: Final = 2000
#: Boxes that a whole table may cost before rows get no more than `FEW_BOXES`: a matter of seconds, not of hours.
MAX_EFFORT: Final = 300_000
FEW_BOXES: Final = 5
_INTERVALS: Final = 100  # as many cost about as much as one box
#: With more earlier rows involved than this, the report names them as they come.
MAX_TAKERS: Final = 50
_NAMED: Final = 5


@dataclass(slots=True)
class _Analysed:
    """A row, what it matches, what of that earlier rows leave to it, and whether that is certainly nothing."""

    row: LineRow
    box: Box
    left: list[Box]
    dead: bool


@dataclass(slots=True)
class _Effort:
    """What one table has cost so far."""

    spent: int = 0

    def allows(self, boxes: list[Box]) -> bool:
        """Whether a row may fall into these boxes, which are counted; intervals cost far less than boxes."""
        self.spent += len(boxes) + sum(box.intervals for box in boxes) // _INTERVALS
        return len(boxes) <= (MAX_BOXES if self.spent < MAX_EFFORT else FEW_BOXES)


def line_findings(rules: Rules, undecided: list[LineRow]) -> Iterator[Finding]:
    """MAP011 and MAP012 of the line table; rows that are too entangled to decide are put into ``undecided``."""
    cells = frozenset(_line_cells(rules))
    alive: list[_Analysed] = []
    listed: list[_Analysed] = []
    effort = _Effort()
    for row in (r for r in rules.lines if not r.doubtful):
        whole = box(
            (p for p in row.when if p.field not in CELL_FIELDS),
            frozenset(c for c in cells if cell_allows(row.when, c)),
        )
        if not whole:
            yield _never(row, whole)
            continue
        left, takers = _left(whole, alive, effort)
        listed.append(_Analysed(row, whole, left or [], left == []))
        if left is None:
            undecided.append(row)
        elif not left:
            yield _shadowed(row, whole, takers)
            continue
        alive.append(listed[-1])
    yield from _redundancies(rules, listed, effort)


def _line_cells(rules: Rules) -> Iterator[Cell]:
    """Cells whose type row uses the line's account; a cell without a sound row may be meant to."""
    for cell in CELLS:
        rows = rules.by_cell[cell]
        if len(rows) != 1 or rows[0].doubtful or rows[0].uses_line:
            yield cell


def _never(row: LineRow, whole: Box) -> Finding:
    if not whole.cells:
        reason = "no row of expenseTypes that it allows takes the line's account"
    else:
        fields = [name for name, found in whole.regions.items() if not found]
        reason = f"no line has such a {', '.join(fields)}"
    return row.place.finding("MAP011", f"row {row.id!r} can never match: {reason}", "remove the row", rule=row.id)


def _left(whole: Box, earlier: list[_Analysed], effort: _Effort) -> tuple[list[Box] | None, list[_Analysed]]:
    """What earlier rows leave of a box, and the rows that took something; None where it was not decided."""
    left, takers = [whole], list[_Analysed]()
    for other in earlier:
        if not other.box.meets(whole):
            continue
        rest = [part for piece in left for part in piece.minus(other.box)]
        if rest != left:
            takers.append(other)
        left = rest
        if not left:
            break
        if not effort.allows(left):
            return None, takers
    return left, takers


def _shadowed(row: LineRow, whole: Box, takers: list[_Analysed]) -> Finding:
    needed = [t.row for t in _needed(whole, takers)]
    by = ", ".join(f"{t.id!r} ({t.place})" for t in needed[:_NAMED])
    more = " and others" if len(needed) > _NAMED else ""
    message = f"row {row.id!r} can never match: what it matches is taken before by {by}{more}"
    return row.place.finding("MAP011", message, "move the row up, or remove it", rule=row.id)


def _needed(whole: Box, takers: list[_Analysed]) -> list[_Analysed]:
    """Takers that together leave nothing and of which none can be spared."""
    kept = list(takers)
    for other in takers if len(takers) <= MAX_TAKERS else ():
        rest = [k for k in kept if k is not other]
        if rest and not _minus_all(whole, rest):
            kept = rest
    return kept


def _minus_all(whole: Box, others: list[_Analysed]) -> list[Box]:
    left = [whole]
    for other in others:
        left = [part for piece in left for part in piece.minus(other.box)]
    return left


def _redundancies(rules: Rules, listed: list[_Analysed], effort: _Effort) -> Iterator[Finding]:
    for index, one in enumerate(listed):
        if one.left:
            other = _successor(rules, one, listed[index + 1 :], effort)
            if other is not None:
                row = one.row
                message = f"row {row.id!r} changes nothing: without it {other} gives the same account"
                yield row.place.finding("MAP012", message, "remove the row", rule=row.id, level="warning")


def _successor(rules: Rules, one: _Analysed, later: list[_Analysed], effort: _Effort) -> str | None:
    """Who would give the same account to everything that a row takes; None where that is not so."""
    left, names = one.left, []
    for other in later:
        if not one.box.meets(other.box) or not any(piece.meets(other.box) for piece in left):
            continue
        if other.row.account != one.row.account:
            return None
        if other.dead:
            # It would come to life without this row, but is to be removed itself.
            continue
        names.append(f"{other.row.id!r} ({other.row.place})")
        left = [part for piece in left for part in piece.minus(other.box)]
        if not left:
            return " and ".join(names[:_NAMED])
        if not effort.allows(left):
            return None
    if rules.otherwise == "keep" and all(_has_account(piece, one.row.account) for piece in left):
        return " and ".join([*names[:_NAMED], "the line's own account"])
    return None


def _has_account(piece: Box, account: str) -> bool:
    found = piece.regions.get("account")
    if found is None or found.absent:
        return False
    return all(p.low == account and p.high == account + "\0" for p in found.pieces)
