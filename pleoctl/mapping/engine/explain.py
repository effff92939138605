"""Explain one item: what each step decided, why, and why the other rows did not (P1).

The entry is the engine's own; the trace asks the same rows the same questions again and writes the answers down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.engine.linetable import Facts, raw_value
from pleoctl.mapping.engine.work import Work
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.items import Defect, Item
from pleoctl.mapping.rules.predicates import folded
from pleoctl.mapping.vocabulary import CELL_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.rules.model import LineRow, Rules, TypeRow, VendorRow
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.place import Place

Step = dict[str, Any]
_BY_SETTING: Final = "accounts."


def explain(engine: Engine, item: Item | Defect) -> dict[str, Any]:
    """The entry of an item as JSON has it, with a ``trace`` of the steps that led there."""
    entry = engine.entry(item)
    explained: dict[str, Any] = msgspec.to_builtins(entry)
    explained["trace"] = list(_trace(engine, item, entry)) if isinstance(item, Item) else []
    return explained


def _trace(engine: Engine, item: Item, entry: Entry) -> Iterator[Step]:
    work = Work(item)
    try:
        work.read()
        engine.decide(work)
    except ItemFailure:
        if work.cell is None:
            yield _step("route", "bookkeeping", branch=work.branch or entry.failure_reason or "")
            return
    yield _step("route", "bookkeeping", branch=f"{work.method}: {work.branch}")
    yield _type_step(engine.rules, work)
    if work.row is None:
        return
    if work.row.needs_vendor:
        yield _vendor_step(work.vendor)
    if work.row.uses_line:
        yield from _line_steps(engine, work)
    yield from _account_steps(engine.rules, work, entry)


def _step(
    name: str,
    table: str,
    winner: dict[str, Any] | None = None,
    conditions: Iterable[dict[str, Any]] = (),
    losers: Iterable[dict[str, Any]] = (),
    branch: str | None = None,
) -> Step:
    return {
        "step": name, "table": table, "winner": winner, "conditions": list(conditions), "losers": list(losers),
        "branch": branch,
    }  # fmt: skip


def _named(rule: str, place: Place) -> dict[str, Any]:
    return {"rule": rule, "file": place.file, "line": place.line}


def _answer(condition: Predicate, value: Any) -> dict[str, Any]:
    result = condition.test()(folded(condition.field, value))
    return {"field": condition.label, "predicate": condition.shown, "value": value, "result": result}


def _answers(row: TypeRow | LineRow, facts: Facts | None, work: Work) -> list[dict[str, Any]]:
    return [_answer(condition, _value(condition, facts, work)) for condition in row.when]


def _value(condition: Predicate, facts: Facts | None, work: Work) -> Any:
    if condition.field in CELL_FIELDS and work.cell is not None:
        return work.cell[CELL_FIELDS.index(condition.field)]
    return None if facts is None else raw_value(condition.field, facts)


def _choice(
    rows: Iterable[TypeRow | LineRow], winner: TypeRow | LineRow | None, facts: Facts | None, work: Work
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The winner's conditions, and each loser with the first condition that failed."""
    conditions: list[dict[str, Any]] = []
    losers = []
    for row in rows:
        answers = _answers(row, facts, work)
        if row is winner:
            conditions = answers
        else:
            failed = next((a for a in answers if not a["result"]), None)
            losers.append({**_named(row.id, row.place), "firstFailed": failed})
    return conditions, losers


def _type_step(rules: Rules, work: Work) -> Step:
    row = work.row
    conditions, losers = _choice(rules.types, row, None, work)
    return _step("expense type", "expenseTypes", None if row is None else _named(row.id, row.place), conditions, losers)


def _vendor_step(vendor: VendorRow | None) -> Step:
    if vendor is None:
        return _step("vendor", "vendors", branch="not matched")
    return _step("vendor", "vendors", _named(vendor.code, vendor.place), branch="matched")


def _line_steps(engine: Engine, work: Work) -> Iterator[Step]:
    for number, line in enumerate(work.item.accounting_entry_lines):
        amount = abs(work.values[number])
        name = f"line {number + 1}"
        if not amount:
            yield _step(name, "lines", branch="skipped: the line is zero")
            continue
        try:
            account = engine.accounts.of_reference(line.account, "the line's account")
        except ItemFailure as failure:
            yield _step(name, "lines", branch=failure.reason)
            continue
        yield _line_step(engine, work, name, Facts(work.item, line, account, amount))


def _line_step(engine: Engine, work: Work, name: str, facts: Facts) -> Step:
    row = engine.line_table(work.cell).find(facts) if work.cell is not None else None
    conditions, losers = _choice(engine.rules.lines, row, facts, work)
    if row is not None:
        return _step(name, "lines", _named(row.id, row.place), conditions, losers, f"rule: {row.account}")
    branch = f"otherwise {engine.rules.otherwise}: {facts.account or 'no account'}"
    return _step(name, "lines", None, conditions, losers, branch)


def _account_steps(rules: Rules, work: Work, entry: Entry) -> Iterator[Step]:
    for ledger in entry.entries:
        for posting in ledger.postings:
            if posting.role in {"line", "tax"}:
                continue
            setting = (posting.branch or "").removeprefix(_BY_SETTING)
            winner = None
            if setting in rules.accounts and posting.branch != setting:
                winner = _named(f"{_BY_SETTING}{setting}", rules.accounts[setting].place)
            elif posting.role is None and work.row is not None:
                winner = _named(work.row.id, work.row.place)
            name = f"{ledger.kind} {posting.side} {posting.role or 'account'}"
            yield _step(name, "accounts", winner, branch=f"{posting.branch or 'named by the row'}: {posting.account}")
