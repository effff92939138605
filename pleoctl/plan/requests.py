"""How many requests carrying a plan out takes, and so how long (law 7)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pleoctl.model.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.model.changes import Change
    from pleoctl.model.kind import Kind


def writes(changes: Iterable[Change]) -> int:
    """Write requests: as many records a call as the kind allows for creates and for plain archives and unarchives."""
    listed = list(changes)
    count: Counter[tuple[str, str]] = Counter((change.kind, _call(change)) for change in listed)
    calls = sum(-(-number // _batch(KINDS[kind], call)) for (kind, call), number in count.items())
    return calls + sum(change.action == "confirm" and brings_more(change) for change in listed)


def confirms(changes: Iterable[Change]) -> int:
    """Activations of drafts, each a request of its own (V5)."""
    return sum(change.action == "confirm" for change in changes)


def brings_more(change: Change) -> bool:
    """Whether a record needs a PUT besides: an activation gives it its key, and nothing else for certain."""
    return bool(set(change.fields) - {"state", KINDS[change.kind].key})


def is_bulk(change: Change) -> bool:
    """Whether a change is a plain archive or unarchive of a kind that takes many at once (T65)."""
    return KINDS[change.kind].archive_batch > 1 and change.fields == ["archived"] and change.action != "create"


def _call(change: Change) -> str:
    return change.action if change.action == "create" or is_bulk(change) else "single"


def _batch(kind: Kind, call: str) -> int:
    return {"create": kind.create_batch, "single": 1}.get(call, kind.archive_batch)
