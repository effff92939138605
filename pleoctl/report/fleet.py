"""A fleet's receipt and its status for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from pleoctl.report.table import table
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.fleet.receipt import CompanyResult, FleetReceipt

_QUIET: Final = frozenset({"unchanged", "ignored"})


def receipt_text(receipt: FleetReceipt) -> Shown:
    """A line a company, then the totals."""
    if not receipt.companies:
        return Shown.lines(["No companies are selected."])
    rows = [[one.path, one.outcome, summary_words(one.summary), problem(one)] for one in receipt.companies]
    counts = Counter(one.outcome for one in receipt.companies)
    totals = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    many = f"{len(receipt.companies)} {'company' if len(receipt.companies) == 1 else 'companies'}"
    return table(["company", "outcome", "what", "problem"], rows) + Shown.lines(["", f"{many}: {totals}."])


def problem(result: CompanyResult) -> str:
    """What is wrong, in one sentence; an empty text where nothing is."""
    return "" if result.error is None else str(result.error.finding)


def summary_words(summary: dict[str, Any]) -> str:
    """What a run did or would do, in a few words."""
    if "jobs" in summary:
        jobs = summary["jobs"]
        return (
            ", ".join(f"{job['job']} {job['outcome']}" for job in jobs[:3]) + (" …" if len(jobs) > 3 else "")
            or "no jobs"
        )
    statuses = summary.get("statuses")
    if statuses is not None:
        return ", ".join(f"{number} {status}" for status, number in statuses.items()) or "nothing to do"
    words = [f"{number} {name}" for name, number in summary.items() if number and name not in _QUIET]
    return ", ".join(words) or ("no changes" if summary else "")
