"""Carry changes out on a copy of the live model, so that a plan can be proven to converge before anyone sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.kinds import TAG_GROUP
from pleoctl.model.records import Live
from pleoctl.reconcile.changes import LiveState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.model.changes import Change


def simulate(live: LiveState, changes: Iterable[Change]) -> LiveState:
    """The live state after all changes; created records get made-up ids."""
    by_id: dict[str, Change] = {c.id: c for c in changes if c.id is not None}
    created = [c for c in changes if c.id is None]
    after = LiveState(usage=live.usage)
    for kind, records in live.flat.items():
        after.flat[kind] = [_after(r, by_id) for r in records] + _new(created, kind)
    if live.groups is not None:
        after.groups = [_after(r, by_id) for r in live.groups] + _new(created, TAG_GROUP.name)
    after.tags = {group: [_after(r, by_id) for r in records] for group, records in live.tags.items()}
    for change in created:
        if change.parent is not None:
            group = change.parent.id or f"new:{change.parent.address}"
            after.tags.setdefault(group, []).append(_made(change, group))
    return after


def _after(record: Live, by_id: dict[str, Change]) -> Live:
    change = by_id.get(record.id)
    if change is None:
        return record
    fields = {**record.fields, **{k: v for k, v in change.after.items() if k != "archived"}}
    key = change.key if change.action == "confirm" else record.key
    return Live(record.id, key, change.after["archived"], fields, record.parent, record.created, record.raw)


def _new(created: list[Change], kind: str) -> list[Live]:
    return [_made(change, None) for change in created if change.kind == kind]


def _made(change: Change, parent: str | None) -> Live:
    fields = {k: v for k, v in change.after.items() if k != "archived"}
    return Live(f"new:{change.address}", change.key, False, fields, parent, "9999")
