"""Build a plan: read live Pleo completely, reconcile, warn, guard, prove convergence, freeze."""

from __future__ import annotations

import logging
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from pleoctl import __version__
from pleoctl.desired.digest import digest_of
from pleoctl.documents.canonical import digest_rows
from pleoctl.model.changes import ACTIONS
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG_GROUP, TAX_CODE, flat_kinds
from pleoctl.plan.artifact import Plan
from pleoctl.plan.document import (
    Context,
    Counts,
    Desired,
    Head,
    LiveDigest,
    Requests,
    Summary,
    Undone,
    Verdict,
    Warned,
)
from pleoctl.plan.guard import check_guard
from pleoctl.plan.named import unmatched_warnings
from pleoctl.plan.requests import confirms, writes
from pleoctl.plan.warnings import (
    account_warnings,
    code_warnings,
    held_warnings,
    in_order,
    renumbered_warnings,
    tax_code_warnings,
    text_warnings,
)
from pleoctl.pleo.kinds import read as read_kind
from pleoctl.reconcile.changes import LiveState, Reconciliation, Scope
from pleoctl.reconcile.dimensions import groups_to_read
from pleoctl.reconcile.run import reconcile
from pleoctl.reconcile.simulate import prove
from pleoctl.watch import watched
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.workspace.settings import GuardLimits


LOG: Final = logging.getLogger(__name__)
_ID: Final = attrgetter("id")


class Inputs(Struct, frozen=True):
    """Everything a plan depends on besides live Pleo.

    ``advise`` False leaves out guard and warnings (``drift``); ``further`` adds warnings of other rooms (mapping).
    """

    desired: DesiredState
    scope: Scope
    limits: GuardLimits
    company: str
    url: str
    acknowledged: int | None = None
    advise: bool = True
    further: Callable[[list[Change]], list[Warned]] = lambda _: []


def build_plan(inputs: Inputs, reader: PleoReader) -> Plan:
    """The plan that brings live Pleo to the desired state. Raises `InvalidFile`, `PleoError`, `Refused`."""
    made_from = Desired(digest=digest_of(inputs.desired), files=inputs.desired.files)
    live = read_live(reader, inputs.desired, inputs.scope)
    LOG.info("read %s with %s", _told(live), many(reader.counts.read, "request"))
    result = reconcile(inputs.desired, live, inputs.scope)
    LOG.info("compared with %s: %s", ", ".join(inputs.desired.files), many(len(result.changes), "change"))
    prove(inputs.desired, live, inputs.scope, result)
    warnings = list(_warnings(inputs, live, result, reader)) if inputs.advise else []
    guard = check_guard(result.changes, result.active, inputs.limits, inputs.acknowledged)
    made = freeze(_frame(inputs, made_from, live, reader.counts.read), live, result, warnings, guard)
    if not inputs.advise:
        watched().refusals = None
    return made


def read_live(reader: PleoReader, desired: DesiredState, scope: Scope) -> LiveState:
    """As little of live Pleo as the scope needs, completely (law 1, law 7)."""
    live = LiveState(usage=_remembered(reader.usage))
    for kind in flat_kinds():
        if scope.has(kind.name) and kind.name in desired.flat:
            live.flat[kind.name] = read_kind(kind, reader)
    if scope.dimensions is not None:
        if scope.dimensions and desired.dimensions is not None:
            groups_to_read(desired, [], scope)
        live.groups = reader.groups()
        ids = groups_to_read(desired, live.groups, scope)
        live.tags = {group: [] for group in ids}
        for record in reader.tags(ids):
            live.tags[record.parent or ""].append(record)
    return live


def _told(live: LiveState) -> str:
    return ", ".join(many(number, KINDS[kind].title) for kind, number in live.counts().items())


def _remembered(usage: Callable[[str], dict[str, int]]) -> Callable[[str], dict[str, int]]:
    known: dict[str, dict[str, int]] = {}

    def ask(group: str) -> dict[str, int]:
        if group not in known:
            known[group] = usage(group)
        return known[group]

    return ask


def _warnings(inputs: Inputs, live: LiveState, result: Reconciliation, reader: PleoReader) -> list[Warned]:
    found = [*held_warnings(result), *unmatched_warnings(inputs.limits, inputs.desired, live)]
    found += [*renumbered_warnings(result.changes), *text_warnings(result.changes)]
    if live.has(ACCOUNT.name):
        found += account_warnings(inputs.desired, result.changes, reader.accounts_in_use)
        found += code_warnings(inputs.desired, live, result.left)
    if live.has(TAX_CODE.name):
        found += tax_code_warnings(inputs.desired, live, result.changes)
    return in_order([*found, *inputs.further(result.changes)])


class Frame(Struct, frozen=True):
    """For whom and from what a plan was made; ``reads`` are the logical requests that reading took."""

    company: str
    url: str
    scope: dict[str, bool | list[str]]
    groups: Literal["none", "some", "all"]
    reads: int
    desired: Desired | UnsetType = UNSET
    source: Undone | UnsetType = UNSET
    today: str | UnsetType = UNSET


def freeze(frame: Frame, live: LiveState, result: Reconciliation, warnings: list[Warned], guard: Verdict) -> Plan:
    """The sealed plan."""
    active = {str(bucket): number for bucket, number in result.active.items()}
    head = Head(
        format_version=1,
        kind="Plan",
        pleoctl_version=__version__,
        company=frame.company,
        url=frame.url,
        scope=frame.scope,
        context=Context(
            tag_groups=frame.groups,
            left=[str(address) for address in result.left],
            active=active,
            archived=_staying(live, result.changes) or UNSET,
        ),
        desired=frame.desired,
        source=frame.source,
        today=frame.today,
        live=LiveDigest(digest=digest_rows(_live_rows(live)), counts=live.counts()),
        summary=summary(result),
        requests=Requests(read=frame.reads, write=writes(result.changes), confirm=confirms(result.changes)),
        guard=guard,
        warnings=warnings,
    )
    made = Plan.of(head, result.changes)
    watch = watched()
    watch.made(made.id, ((change.kind, change.action) for change in made.changes))
    watch.held = Counter({kind: counts.held for kind, counts in head.summary.by_kind.items() if counts.held})
    watch.refusals = [finding.code for finding in guard.findings]
    return made


def _staying(live: LiveState, changes: list[Change]) -> dict[str, list[str]]:
    """Tags that stay archived in groups that are unarchived, which may carry them along (K24)."""
    touched = {change.id for change in changes}
    groups = (c.id for c in changes if (c.kind, c.action) == (TAG_GROUP.name, "unarchive") and c.id is not None)
    found = {
        group: sorted(tag.id for tag in live.tags.get(group, []) if tag.archived and tag.id not in touched)
        for group in groups
    }
    return {group: tags for group, tags in sorted(found.items()) if tags}


def _frame(inputs: Inputs, made_from: Desired, live: LiveState, reads: int) -> Frame:
    dimensions = inputs.scope.dimensions
    return Frame(
        inputs.company,
        inputs.url,
        {**{kind.section: live.has(kind.name) for kind in flat_kinds()}, TAG_GROUP.section: sorted(dimensions or ())},
        "none" if dimensions is None else "some" if inputs.scope.partial else "all",
        reads,
        desired=made_from,
        today=inputs.scope.today if inputs.desired.uses_dates else UNSET,
    )


def summary(result: Reconciliation) -> Summary:
    """Totals, and the same per kind that has any."""
    total = sum(result.counts.values(), Counter[str]())
    by_kind = {kind: Counts(**_counted(counts)) for kind, counts in result.counts.items() if counts}
    return Summary(**_counted(total), by_kind=by_kind)


def _counted(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in (*ACTIONS, "unchanged", "ignored", "held")}


def _live_rows(live: LiveState) -> Iterator[Any]:
    flat = [live.flat.get(kind.name) for kind in flat_kinds()]
    lists = [*flat, live.groups, *(tags for _, tags in sorted(live.tags.items()))]
    for records in lists:
        yield records is None
        yield from [[r.id, r.key, r.archived, r.fields] for r in sorted(records or (), key=_ID)]
