"""A receipt as a page, in the look of the plans' pages: of a run, of an export job, of a fleet's run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.fleet.receipt import FleetReceipt
from pleoctl.jobs.receipt import JobReceipt
from pleoctl.report.fleet import problem, summary_words
from pleoctl.report.html import page
from pleoctl.report.kept import FINE
from pleoctl.words import many, spoken, tally

if TYPE_CHECKING:
    from msgspec import UnsetType

    from pleoctl.errors import Finding
    from pleoctl.jobs.receipt import ItemResult
    from pleoctl.report.html import Html
    from pleoctl.run.kept import Ended, KeptReceipt

    Row = tuple[str, list[str], bool]
    """What is said at the beginning, the other cells, and whether it ended well."""

_WELL: Final = frozenset({"done", "drifted", "running", "waiting"})


@dataclass(slots=True)
class Look:
    """What a page of a receipt shows: a sentence, facts, counts, what was told, and a table of how each one ended."""

    about: str
    headline: str
    facts: list[tuple[str, str]]
    counts: Counter[str]
    headers: list[str]
    rows: list[Row]
    findings: list[Finding] = field(default_factory=list)


def receipt_html(receipt: KeptReceipt | JobReceipt | FleetReceipt) -> Html:
    """The page; what went wrong stands first."""
    look = _of_fleet(receipt) if isinstance(receipt, FleetReceipt) else _of_run(receipt)
    look.rows.sort(key=lambda row: row[2])
    return page("receipt.html.j2", ["plan.css", "receipt.css"], look=look)


def _of_fleet(receipt: FleetReceipt) -> Look:
    counts = Counter[str](one.outcome for one in receipt.companies)
    return Look(
        about=f"Receipt of a fleet's run: {receipt.command}",
        headline=f"{many(len(receipt.companies), 'company')}: {tally(counts) or 'none'}",
        facts=_facts({"Run": receipt.run_id, "Started": receipt.started_at, "Finished": receipt.finished_at}),
        counts=counts,
        headers=["outcome", "company", "what", "problem"],
        rows=[
            (one.outcome, [one.path, summary_words(one.summary), problem(one)], one.outcome in _WELL)
            for one in receipt.companies
        ],
    )


def _of_run(receipt: KeptReceipt | JobReceipt) -> Look:
    counts = Counter[str](change.status for change in receipt.changes)
    facts = {
        "Company": receipt.company,
        "Pleo": receipt.url,
        "Plan": receipt.plan_id,
        "Run": receipt.run_id,
        "Started": receipt.started_at,
        "Finished": receipt.finished_at,
    }
    look = Look(
        about="Receipt of a run",
        headline=f"{receipt.outcome}: {tally(counts) or 'nothing to do'}",
        facts=_facts(facts),
        counts=counts,
        headers=["ended", "change", "address", "problem"],
        rows=[],
        findings=[told.finding for told in receipt.findings or ()],
    )
    if isinstance(receipt, JobReceipt):
        look.about = f"Receipt of export job {receipt.job.id}, {spoken(receipt.job.outcome)}"
        look.headers += ["in the books", "told to Pleo"]
        look.rows = [_ended(one, one.external_id or "", one.reported or "") for one in receipt.changes]
    else:
        look.rows = [_ended(one) for one in receipt.changes]
    return look


def _facts(said: dict[str, str | UnsetType]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in said.items() if isinstance(value, str) and value]


def _ended(change: Ended | ItemResult, *more: str) -> Row:
    wrong = "" if change.error is None else change.error.message
    return spoken(change.status), [change.action, str(change.address), wrong, *more], change.status in FINE
