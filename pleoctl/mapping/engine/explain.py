"""Explain one item: what each step decided, why, and why the other rows did not (P1).

The trace is written while the engine maps the item, so it goes exactly as far as the item went. Only why a row that did
not win fails is asked here, since the engine never looks at most of them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.mapping.engine.facts import reader
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.items import Item
from pleoctl.mapping.rules.predicates import folded
from pleoctl.mapping.vocabulary import CELL_FIELDS, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.engine.record import Resolved
    from pleoctl.mapping.items import Defect
    from pleoctl.mapping.rules.model import LineRow, Rules, TypeRow, VendorRow
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.rules.when import Way, When
    from pleoctl.place import Place

Step = dict[str, Any]


def explain(engine: Engine, item: Item | Defect, warn: Callable[[list[Entry]], None] | None = None) -> dict[str, Any]:
    """The entry of an item as JSON has it, with a ``trace`` of the steps that led there.

    ``warn`` adds to the entry what is odd beside those of other items.
    """
    trace = Trace(engine.rules)
    entry = engine.entry(item, trace)
    if warn is not None:
        warn([entry])
    if isinstance(item, Item) and not trace.steps:
        trace.route(None, entry.failure_reason or "")
    explained: dict[str, Any] = msgspec.to_builtins(entry)
    explained["trace"] = trace.steps
    return explained


class Trace:
    """The recorder behind `explain`: writes down each step."""

    def __init__(self, rules: Rules) -> None:
        """``rules`` are those of the engine."""
        self.steps: list[Step] = []
        self._rules = rules
        self._cell: Cell | None = None
        self._row: TypeRow | None = None
        # An item may have thousands of lines that a row fails for one reason, so that is written down once.
        self._losers: dict[tuple[int, str, str], Step] = {}

    def route(self, method: str | None, branch: str) -> None:
        """The bookkeeping method and why."""
        self._step("route", "bookkeeping", branch=branch if method is None else f"{method}: {branch}")

    def type_row(self, cell: Cell | None, row: TypeRow | None) -> None:
        """The row of the item's cell, and why the others are not."""
        self._cell, self._row = cell, row
        winner = None if row is None else _named(row.id, row.place)
        self._step("expense type", "expenseTypes", winner, self._choice(self._rules.types, row, self._of_cell))

    def vendor(self, row: VendorRow | None) -> None:
        """The vendor, or that none was found."""
        if row is None:
            self._step("vendor", "vendors", branch="not matched")
        else:
            self._step("vendor", "vendors", _named(row.code, row.place), branch="matched")

    def zero_line(self, number: int) -> None:
        """A line that counts for nothing."""
        self._step(f"line {number + 1}", "lines", branch="skipped: the line is zero")

    def unclear_line(self, number: int, reason: str) -> None:
        """A line whose account means nothing."""
        self._step(f"line {number + 1}", "lines", branch=reason)

    def line(self, number: int, facts: Facts, row: LineRow | None) -> None:
        """The row of a line, and why the others are not."""
        choice = self._choice(self._rules.lines, row, lambda field: self._of_line(field, facts))
        winner = None if row is None else _named(row.id, row.place)
        branch = f"otherwise {self._rules.otherwise}: {facts.account or 'no account'}"
        self._step(
            f"line {number + 1}",
            "lines",
            winner,
            choice,
            f"rule: {row.shown(facts.account)}" if row else branch,
        )

    def account(self, kind: str, side: str, found: Resolved) -> None:
        """Where the account of a side comes from."""
        winner = None
        if found.setting is not None:
            winner = _named(f"accounts.{found.setting}", self._rules.accounts[found.setting].place)
        elif found.role is None and self._row is not None:
            winner = _named(self._row.id, self._row.place)
        branch = f"{found.branch or 'named by the row'}: {found.account}"
        self._step(f"{kind} {side} {found.role or 'account'}", "accounts", winner, branch=branch)

    # --- how it is written down --------------------------------------------------------------------------------

    def _step(
        self,
        name: str,
        table: str,
        winner: Step | None = None,
        choice: tuple[list[Step], list[Step]] | None = None,
        branch: str | None = None,
    ) -> None:
        conditions, losers = choice or ([], [])
        self.steps.append(
            {
                "step": name,
                "table": table,
                "winner": winner,
                "conditions": conditions,
                "losers": losers,
                "branch": branch,
            }
        )

    def _of_cell(self, field: str) -> Any:
        return None if self._cell is None else self._cell[CELL_FIELDS.index(field)]

    def _of_line(self, field: str, facts: Facts) -> Any:
        if field in CELL_FIELDS:
            return self._of_cell(field)
        try:
            return reader(field)(facts)
        except ItemFailure:
            # No row that counted asked for it: what fails the item is told in its place.
            return None

    def _choice(
        self, rows: Iterable[TypeRow | LineRow], winner: TypeRow | LineRow | None, value: Callable[[str], Any]
    ) -> tuple[list[Step], list[Step]]:
        """The winner's conditions, and each loser with the first condition that failed."""
        conditions = [] if winner is None else list(_answers(winner.when, value))
        return conditions, [self._loser(row, value) for row in rows if row is not winner]

    def _loser(self, row: TypeRow | LineRow, value: Callable[[str], Any]) -> Step:
        failed = next((a for a in _answers(row.when, value) if not a["result"]), None)
        why = ("", "") if failed is None else (failed["field"], repr(failed["value"]))
        return self._losers.setdefault((id(row), *why), {**_named(row.id, row.place), "firstFailed": failed})


def _named(rule: str, place: Place) -> Step:
    return {"rule": rule, "file": place.file, "line": place.line}


def _answers(when: When, value: Callable[[str], Any]) -> Iterator[Step]:
    """What a row asks, one by one: predicates, then `any` and `unless` as a whole each."""
    for condition in when.each:
        yield _answer(condition, value(condition.field))
    if when.some:
        yield _answer_of_ways("any", when.some, value)
    if when.unless:
        answer = _answer_of_ways("unless", when.unless, value)
        yield {**answer, "result": not answer["result"]}


def _answer(condition: Predicate, value: Any) -> Step:
    result = condition.test()(folded(condition.field, value))
    return {"field": condition.label, "predicate": condition.shown, "value": _plain(value), "result": result}


def _answer_of_ways(name: str, ways: tuple[Way, ...], value: Callable[[str], Any]) -> Step:
    return {
        "field": name,
        "predicate": [{p.label: p.shown for p in way} for way in ways],
        "value": {p.label: _plain(value(p.field)) for way in ways for p in way},
        "result": any(all(p.test()(folded(p.field, value(p.field))) for p in way) for way in ways),
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it; a number between two whole ones as a fraction."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else str(value)
    return value
