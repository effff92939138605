"""A plan that takes a run back: only what the run did, and only where nothing moved since."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Refused
from pleoctl.model.changes import Action, Change, Parent, State
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.plan.build import Frame, freeze
from pleoctl.plan.document import Skipped, Undone
from pleoctl.plan.guard import check_guard
from pleoctl.plan.warnings import in_order, in_use_warnings
from pleoctl.pleo.kinds import read as read_kind
from pleoctl.reconcile.changes import LiveState, Reconciliation
from pleoctl.reconcile.drafts import is_ours
from pleoctl.reconcile.fields import differing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.addresses import Named
    from pleoctl.model.records import Live
    from pleoctl.plan.artifact import Plan
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.run.kept import Ended, KeptReceipt
    from pleoctl.workspace import Workspace

INVERSE: Final[dict[str, Action]] = {
    "create": "archive",
    "archive": "unarchive",
    "unarchive": "archive",
    "update": "update",
}
_FINAL: Final = "a confirmation cannot be taken back: the accounting system has it by now"
_TAGS: Final = {TAG_GROUP.name, TAG.name}


class _Done:
    """A change that the run did, whom it is about, and both states as Pleo sees them: an empty code is none."""

    def __init__(self, entry: Ended, identity: str) -> None:
        none = KINDS[entry.address.kind].nullable
        self.address, self.action, self.id = entry.address, entry.action, identity
        self.after = _state(entry.after, none)
        self.before = _state(entry.before, none) if entry.before else {**self.after, "archived": True}


def _state(state: State, nullable: frozenset[str]) -> State:
    return {name: value or None if name in nullable else value for name, value in state.items()}


def undo_plan(receipt: KeptReceipt, workspace: Workspace, reader: PleoReader, acknowledged: int | None) -> Plan:
    """The inverse of a run's ``done`` changes; what changed since is skipped and listed in ``source.skipped``.

    A create is taken back by archiving, since nothing is ever deleted (S5). Raises `Refused` for a receipt of another
    company or url, and `PleoError`.
    """
    _check_owner(receipt, workspace)
    done = [_Done(entry, entry.id) for entry in receipt.changes if entry.status == "done" and entry.id]
    live = _read(reader, done)
    result = Reconciliation()
    skipped = list(_inverses(done, live, workspace, result))
    result.sorted()
    _count(result, live)
    archives = [c for c in result.changes if c.action == "archive" and c.kind == ACCOUNT.name]
    warnings = in_order(list(in_use_warnings(archives, reader.accounts_in_use)))
    guard = check_guard(result.changes, result.active, workspace.guard, acknowledged)
    source = Undone(type="undo", receipt=receipt.run_id, skipped=skipped)
    frame = _frame(workspace, done, source, reader.counts.read)
    return freeze(frame, live, result, warnings, guard)


def _check_owner(receipt: KeptReceipt, workspace: Workspace) -> None:
    owner = (("company", receipt.company, workspace.company), ("url", receipt.url, workspace.url))
    for name, theirs, mine in owner:
        if theirs and theirs.lower().rstrip("/") != mine.lower():
            raise Refused(f"the receipt is of {name} {theirs}, this workspace is for {mine}")


def _frame(workspace: Workspace, done: list[_Done], source: Undone, reads: int) -> Frame:
    kinds = {change.address.kind for change in done}
    codes = {change.address.group for change in done if change.address.group is not None}
    return Frame(
        workspace.company,
        workspace.url,
        {**{kind.section: kind.name in kinds for kind in flat_kinds()}, TAG_GROUP.section: sorted(codes)},
        "some" if kinds & _TAGS else "none",
        reads,
        source=source,
    )


def _read(reader: PleoReader, done: list[_Done]) -> LiveState:
    """All records of the kinds that the run touched, since the guard needs to know how many there are."""
    kinds = {change.address.kind for change in done}
    live = LiveState()
    for kind in flat_kinds():
        if kind.name in kinds:
            live.flat[kind.name] = read_kind(kind, reader)
    if kinds & _TAGS:
        live.groups = reader.groups()
    if TAG.name in kinds:
        touched = reader.tags_by_id([change.id for change in done if change.address.kind == TAG.name])
        for tag in reader.tags({tag.parent or "" for tag in touched}):
            live.tags.setdefault(tag.parent or "", []).append(tag)
    return live


def _all(live: LiveState) -> list[Live]:
    return [record for _, records in live.lists() for record in records]


def _inverses(done: list[_Done], live: LiveState, workspace: Workspace, result: Reconciliation) -> Iterator[Skipped]:
    """Add the changes that take the run back; gives those that stay as they are."""
    by_id = {record.id: record for record in _all(live)}
    groups = {record.id: record for record in live.groups or ()}
    left = workspace.guard.left
    for change in done:
        final = change.action not in INVERSE
        problem = _FINAL if final else _problem(change, by_id.get(change.id), groups, left)
        if problem is None:
            result.changes.append(_inverse(change, by_id[change.id], groups))
        else:
            yield Skipped(address=change.address, reason=problem)


def _problem(change: _Done, record: Live | None, groups: dict[str, Live], left: Named) -> str | None:
    """Why a change cannot be taken back."""
    kind = KINDS[change.address.kind]
    if change.address in left or change.address.parent in left:
        return "the workspace says to leave it alone"
    if record is None:
        return "it is no longer in Pleo"
    if kind.normalise(change.address.key) != kind.normalise(record.key):
        return f"Pleo's record {record.id} is another one"
    if change.address.group is not None and record.parent not in groups:
        return "its tag group is no longer in Pleo"
    now = record.state(list(_names(change)))
    if now == change.after:
        return None
    return f"{', '.join(differing(change.after, now))} changed since; it stays as it is"


def _names(change: _Done) -> Iterator[str]:
    return (name for name in change.after if name != "archived")


def _inverse(change: _Done, record: Live, groups: dict[str, Live]) -> Change:
    before = record.state(list(_names(change)))
    after = {name: change.before.get(name) for name in before}
    above = change.address.parent
    parent = Parent(above, groups[record.parent or ""].id) if above else None
    return Change(
        action=INVERSE[change.action],
        address=change.address,
        after=after,
        before=before,
        fields=differing(before, after),
        kind=change.address.kind,
        origin=None,
        parent=parent,
        id=record.id,
        reason=f"takes back: {change.action}",
        warnings=[],
    )


def _count(result: Reconciliation, live: LiveState) -> None:
    changes: Counter[tuple[str, str]] = Counter((c.kind, c.action) for c in result.changes)
    for (kind, action), number in changes.items():
        result.counts[kind][action] = number
    totals = live.counts()
    for kind in KINDS:
        if totals[kind]:
            result.counts[kind]["unchanged"] = totals[kind] - sum(result.counts[kind].values())
    touched = {c.address.bucket.identity: c.address.bucket for c in result.changes}
    for bucket, records in live.lists():
        if bucket.kind != TAG.name:
            result.active[bucket] = sum(not r.archived and is_ours(KINDS[bucket.kind], r) for r in records)
        elif bucket.identity in touched:
            result.active[touched[bucket.identity]] = sum(not r.archived for r in records)
