"""What every kind of record must do, from the decision table to the way back: one suite for all rows of `KINDS`.

A kind's own tests give a `KindCase` and run each of `CHECKS`, or all by `conform`, in a folder of its own::

    case = KindCase("project", samples={"currency": ("EUR", "SEK")})

    @pytest.mark.parametrize("name", CHECKS)
    def test_conforms(name, tmp_path):
        CHECKS[name](case, tmp_path)
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Final

from pleoctl.model.addresses import Address
from pleoctl.testing.company import GROUP, Company, KindCase
from pleoctl.testing.conformance import Nonconformance, require, run_all
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pleoctl.model.records import Live, Row
    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt

__all__ = ["CHECKS", "KindCase", "Nonconformance", "conform"]

WANTED: Final = ("active", "differs", "inactive", "held", "gone")
STANDS: Final = ("none", "active", "archived")
DECIDED: Final = {
    ("active", "none"): "create",
    ("active", "archived"): "unarchive",
    ("differs", "none"): "create",
    ("differs", "active"): "update",
    ("differs", "archived"): "unarchive",
    ("inactive", "active"): "archive",
    ("gone", "active"): "archive",
}
"""What becomes of a row that is wanted so where a record stands so; anything else is no change."""


def conform(case: KindCase, folder: Path) -> None:
    """Run all checks, each in a folder of its own. Raises `Nonconformance`."""
    run_all(CHECKS, case, folder)


def decides_by_the_table(case: KindCase, folder: Path) -> None:
    """Each pair of a row and a record becomes what the one decision table says."""
    with _all_pairs(case, folder) as (company, rows):
        plan = company.plan(rows)
        _require_actions(case, plan)
        _require_counts(plan)


def needs_no_second_plan(case: KindCase, folder: Path) -> None:
    """Plan, apply, plan: the second plan is empty; the first one again finds everything done."""
    with _all_pairs(case, folder) as (company, rows):
        plan = company.approved(rows)
        _require_done(company.apply(plan), "done")
        _require_empty(company.plan(rows), "the second plan")
        _require_done(company.apply(plan), "alreadyDone")
        records = company.records()
        for wanted, stands in product(WANTED, STANDS):
            record = records.get(_key(wanted, stands))
            action = DECIDED.get((wanted, stands))
            archived = action == "archive" or (stands == "archived" and action is None)
            absent = stands == "none" and action is None
            key = _key(wanted, stands)
            require((record is None) == absent, f"{key} is {'there' if absent else 'not there'} after the run")
            require(record is None or record.archived == archived, f"{key} is in the wrong state after the run")


def uses_the_requests_that_its_plan_tells(case: KindCase, folder: Path) -> None:
    """The plan's number of writes is that of a run without a fault; nothing is deleted, the contract is kept."""
    with _all_pairs(case, folder) as (company, rows):
        plan = company.approved(rows)
        used = company.apply(plan).requests["write"]
        require(used == plan.head.requests.write, f"{used} writes where the plan tells {plan.head.requests.write}")
        stats = company.pleo.stats()
        require(stats["deletes"] == 0, "something was deleted")
        require(not stats["violations"], f"the contract was not kept: {stats['violations']}")


def changes_each_field_by_itself(case: KindCase, folder: Path) -> None:
    """A field that differs is the one that is changed; all others, managed or not, stay as they are."""
    names = case.kind.compared
    with Company.of(case, folder, *(case.record(name) for name in names)) as company:
        before = company.records()
        others = {name: [other for other in case.kind.optional if other != name] for name in names}
        rows = [case.row(name, [name], without=others[name]) for name in names]
        plan = company.plan(rows)
        found = {change.address.key: change.fields for change in plan.changes}
        require(found == {name: [name] for name in names}, f"not each field is changed by itself: {found}")
        _require_done(company.apply(plan), "done")
        for name, record in company.records().items():
            wanted = {**before[name].fields, name: case.fields(name, [name])[name]}
            require(record.fields == wanted, f"with {name} others have changed: {record.fields} is not {wanted}")


def manages_only_what_rows_have(case: KindCase, folder: Path) -> None:
    """Optional fields that no row has are left alone; a nullable field that is null in a row is cleared."""
    optional = case.kind.optional
    clearable = [name for name in case.kind.compared if name in case.kind.nullable]
    with Company.of(case, folder, case.record("kept"), case.record("cleared")) as company:
        before = company.records()
        cleared = case.row("cleared")
        cleared.fields.update(dict.fromkeys(clearable))
        rows = [case.row("kept", without=optional), cleared]
        _require_done(company.apply(company.plan(rows)), "done")
        after = company.records()
        require(after["kept"].fields == before["kept"].fields, "what no row has was changed")
        left = [name for name in clearable if after["cleared"].fields[name] is not None]
        require(not left, f"null does not clear {', '.join(left)}")
        _require_empty(company.plan(rows), "the plan after clearing")


def is_imported_as_it_is(case: KindCase, folder: Path) -> None:
    """What an import describes needs no change."""
    records = [case.record("a"), case.record("b"), case.record("old", archived=True)]
    with Company.of(case, folder, *records) as company:
        _require_empty(company.imported(), "the plan after an import")


def is_taken_back(case: KindCase, folder: Path) -> None:
    """An undo brings every record back as it was; what was created is archived."""
    with _all_pairs(case, folder) as (company, rows):
        before = company.records()
        undo = company.undone(company.apply(company.approved(rows)))
        _require_done(company.apply(undo), "done")
        for key, record in company.records().items():
            _require_as_before(key, record, before.get(key))


def is_counted_by_the_guard(case: KindCase, folder: Path) -> None:
    """Archives of all records, more than the limit, or of a protected one are refused, and counted in its bucket."""
    keys = [f"k{number}" for number in range(5)]
    with Company.of(case, folder, *map(case.record, keys)) as company:
        group = None if case.kind.parent is None else GROUP
        protected = str(Address(case.name, keys[0], group))
        plan = company.plan([], GuardLimits(count=2, share=0.2, protect=(protected,)))
        codes = {finding.code for finding in plan.head.guard.findings}
        wanted = {"archive-all", "archive-count", "archive-share", "protected"}
        require(codes == wanted, f"the guard says {sorted(codes)} where {sorted(wanted)} is due")
        active = {bucket.kind: number for bucket, number in plan.active.items() if number}
        require(active.get(case.name) == len(keys), f"its bucket counts {active.get(case.name)} of {len(keys)} records")
        require(not company.plan([case.row(key) for key in keys]).changes, "it changes what is as it is to be")


CHECKS: Final[dict[str, Callable[[KindCase, Path], None]]] = {
    check.__name__: check
    for check in (
        decides_by_the_table,
        needs_no_second_plan,
        uses_the_requests_that_its_plan_tells,
        changes_each_field_by_itself,
        manages_only_what_rows_have,
        is_imported_as_it_is,
        is_taken_back,
        is_counted_by_the_guard,
    )
}
"""Every check by its name; each takes the case and an empty folder, and raises `Nonconformance`."""


@contextmanager
def _all_pairs(case: KindCase, folder: Path) -> Iterator[tuple[Company, list[Row]]]:
    """A company with a record and a row for each pair of `WANTED` and `STANDS`."""
    pairs = list(product(WANTED, STANDS))
    records = [case.record(_key(*pair), archived=pair[1] == "archived") for pair in pairs if pair[1] != "none"]
    rows = [_row(case, wanted, _key(wanted, stands)) for wanted, stands in pairs if wanted != "gone"]
    with Company.of(case, folder, *records) as company:
        yield company, rows


def _key(wanted: str, stands: str) -> str:
    return f"{wanted}-{stands}"


def _row(case: KindCase, wanted: str, key: str) -> Row:
    changed = [case.kind.compared[0]] if wanted == "differs" else []
    return case.row(key, changed, active=wanted != "inactive", hold="cannot be used" if wanted == "held" else None)


def _require_actions(case: KindCase, plan: Plan) -> None:
    found = {change.address.key: change.action for change in plan.changes if change.kind == case.name}
    for pair in product(WANTED, STANDS):
        action, wanted = found.pop(_key(*pair), None), DECIDED.get(pair)
        words = f"a row that is {pair[0]} and a record that is {pair[1]}"
        require(action == wanted, f"{words}: {action or 'no change'} where {wanted or 'none'} is due")
    require(not found, f"it changes what nobody asked for: {', '.join(found)}")


def _require_counts(plan: Plan) -> None:
    counted: Mapping[str, int] = {name: getattr(plan.head.summary, name) for name in ("create", "update", "archive")}
    for action, number in counted.items():
        made = sum(change.action == action for change in plan.changes)
        require(number == made, f"the summary tells {number} times {action}, not {made}")


def _require_empty(plan: Plan, what: str) -> None:
    left = ", ".join(str(change.address) for change in plan.changes)
    require(not left, f"{what} is not empty: {left}")


def _require_done(receipt: Receipt, status: str) -> None:
    wrong = [f"{r.change.address} {r.status} {r.error or ''}" for r in receipt.results if r.status != status]
    require(not wrong, f"not all changes are {status}: {', '.join(wrong)}")


def _require_as_before(key: str, record: Live, before: Live | None) -> None:
    if before is None:
        require(record.archived, f"{key} was created, and the undo does not archive it")
        return
    require(record.archived == before.archived, f"{key} is archived or not, other than before")
    require(record.archived or record.fields == before.fields, f"{key} does not have its fields back")
