"""Receipts that were kept, of plans and of export jobs alike: what went wrong first, then the counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pleoctl.documents.load import json_data
from pleoctl.jobs.receipt import job_receipt_of
from pleoctl.run.kept import receipt_of
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.run.kept import KeptReceipt

FINE = frozenset({"done", "alreadyDone"})


def any_receipt(content: bytes, name: str) -> KeptReceipt | JobReceipt:
    """A receipt of either kind, checked. Raises `InvalidFile`."""
    data = json_data(content, name)
    of_job = isinstance(data, dict) and "job" in data
    return job_receipt_of(data, name) if of_job else receipt_of(data, name)


def receipt_lines(receipt: KeptReceipt | JobReceipt) -> list[Shown]:
    """A receipt as people read it."""
    lines = [
        Shown(f"  {change.status} {change.action} {change.address}: ", change.error.message if change.error else "")
        for change in receipt.changes
        if change.status not in FINE
    ]
    counts = Counter(change.status for change in receipt.changes)
    told = ", ".join(f"{number} {status}" for status, number in sorted(counts.items())) or "nothing to do"
    lines.append(Shown(Shown.styled(f"{receipt.outcome}: ", bold=True), f"{told}."))
    lines.append(Shown(f"Run {receipt.run_id}, plan {receipt.plan_id}, finished {receipt.finished_at}."))
    return lines
