"""Carry changes out on a copy of the live model, so that a plan can be proven to converge before anyone sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pleoctl.errors import PleoctlError
from pleoctl.model.kind import all_loose, loose
from pleoctl.model.kinds import KINDS, TAG_GROUP
from pleoctl.model.records import DesiredState, Live, Row
from pleoctl.reconcile.changes import LiveState
from pleoctl.reconcile.run import reconcile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.model.changes import Change
    from pleoctl.reconcile.changes import Reconciliation, Scope

R = TypeVar("R", Row, Live)


def prove(desired: DesiredState, live: LiveState, scope: Scope, result: Reconciliation) -> None:
    """Raise `PleoctlError` unless reconciling once more, behind the changes of the first time, gives none (law 6)."""
    if not result.changes:
        return
    rows, before = concerned(desired, live, result.changes)
    again = reconcile(rows, simulate(before, result.changes), scope)
    if again.changes:
        names = ", ".join(str(c.address) for c in again.changes[:5])
        raise PleoctlError(
            f"the plan does not converge: {names} would change again", hint="please report this as a bug"
        )


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


def concerned(desired: DesiredState, live: LiveState, changes: Iterable[Change]) -> tuple[DesiredState, LiveState]:
    """The rows and live records whose decisions changes can have moved: all others are decided as before.

    A decision of a flat kind depends on the rows and records of its key, of keys that look alike, and on rows without a
    key; kinds with drafts, whose records are also found by other fields, and dimensions stay whole.
    """
    keys: dict[str, set[str]] = {}
    for change in changes:
        keys.setdefault(change.kind, set()).add(loose(change.key))
    wanted, found = DesiredState(dimensions=desired.dimensions, files=desired.files), LiveState(usage=live.usage)
    wanted.flat, found.flat = dict(desired.flat), dict(live.flat)
    found.groups, found.tags = live.groups, live.tags
    for name in desired.flat.keys() & live.flat.keys():
        if not KINDS[name].has_drafts:
            near = keys.get(name, set())
            rows, records = desired.flat[name], live.flat[name]
            wanted.flat[name] = [row for row, key in _by_key(rows) if key in near or row.key is None]
            found.flat[name] = [record for record, key in _by_key(records) if key in near]
    return wanted, found


def _by_key(records: list[R]) -> Iterator[tuple[R, str]]:
    """Each with the form of its key in which it may look like another's."""
    return zip(records, all_loose([record.key or "" for record in records]), strict=True)


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
