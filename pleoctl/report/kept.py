"""Runs that were kept, of plans and of export jobs alike: what went wrong first, then the counts."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.documents.load import json_data, placed
from pleoctl.fleet.receipt import FLEET_KIND, FleetReceipt, fleet_receipt_of
from pleoctl.jobs.receipt import job_receipt_of
from pleoctl.report.fleet import receipt_text
from pleoctl.run.journal import noted
from pleoctl.run.kept import receipt_of
from pleoctl.run.places import JOURNAL, PLAN, RECEIPT
from pleoctl.text import Shown
from pleoctl.words import spoken, tally

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.jobs.receipt import ItemResult, JobReceipt
    from pleoctl.run.kept import Ended, KeptReceipt

FINE = frozenset({"done", "alreadyDone"})
LISTED: Final = 200
"""Changes that ended well which a run shows one by one."""


def any_receipt(content: bytes, name: str) -> KeptReceipt | JobReceipt | FleetReceipt:
    """A receipt of any kind, checked. Raises `InvalidFile`."""
    with placed(content, name):
        data = json_data(content, name)
        if isinstance(data, dict) and data.get("kind") == FLEET_KIND:
            return fleet_receipt_of(data, name)
        of_job = isinstance(data, dict) and "job" in data
        return job_receipt_of(data, name) if of_job else receipt_of(data, name)


def receipt_shown(receipt: KeptReceipt | JobReceipt | FleetReceipt) -> Shown:
    """A receipt as people read it."""
    if isinstance(receipt, FleetReceipt):
        ended = f"finished {receipt.finished_at}" if receipt.finished_at else "not finished"
        last = f"Run {receipt.run_id} of `fleet {receipt.command}`, {ended}."
        return receipt_text(receipt) + Shown.lines([last])
    return Shown.lines(_lines(receipt))


def _lines(receipt: KeptReceipt | JobReceipt) -> list[Shown]:
    """What went wrong first, then what did not."""
    lines = [
        Shown(f"  {_ended(change)}: ", change.error.message if change.error else "")
        for change in receipt.changes
        if change.status not in FINE
    ]
    fine = [change for change in receipt.changes if change.status in FINE]
    lines += [Shown(f"  {_ended(change)}") for change in fine[:LISTED]]
    if len(fine) > LISTED:
        lines.append(Shown(f"  … and {len(fine) - LISTED} more that ended well: --format json names them all"))
    told = tally(Counter(change.status for change in receipt.changes)) or "nothing to do"
    lines.append(Shown(Shown.styled(f"{receipt.outcome}: ", bold=True), f"{told}."))
    lines.append(Shown(f"Run {receipt.run_id}, plan {receipt.plan_id}, finished {receipt.finished_at}."))
    return lines


def _ended(change: Ended | ItemResult) -> str:
    return f"{spoken(change.status)} {change.action} {change.address}"


class _Status(msgspec.Struct):
    status: str


class _Summary(msgspec.Struct, rename="camel"):
    """What a list of runs shows of a receipt; the rest of it is passed over."""

    run_id: str
    plan_id: str
    outcome: str
    changes: list[_Status]
    started_at: str
    finished_at: str


def run_summary(folder: Path, shown: str) -> dict[str, Any]:
    """A run as a list shows it; one that was killed has left its journal and no receipt."""
    try:
        read = msgspec.json.decode((folder / RECEIPT).read_bytes(), type=_Summary)
    except (OSError, msgspec.MsgspecError):
        return {**_told(_Summary(folder.name, "", "no receipt", [], "", "")), "receipt": None}
    return {**_told(read), "receipt": f"{shown}/{RECEIPT}"}


def _told(read: _Summary) -> dict[str, Any]:
    counts = Counter(change.status for change in read.changes)
    return {
        "runId": read.run_id,
        "planId": read.plan_id,
        "outcome": read.outcome,
        "startedAt": read.started_at,
        "finishedAt": read.finished_at,
        "counts": dict(sorted(counts.items())),
    }


def unfinished_lines(folder: Path) -> tuple[list[Shown], dict[str, Any]]:
    """A run that left no receipt, by its journal: what its changes came to last, those without an answer by name."""
    last: dict[str, str] = {}
    content = b""
    with suppress(OSError):
        content = (folder / JOURNAL).read_bytes()
    for line in noted(content):
        last |= dict.fromkeys(line.addresses, line.event)
    counts = Counter(last.values())
    open_ones = sorted(address for address, event in last.items() if event in {"intent", "sent", "ambiguous"})
    lines = [Shown("  no answer: ", address) for address in open_ones]
    told = tally(counts) or "nothing was sent"
    lines.append(Shown(Shown.styled("no receipt: ", bold=True), f"{told}. The run goes on, or it was killed."))
    lines.append(Shown(f"Run {folder.name}; apply its plan again to end it: ", str(folder / PLAN)))
    data = {"runId": folder.name, "outcome": "no receipt", "journal": dict(sorted(counts.items())), "open": open_ones}
    return lines, data
