"""Build a plan: read live Pleo completely, reconcile, warn, guard, prove convergence, freeze."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl import __version__
from pleoctl.documents.canonical import digest_rows
from pleoctl.errors import PleoctlError
from pleoctl.model.kinds import KINDS
from pleoctl.plan.artifact import FORMAT_VERSION, Plan, change_json
from pleoctl.plan.guard import Guard, check_guard
from pleoctl.plan.requests import writes
from pleoctl.plan.warnings import Warned, account_warnings, held_warnings, in_order
from pleoctl.reconcile.changes import ACTIONS, LiveState, Reconciliation, Scope
from pleoctl.reconcile.dimensions import groups_to_read
from pleoctl.reconcile.run import reconcile
from pleoctl.reconcile.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pleoctl.model.records import DesiredState
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.reconcile.changes import Change
    from pleoctl.workspace.workspace import GuardLimits


LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inputs:
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
    further: Callable[[list[Change]], list[Warned]] = field(default=lambda _: [])


def build_plan(inputs: Inputs, reader: PleoReader) -> Plan:
    """The plan that brings live Pleo to the desired state. Raises `InvalidFile`, `PleoError`, `Refused`."""
    live = read_live(reader, inputs.desired, inputs.scope)
    LOG.info("read %s with %d requests", _told(live), reader.counts.read)
    result = reconcile(inputs.desired, live, inputs.scope)
    LOG.info("compared with %s: %d changes", ", ".join(inputs.desired.files), len(result.changes))
    warnings = list(_warnings(inputs, live, result, reader)) if inputs.advise else []
    guard = check_guard(result.changes, result.active, inputs.limits, inputs.acknowledged)
    _prove(inputs, live, result)
    return freeze(_head(inputs, live, result), live, result, warnings, guard, reader.counts.read)


def read_live(reader: PleoReader, desired: DesiredState, scope: Scope) -> LiveState:
    """As little of live Pleo as the scope needs, completely (law 1, law 7)."""
    live = LiveState(usage=_remembered(reader.usage))
    if scope.accounts and desired.accounts is not None:
        live.accounts = reader.accounts()
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
    return ", ".join(f"{number} {KINDS[kind].plural}" for kind, number in live.counts().items())


def _remembered(usage: Callable[[str], dict[str, int]]) -> Callable[[str], dict[str, int]]:
    known: dict[str, dict[str, int]] = {}

    def ask(group: str) -> dict[str, int]:
        if group not in known:
            known[group] = usage(group)
        return known[group]

    return ask


def _warnings(inputs: Inputs, live: LiveState, result: Reconciliation, reader: PleoReader) -> list[Warned]:
    found = list(held_warnings(result))
    if live.accounts is not None:
        found += account_warnings(inputs.desired, result.changes, reader.accounts_in_use)
    return in_order([*found, *inputs.further(result.changes)])


def _prove(inputs: Inputs, live: LiveState, result: Reconciliation) -> None:
    """Simulate the plan: reconciling again must give no change."""
    if not result.changes:
        return
    again = reconcile(inputs.desired, simulate(live, result.changes), inputs.scope)
    if again.changes:
        names = ", ".join(c.address for c in again.changes[:5])
        raise PleoctlError(
            f"the plan does not converge: {names} would change again", hint="please report this as a bug"
        )


def freeze(
    head: dict[str, Any],
    live: LiveState,
    result: Reconciliation,
    warnings: list[Warned],
    guard: Guard,
    reads: int,
) -> Plan:
    """The artifact's body in its published shape; ``head`` says for whom and from what the plan was made."""
    body: dict[str, Any] = {
        "formatVersion": FORMAT_VERSION,
        "kind": "Plan",
        "pleoctlVersion": __version__,
        **head,
        "live": {"digest": _live_digest(live), "counts": live.counts()},
        "summary": summary(result),
        "requests": {"read": reads, "write": writes(result.changes)},
        "guard": guard.as_json(),
        "warnings": warnings,
        "changes": [change_json(change) for change in result.changes],
    }
    return Plan(body, result.changes)


def context(groups: str, left: list[str], active: Mapping[str, int]) -> dict[str, Any]:
    """What the totals do not tell: which tag groups are in scope, which are left, and what shares are taken of."""
    return {"tagGroups": groups, "left": left, "active": dict(sorted(active.items()))}


def _head(inputs: Inputs, live: LiveState, result: Reconciliation) -> dict[str, Any]:
    dimensions = inputs.scope.dimensions
    head: dict[str, Any] = {
        "company": inputs.company,
        "url": inputs.url,
        "scope": {
            "accounts": live.accounts is not None,
            "dimensions": sorted(dimensions or ()),
        },
        "context": context(
            "none" if dimensions is None else "some" if inputs.scope.partial else "all", result.left, result.active
        ),
        "desired": {"digest": inputs.desired.digest, "files": inputs.desired.files},
    }
    if inputs.desired.uses_dates:
        head["today"] = inputs.scope.today
    return head


def summary(result: Reconciliation) -> dict[str, Any]:
    """Totals, and the same per kind that has any."""
    names = (*ACTIONS, "unchanged", "ignored", "held")
    total: Counter[str] = Counter()
    by_kind = {}
    for kind, counts in result.counts.items():
        total += counts
        if counts:
            by_kind[kind] = {name: counts[name] for name in names}
    return {**{name: total[name] for name in names}, "byKind": by_kind}


def _live_digest(live: LiveState) -> str:
    return digest_rows(_live_rows(live))


def _live_rows(live: LiveState) -> Iterator[Any]:
    lists = [live.accounts, live.groups, *(tags for _, tags in sorted(live.tags.items()))]
    for records in lists:
        yield records is None
        for r in sorted(records or (), key=lambda record: record.id):
            yield [r.id, r.key, r.archived, r.fields]
