"""Analysis of the expense-type table, whose hit policy is UNIQUE: overlaps, dead rows, gaps, by enumeration."""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.mapping.analysis.folding import fold
from pleoctl.mapping.vocabulary import CELLS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.rules.model import Rules, TypeRow


#: Overlapping pairs of one cell that are told, or counted, at most.
MAX_PAIRS: Final = 5000


def type_findings(rules: Rules) -> Iterator[Finding]:
    """MAP010, MAP011, MAP014 and MAP020 of the expense-type table."""
    sure = [row for row in rules.types if not row.doubtful]
    yield from _dead(sure)
    yield from _overlaps(sure)
    yield from _gaps(rules)
    yield from _stand_ins(rules, sure)


def _stand_ins(rules: Rules, rows: list[TypeRow]) -> Iterator[Finding]:
    """MAP014: accounts in the lines' place, of which line rows that seem to be meant for them know nothing."""
    for row in rows:
        cells = [cell for cell in row.stand_ins if any(any(line.when.cells([cell])) for line in rules.lines)]
        if cells:
            leg, side = row.stand_ins[cells[0]]
            message = (
                f"row {row.id!r} books the lines on {leg.on(side)}, with their tax and tags; "
                f"line rows do not apply to {'; '.join(fold(cells))}"
            )
            yield Finding("MAP014", message, place=row.place, rule=row.id, level="info")


def _dead(rows: list[TypeRow]) -> Iterator[Finding]:
    for row in rows:
        if not row.cells:
            message = f"row {row.id!r} can never match: no item has this type, subtype and method"
            yield Finding(
                "MAP011", message, place=row.place, hint="see the table of types in docs/mapping.md", rule=row.id
            )


def _overlaps(rows: list[TypeRow]) -> Iterator[Finding]:
    shared: dict[tuple[int, int], set[Cell]] = {}
    by_cell: dict[Cell, list[int]] = {}
    for index, row in enumerate(rows):
        for cell in row.cells:
            by_cell.setdefault(cell, []).append(index)
    for cell, indexes in by_cell.items():
        # Many rows have too many pairs to look at all of them, and nobody reads more.
        for pair in islice(combinations(indexes, 2), MAX_PAIRS):
            shared.setdefault(pair, set()).add(cell)
    for (first, second), cells in sorted(shared.items()):
        yield _overlap(rows[first], rows[second], cells)


def _overlap(one: TypeRow, other: TypeRow, cells: set[Cell]) -> Finding:
    # The row that a person can change is the one to point at: their own, and of two of them the later.
    first, second = (other, one) if other.standard else (one, other)
    hint = "narrow one of the two rows"
    if first.standard and not second.standard:
        hint = f"add `replaces: {first.id}`, or narrow the row"
    where = "" if first.standard else f" ({first.place})"
    message = f"row {second.id!r} overlaps {first.id!r}{where}: both match {'; '.join(fold(cells))}"
    return Finding("MAP010", message, place=second.place, hint=hint, rule=second.id)


def _gaps(rules: Rules) -> Iterator[Finding]:
    covered = {cell for row in rules.types for cell in row.cells}
    culprits: dict[TypeRow | None, set[Cell]] = {}
    for cell in CELLS:
        if cell not in covered:
            culprits.setdefault(_culprit(rules, cell), set()).add(cell)
    for row, cells in culprits.items():
        for text in fold(cells):
            yield _gap(rules, row, text)


def _culprit(rules: Rules, cell: Cell) -> TypeRow | None:
    """The row that took away the one that matched a cell."""
    return next((by for old, by in rules.replaced if cell in old.cells), None)


def _gap(rules: Rules, row: TypeRow | None, text: str) -> Finding:
    if row is not None:
        message = f"no row matches {text}, since {row.id!r} replaces the one that did"
        return Finding("MAP020", message, place=row.place, hint="widen the row, or add another", rule=row.id)
    place = rules.sections.get("expenseTypes", rules.place)
    return Finding("MAP020", f"no row matches {text}", place=place, hint="add a row, or `include: [standard]`")
