"""Posting plans that somebody edited: they book and report nothing that books and rules do not bear out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from export_pleo import COMPANY, JOB, OTHER, World, item_id, payload
from job_outcomes import booked
from pleoctl.documents.canonical import canonical_bytes, digest
from pleoctl.documents.kept import identity
from pleoctl.jobs.document import ItemChange, summary_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from job_outcomes import MakeBooks
    from shapes import Json, Value
    from tests.conftest import Cli


@pytest.mark.parametrize(
    ("field", "forged"),
    [
        ("description", "Paid in full"),
        ("postingDate", "2026-01-31"),
        ("rule", "standard"),
        ("attendees", ["Eve"]),
    ],
)
def test_an_entry_that_the_rules_do_not_make_is_not_booked(
    world: World, books: MakeBooks, cli: Cli, field: str, forged: Value
) -> None:
    """A plan whose id was made anew passes for one of ours, but what it says of items is held against the rules (4)."""
    folder = books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    _forge(folder / "plan.json", lambda plan: plan["changes"][1]["entry"].update({field: forged}))
    said = cli("apply", "plan.json")
    assert said.code == 4, said
    assert (
        f"item:{item_id(2)}: the plan's field {field} is not what the rules make of the item"
        in said.stderr + said.stdout
    )
    assert (booked(folder), world.writes) == ({}, [])


def _forge(path: Path, change: Callable[[Json], object]) -> None:
    """As somebody does who knows how plans are made: with the sums and the id that belong to the change."""
    plan = json.loads(path.read_text())
    change(plan)
    made = msgspec.convert(plan["changes"], list[ItemChange])
    plan["summary"] = msgspec.to_builtins(summary_of(made, final=0))
    del plan["id"]
    plan["id"] = digest(plan)
    path.write_bytes(canonical_bytes(plan))


@pytest.mark.parametrize(
    ("number", "fields", "named"),
    [
        (1, {"reason": "pay me"}, "reason"),
        (1, {"reasonType": "vendor_unknown"}, "reasonType"),
        (1, {"entry": None}, "entry"),
        (3, {"action": "book", "reason": None, "reasonType": None}, "action"),
        (3, {"action": "report", "reason": None, "reasonType": None, "externalId": "a/1"}, None),
        (2, {"action": "refuse", "reason": "pay me", "reasonType": "validation_failure"}, None),
        (2, {"action": "report", "externalId": "a/1"}, None),
        (4, {"action": "report", "reason": None, "reasonType": None, "externalId": "a/1"}, None),
        (4, {"reason": "pay me"}, None),
    ],
)
def test_nothing_is_reported_on_the_word_of_a_forged_plan(
    world: World, books: MakeBooks, cli: Cli, number: int, fields: Json, named: str | None
) -> None:
    """Refusals and reports are held against rules and books: exit 4 at once, or the item is left open."""
    lost = payload(1)
    lost["accountingEntryLines"][0]["account"] = None
    items = [lost, payload(2), payload(3) | {"companyId": OTHER}, payload(4)]
    folder = books()
    world.add(OTHER, [payload(4)], createdAt="2026-03-01T10:00:00Z")
    assert cli("jobs", "run", OTHER).code == 0
    (path,) = (folder / "books").glob("*.beancount")
    path.write_text(path.read_text().replace("100.04", "77.00"))
    world.add(JOB, items, createdAt="2026-03-19T10:00:00Z")
    assert cli("jobs", "plan", JOB, "-o", "plan.json").code == 0
    plan = json.loads((folder / "plan.json").read_text())
    assert [change["action"] for change in plan["changes"]] == ["refuse", "book", "refuse", "refuse"]
    before = len(world.writes)
    _forge(folder / "plan.json", lambda plan: plan["changes"][number - 1].update(fields))
    said = cli("apply", "plan.json")
    if named is not None:
        assert (said.code, len(world.writes)) == (4, before), said
        assert f"item:{item_id(number)}: the plan's field {named} is not what the rules make of the item" in said.stderr
        return
    assert said.code == 5, said
    assert "make a new plan" in said.stdout
    told = len(world.statuses.get(item_id(number), []))
    assert (told, world.jobs[JOB]["status"]) == (1 if number == 4 else 0, "in_progress")  # item 4 by the earlier job


def test_a_plan_is_checked_before_it_is_carried_out(world: World, books: MakeBooks, cli: Cli) -> None:
    """Tampering is 78, another id or company is 3."""
    folder = books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json", "--expect-id", "sha256:other").code == 3
    text = (folder / "plan.json").read_text()
    (folder / "plan.json").write_text(text.replace("5810", "5811"))
    assert cli("apply", "plan.json").code == 78
    assert cli("show", "plan.json").code == 78
    (folder / "plan.json").write_text(text)
    assert cli("show", "plan.json", "--format", "json").stdout == text
    books(company=COMPANY.replace("1", "2"))
    assert cli("apply", "plan.json").code == 3
    assert world.writes == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda plan, postings: [p.update(amount=2 * p["amount"]) for p in postings], "totals"),
        (lambda plan, postings: postings[0].update(account="9999"), "totals"),
        (lambda plan, postings: postings[0].update(amount=1), "balanced"),
        (lambda plan, postings: plan["changes"][0].update(entry=None), "balanced"),
        (lambda plan, _: plan["changes"][0].update(address=plan["changes"][1]["address"]), "no balanced entry"),
        (lambda plan, postings: plan["changes"].append(plan["changes"][0]), "two changes"),
        (lambda plan, postings: plan["summary"].update(refuse=7), "totals"),
    ],
)
def test_a_plan_signed_anew_does_what_it_shows(
    world: World, books: MakeBooks, cli: Cli, edit: Callable[[Value, Value], object], said: str
) -> None:
    """One that was edited and given the id that it has now books nothing that its sums do not tell."""
    folder = books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    plan = json.loads((folder / "plan.json").read_text())
    edit(plan, plan["changes"][0]["entry"]["entries"][0]["postings"])
    (folder / "plan.json").write_bytes(canonical_bytes(plan | {"id": identity(plan)}))
    for command in ("apply", "show", "approve"):
        refused = cli(command, "plan.json")
        assert (refused.code, said in refused.stderr) == (78, True), refused.stderr
    assert world.writes == []
