"""How many requests carrying a plan out takes, and so how long (law 7)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pleoctl.model.kinds import ACCOUNT, TAG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.reconcile.changes import Change


def writes(changes: Iterable[Change]) -> int:
    """Write requests: creates of accounts in batches, plain tag archives and unarchives in bulk, else one each."""
    count: Counter[str] = Counter(_call(change) for change in changes)
    created = count.pop("batch", 0)
    total = -(-created // ACCOUNT.create_batch)
    for bulk in ("bulk-archive", "bulk-unarchive"):
        total += -(-count.pop(bulk, 0) // TAG.archive_batch)
    return total + sum(count.values())


def is_bulk(change: Change) -> bool:
    """Whether a change is a plain archive or unarchive of a tag (T65)."""
    return change.kind == TAG.name and change.fields == ["archived"] and change.action != "create"


def _call(change: Change) -> str:
    if change.kind == ACCOUNT.name and change.action == "create":
        return "batch"
    return f"bulk-{change.action}" if is_bulk(change) else "single"
