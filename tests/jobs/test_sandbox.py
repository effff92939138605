"""A whole job against the sandbox: each behaviour that is not published, and a fault at every call."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from export_pleo import JOB, item_id
from job_outcomes import booked
from pleoctl.sandbox import Edit, Fault, Sandbox, Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from job_outcomes import MakeSandboxBooks
    from shapes import Json, Value
    from tests.conftest import Cli

ITEMS = 60
REFUSED = {item_id(n) for n in range(1, ITEMS + 1) if n % 10 == 0}
WRITES = [("POST", "export-job-events", n) for n in (1, 2)] + [("PUT", "items$", 1)]


def job() -> Seed:
    """A job of 60 items of which every tenth has no account."""
    items = [
        {"accountingEntryId": item_id(n), "amount": 100 + n, "account": None if item_id(n) in REFUSED else "6820"}
        for n in range(1, ITEMS + 1)
    ]
    return Seed(export_jobs=[{"id": JOB, "items": items}])


def taken(pleo: Sandbox) -> tuple[list[str], Counter[str]]:
    """Events, and how often each item was reported; what Pleo refused is left out."""
    told = [report for report in pleo.state()["exportReports"] if not report["error"]]
    items = Counter(report["accountingEntryId"] for report in told if report.get("accountingEntryId"))
    return [report["event"] for report in told if report.get("event")], items


def check(pleo: Sandbox, folder: Path) -> None:
    """Everything is booked once, reported truly, closed once; and nothing was asked that the contract forbids."""
    ended = {item["accountingEntryId"]: item["status"] for item in pleo.state()["exportItems"]}
    wanted = {item_id(n): "failed" if item_id(n) in REFUSED else "successful" for n in range(1, ITEMS + 1)}
    assert taken(pleo)[0] == ["started", "completed_with_errors"]
    assert ended == wanted
    assert booked(folder) == dict.fromkeys(set(wanted) - REFUSED, 1)
    assert pleo.stats()["violations"] == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"job_list_order": "newest"},
        {"job_started_beside": 422},
        {"job_successful_item": "final"},
        {"job_successful_item": "changeable"},
        {"job_update_answers": "stored"},
        {"job_update_answers": "all"},
        {"null_types": False},
    ],
    ids=str,
)
def test_each_behaviour_that_is_not_published(
    settings: Json, pleo: Sandbox, sandbox_books: MakeSandboxBooks, cli: Cli
) -> None:
    """The outcome is the same, each item reported once."""
    pleo.reset(job(), Settings(**settings))
    folder = sandbox_books()
    done = cli("jobs", "run")
    assert done.code == 5, done.stdout + done.stderr
    check(pleo, folder)
    assert set(taken(pleo)[1].values()) == {1}
    assert cli("jobs", "plan").stdout == "There is no export job.\n"


@pytest.mark.parametrize("kind", ["droppedBefore", "lostAnswer", "truncatedBody"])
@pytest.mark.parametrize(("method", "path", "nth"), WRITES)
@pytest.mark.usefixtures("time")
def test_an_answer_is_lost_at_every_write(
    kind: Value,
    method: str,
    path: str,
    nth: int,
    pleo: Sandbox,
    sandbox_books: MakeSandboxBooks,
    cli: Cli,
) -> None:
    """Before or behind the commit: the same run ends right."""
    pleo.reset(job(), Settings())
    pleo.add_fault(Fault(kind=kind, method=method, path=path, nth=nth))
    folder = sandbox_books()
    assert cli("jobs", "run").code == 5
    check(pleo, folder)


@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.usefixtures("time")
def test_errors_inside_an_answer_are_read(
    commit: bool, pleo: Sandbox, sandbox_books: MakeSandboxBooks, cli: Cli
) -> None:
    """Updates that a 200 calls wrong are sent again, whether or not they were stored."""
    pleo.reset(job(), Settings())
    pleo.add_fault(Fault(kind="updateErrors", path="items$", nth=1, by=7, commit=commit))
    folder = sandbox_books()
    assert cli("jobs", "run").code == 5
    check(pleo, folder)


@pytest.mark.usefixtures("time")
def test_a_cancelled_job_keeps_what_is_booked(pleo: Sandbox, sandbox_books: MakeSandboxBooks, cli: Cli) -> None:
    """A user cancels between booking and reporting: 5, the entries stay, nothing more is sent."""
    pleo.reset(job(), Settings())
    edits = (Edit(kind="exportJob", op="cancel", key=JOB),)
    pleo.add_fault(Fault(kind="actor", method="PUT", path="items$", nth=1, when="before", edits=edits))
    folder = sandbox_books()
    assert cli("jobs", "run").code == 5
    assert len(booked(folder)) == ITEMS - len(REFUSED)
    assert taken(pleo)[0] == ["started"]
