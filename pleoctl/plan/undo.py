"""A plan that takes a run back: only what the run did, and only where nothing moved since."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Refused
from pleoctl.model.addresses import group_address, unescape_part
from pleoctl.model.kinds import KINDS
from pleoctl.plan.artifact import key_of
from pleoctl.plan.build import context, freeze
from pleoctl.plan.guard import check_guard
from pleoctl.plan.warnings import Warned, in_order, in_use_warnings
from pleoctl.reconcile.changes import Action, Change, LiveState, Parent, Reconciliation
from pleoctl.reconcile.fields import differing

if TYPE_CHECKING:
    from pleoctl.model.records import Live
    from pleoctl.plan.artifact import Plan
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.workspace import Workspace

INVERSE: Final[dict[str, Action]] = {
    "create": "archive", "archive": "unarchive", "unarchive": "archive", "update": "update",
}  # fmt: skip


def undo_plan(receipt: dict[str, Any], workspace: Workspace, reader: PleoReader, acknowledged: int | None) -> Plan:
    """The inverse of a run's ``done`` changes; what changed since is skipped and listed in ``source.skipped``.

    A create is taken back by archiving, since nothing is ever deleted (S5). Raises `Refused` for a receipt of another
    company or url, and `PleoError`.
    """
    _check_owner(receipt, workspace)
    done = [change for change in receipt["changes"] if change["status"] == "done" and change["pleoId"]]
    live = _read(reader, done)
    result, skipped = Reconciliation(), []
    by_id = {record.id: record for record in _all(live)}
    groups = {record.id: record for record in live.groups or ()}
    for change in done:
        problem = _inverse(change, by_id.get(change["pleoId"]), groups, result)
        if problem is not None:
            skipped.append({"address": change["address"], "reason": problem})
    result.sorted()
    _count(result, live)
    archives = [c for c in result.changes if c.action == "archive" and c.kind == "account"]
    warnings: list[Warned] = in_order(list(in_use_warnings(archives, reader.accounts_in_use)))
    guard = check_guard(result.changes, result.active, workspace.guard, acknowledged)
    return freeze(
        _head(receipt, workspace, done, skipped, result.active), live, result, warnings, guard, reader.counts.read
    )


def _check_owner(receipt: dict[str, Any], workspace: Workspace) -> None:
    for name, mine in (("company", workspace.company), ("url", workspace.url)):
        theirs = str(receipt.get(name, mine))
        if theirs.lower().rstrip("/") != mine.lower():
            raise Refused(f"the receipt is of {name} {theirs}, this workspace is for {mine}")


def _head(
    receipt: dict[str, Any],
    workspace: Workspace,
    done: list[dict[str, Any]],
    skipped: list[dict[str, str]],
    active: dict[str, int],
) -> dict[str, Any]:
    kinds = {_kind(change) for change in done}
    codes = {_group_code(change) for change in done if _kind(change) == "tag"}
    return {
        "company": workspace.company,
        "url": workspace.url,
        "scope": {
            "accounts": "account" in kinds,
            "dimensions": sorted(codes),
        },
        "context": context("some" if kinds & {"tag", "tagGroup"} else "none", [], active),
        "source": {"type": "undo", "receipt": receipt["runId"], "skipped": skipped},
    }


def _kind(change: dict[str, Any]) -> str:
    return str(change["address"].partition(":")[0])


def _group_code(change: dict[str, Any]) -> str:
    return unescape_part(change["address"].partition(":")[2].partition("/")[0])


def _read(reader: PleoReader, done: list[dict[str, Any]]) -> LiveState:
    """All records of the kinds that the run touched, since the guard needs to know how many there are."""
    kinds = {_kind(change) for change in done}
    live = LiveState()
    if "account" in kinds:
        live.accounts = reader.accounts()
    if kinds & {"tag", "tagGroup"}:
        live.groups = reader.groups()
    if "tag" in kinds:
        touched = reader.tags_by_id([c["pleoId"] for c in done if _kind(c) == "tag"])
        for tag in reader.tags({tag.parent or "" for tag in touched}):
            live.tags.setdefault(tag.parent or "", []).append(tag)
    return live


def _all(live: LiveState) -> list[Live]:
    return [*(live.accounts or ()), *(live.groups or ()), *(tag for tags in live.tags.values() for tag in tags)]


def _inverse(
    change: dict[str, Any], record: Live | None, groups: dict[str, Live], result: Reconciliation
) -> str | None:
    """Add the change that takes this one back, or say why there is none."""
    if record is None:
        return "it is no longer in Pleo"
    was = change["before"] or {**change["after"], "archived": True}
    names = tuple(name for name in change["after"] if name != "archived")
    now, left = record.state(names), {name: change["after"].get(name) for name in ("archived", *names)}
    if now != left:
        moved = ", ".join(differing(left, now))
        return f"{moved} changed since; it stays as it is"
    kind, before, after = _kind(change), record.state(names), {name: was.get(name) for name in ("archived", *names)}
    parent = None
    if kind == "tag":
        group = groups.get(record.parent or "")
        if group is None:
            return "its tag group is no longer in Pleo"
        parent = Parent(group_address(_group_code(change)), group.id)
    fields = differing(before, after)
    result.changes.append(Change(
        change["address"], kind, INVERSE[change["action"]], record.id, parent, before, after, fields,
        f"takes back: {change['action']}", None, key=key_of(change["address"]),
    ))  # fmt: skip
    return None


def _count(result: Reconciliation, live: LiveState) -> None:
    changes: Counter[tuple[str, str]] = Counter((c.kind, c.action) for c in result.changes)
    for (kind, action), number in changes.items():
        result.counts[kind][action] = number
    totals = live.counts()
    for kind in KINDS:
        if totals[kind]:
            result.counts[kind]["unchanged"] = totals[kind] - sum(result.counts[kind].values())
    result.active["account"] = sum(not r.archived for r in live.accounts or ())
    result.active["tagGroup"] = sum(not r.archived for r in live.groups or ())
    codes = {c.parent.id: c.parent.address.partition(":")[2] for c in result.changes if c.parent is not None}
    for group, tags in live.tags.items():
        if group in codes:
            result.active[f"tag:{codes[group]}"] = sum(not t.archived for t in tags)
