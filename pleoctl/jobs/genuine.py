"""Whether a saved plan still says what Pleo and the rules say: its id alone shows accidents, nobody's intent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.errors import Stale
from pleoctl.jobs.document import address_of
from pleoctl.jobs.verdict import unbookable
from pleoctl.mapping.items import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pleoctl.jobs.document import ItemChange, PostingPlan
    from pleoctl.jobs.items import Listed
    from pleoctl.jobs.verdict import Reason
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.items import Defect, Item


def compare(items: Sequence[Listed], plan: PostingPlan) -> None:
    """Raise `Stale` unless every open item is as the plan saw it, naming the first that is not, and its field."""
    changes = plan.by_item
    for item in items:
        change = changes.get(item.id)
        if not item.tracking.is_open:
            continue
        if change is None:
            raise Stale(f"{address_of(item.id)} is not in the plan: the job has grown", hint="make a new plan")
        if change.item_digest != item.digest:
            field = item.changed_since(change.item_marks)
            raise Stale(
                f"{address_of(item.id)} is no longer what the plan saw: {field} has changed", hint="make a new plan"
            )


def require_own_words(items: Sequence[Listed], plan: PostingPlan, entry_of: Callable[[Item | Defect], Entry]) -> None:
    """Raise `Stale` unless the plan says of each open item what the rules say now, naming the first that differs.

    Entries are held against the rules, and so are refusals that follow from these alone; what depends on the books is
    held against them when they are asked.
    """
    changes = plan.by_item
    for item in items:
        if not item.tracking.is_open:
            continue
        change = changes[item.id]
        raw = item.raw
        ours = None if raw is None else entry_of(convert(raw))
        theirs, mine = _data(change.entry), _data(ours)
        field = _differing(theirs, mine) or _misjudged(change, unbookable(item, ours, plan.company))
        if field is not None:
            words = f"{address_of(item.id)}: the plan's field {field} is not what the rules make of the item"
            raise Stale(words, hint="make a new plan; if nothing has changed, somebody has changed this one")


def _differing(theirs: dict[str, Any], mine: dict[str, Any]) -> str | None:
    """The first field in which two entries differ; all of it where one of them is none."""
    if not (theirs and mine):
        return None if theirs == mine else "entry"
    return next((name for name in sorted({*theirs, *mine}) if theirs.get(name) != mine.get(name)), None)


def _misjudged(change: ItemChange, why: Reason | None) -> str | None:
    """Which field of a change denies that no books could take its item, or tells it otherwise."""
    if why is None:
        return None
    if change.action == "book":
        return "action"
    if change.action == "refuse" and (change.entry is None or change.entry.failed):
        told = (("reasonType", change.reason_type), ("reason", change.reason))
        return next((name for (name, said), own in zip(told, why, strict=True) if said != own), None)
    return None


def _data(entry: Entry | None) -> dict[str, Any]:
    """As it stands in a plan's file, whatever numbers it was made of; nothing of an item without payload."""
    found: dict[str, Any] = {} if entry is None else msgspec.json.decode(msgspec.json.encode(entry))
    return found
