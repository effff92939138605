"""Plan and apply against a sandbox without the command line, without sleeping, and with all laws checked."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from clocks import FakeTime
from pleoctl.apply.run import Hooks, Target, apply_plan, check_plan
from pleoctl.errors import PleoError
from pleoctl.machine import on
from pleoctl.plan.build import Inputs, build_plan
from pleoctl.pleo.reader import PleoReader
from pleoctl.pleo.writer import PleoWriter
from pleoctl.reconcile import Scope
from pleoctl.remote.auth import basic
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.run.doubts import wait_out
from pleoctl.run.shared import Runs
from pleoctl.workspace.limits import Limits
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.model.addresses import Address
    from pleoctl.model.records import DesiredState
    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value

C = TypeVar("C", bound=PleoReader)
KINDS = {"taxCodes": "taxCode", "accounts": "account", "tagGroups": "tagGroup", "tags": "tag", "vendors": "vendor"}


@dataclass
class Engine:
    """One sandbox, one desired state, one scope."""

    pleo: Sandbox
    root: Path
    desired: DesiredState
    scope: Scope = field(default_factory=Scope)
    limits: GuardLimits = field(default_factory=GuardLimits)
    timeout: float = 10.0
    time: FakeTime = field(default_factory=FakeTime)

    @property
    def target(self) -> Target:
        """Where plans are applied."""
        return Target(self.pleo.url, self.pleo.company, self.limits, Runs([self.root / ".pleoctl" / "runs"]))

    def client(self, kind: type[C], stop: threading.Event | None = None) -> C:
        """A reader or writer whose waits take no time."""
        budget = Budget(None, stop=stop, machine=self.time)
        service = Service(self.pleo.url, "Pleo", Limits(self.timeout), loopback=True, failure=PleoError)
        return kind(Transport(service, basic(self.pleo.api_key, ""), budget, pool=8), self.pleo.company)

    def plan(self, acknowledged: int | None = None) -> Plan:
        """A plan as `pleoctl plan` makes it."""
        with on(self.time):
            wait_out(self.target.runs.places)
        reader = self.client(PleoReader)
        try:
            return build_plan(
                Inputs(self.desired, self.scope, self.limits, self.pleo.company, self.pleo.url, acknowledged), reader
            )
        finally:
            reader.close()

    def approved(self) -> Plan:
        """A plan with the archives approved that it has, where the guard asks for it."""
        plan = self.plan()
        if plan.guard_passed:
            return plan
        return self.plan(sum(change.action == "archive" for change in plan.changes))

    def apply(self, plan: Plan, stop: threading.Event | None = None) -> Receipt:
        """Carry a plan out as `pleoctl apply` does."""
        writer = self.client(PleoWriter, stop)
        try:
            check_plan(plan, self.target)
            with on(self.time):
                return apply_plan(plan, self.target, writer, Hooks(stop or threading.Event()))
        finally:
            writer.close()


def statuses(applied: Receipt) -> dict[str, int]:
    """Changes of a receipt per status."""
    return dict(applied.counts())


def keys(state: Json) -> Counter[tuple[str, str, str]]:
    """How many records stand under each key that must stay unique."""
    found = Counter(("account", "", record["externalId"]) for record in state["accounts"])
    found.update(("tagGroup", "", record["code"].casefold()) for record in state["tagGroups"])
    found.update(("tag", record["groupId"], record["code"].casefold()) for record in state["tags"])
    found.update(("taxCode", "", record["code"]) for record in state["taxCodes"] if record["code"])
    found.update(("vendor", "", record["externalId"]) for record in state["vendors"] if record["externalId"])
    return found


def by_id(state: Json) -> dict[str, tuple[str, Json]]:
    """Every record with its kind."""
    return {record["id"]: (kind, record) for name, kind in KINDS.items() for record in state[name]}


def check_untouched(before: Json, after: Json, plans: list[Plan], *, cascades: bool = False) -> None:
    """No record is lost or doubled, and nothing moves that no plan named; foreign fields stay as they were."""
    for key, number in keys(after).items():
        assert number <= max(1, keys(before)[key]), f"duplicate made: {key}"
    old, new = by_id(before), by_id(after)
    assert old.keys() <= new.keys()
    changes = [change for plan in plans for change in plan.changes]
    moved = {change.id: change for change in changes if change.id is not None}
    archived = {change.id for change in changes if change.action == "archive"}
    groups = {change.id for change in changes if change.kind == "tagGroup"} if cascades else set()
    for identity, (kind, record) in old.items():
        now = new[identity][1]
        for name in ("metadata", "extra", "otherDimensionValues", "usage", "usedByCategory", "usedByContra"):
            assert record.get(name) == now.get(name), f"{kind} {identity}: {name} changed"
        if kind not in {"account", "vendor"}:
            assert record["code"] == now["code"]
        if record.get("groupId") in groups:
            continue
        if identity not in moved:
            assert _plain(record) == _plain(now), f"{kind} {identity} moved without a plan"
        if now["archived"] and not record["archived"]:
            assert identity in archived, f"{kind} {identity} archived without a plan"


def _plain(record: Json) -> Json:
    return {name: value for name, value in record.items() if name != "updatedAt"}


def check_contract(pleo: Sandbox) -> None:
    """Pleo saw no DELETE and no request outside its contract."""
    stats = pleo.stats()
    assert stats["deletes"] == 0
    assert stats["violations"] == []


def refused_by_pleo(applied: Receipt) -> set[Address]:
    """Addresses that Pleo itself refused, and those blocked by them; nothing else may be open."""
    open_results = [r for r in applied.results if r.status not in {"done", "alreadyDone"}]
    for result in open_results:
        error = result.error or {}
        reason = error.get("code"), error.get("httpStatus")
        kept = error.get("code") == "cannot-clear"
        assert kept or result.status == "blocked" or (error.get("httpStatus") or 0) in {400, 404, 409}, (
            result.change.address,
            result.status,
            reason,
            error.get("message"),
        )
    return {result.change.address for result in open_results}


def read_json(path: Path) -> Value:
    """A JSON file's content."""
    return json.loads(path.read_text(encoding="utf-8"))
