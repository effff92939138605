"""Whether a saved plan still says what Pleo and the rules say: its id alone shows accidents, nobody's intent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.errors import Stale
from pleoctl.mapping.items import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.items import Listed
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.items import Defect, Item


def compare(items: Sequence[Listed], plan: PostingPlan) -> None:
    """Raise `Stale` unless every open item is as the plan saw it, naming the first that is not, and its field."""
    changes = {change.address.removeprefix("item:"): change for change in plan.changes}
    for item in items:
        change = changes.get(item.id)
        if not item.tracking.is_open:
            continue
        if change is None:
            raise Stale(f"item:{item.id} is not in the plan: the job has grown", hint="make a new plan")
        if change.item_digest != item.digest:
            field = item.changed_since(change.item_marks)
            raise Stale(f"item:{item.id} is no longer what the plan saw: {field} has changed", hint="make a new plan")


def require_own_entries(items: Sequence[Listed], plan: PostingPlan, entry_of: Callable[[Item | Defect], Entry]) -> None:
    """Raise `Stale` unless each entry to book is what the rules make of its item now, naming the first that is not."""
    planned = {change.address.removeprefix("item:"): change.entry for change in plan.changes if change.action == "book"}
    for item in items:
        entry = planned.get(item.id)
        if entry is None or item.raw is None or not item.tracking.is_open:
            continue
        theirs, ours = _data(entry), _data(entry_of(convert(item.raw)))
        if theirs != ours:
            field = next(name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name))
            words = f"item:{item.id}: the plan's {field} is not what the rules make of the item"
            raise Stale(words, hint="make a new plan; if nothing has changed, somebody has changed this one")


def _data(entry: Entry) -> dict[str, Any]:
    """As it stands in a plan's file, whatever numbers it was made of."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(entry))
    return found
