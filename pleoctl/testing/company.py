"""A small company to try a kind of record on: its records in the sandbox, the rows that it wants, plans and runs."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pleoctl.apply.run import Hooks, Target, apply_plan
from pleoctl.desired.read import checked
from pleoctl.machine import on
from pleoctl.model.kinds import KINDS, TAG, TAG_GROUP
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.plan.adopt import adopt
from pleoctl.plan.build import Inputs, build_plan
from pleoctl.plan.undo import undo_plan
from pleoctl.pleo.kinds import read as read_kind
from pleoctl.pleo.reader import PleoReader
from pleoctl.pleo.writer import PleoWriter
from pleoctl.reconcile import Scope
from pleoctl.run.kept import read_receipt
from pleoctl.run.shared import Runs
from pleoctl.sandbox import Sandbox, Seed
from pleoctl.sandbox.kinds import PARTS
from pleoctl.testing.chance import Chance
from pleoctl.testing.conformance import environment, head
from pleoctl.testing.machine import SimulatedMachine
from pleoctl.testing.pleo import SimulatedTransport, Weather
from pleoctl.workspace import Workspace
from pleoctl.workspace.find import FILE_NAME
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Live
    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt

R = TypeVar("R", bound=PleoReader)

GROUP: Final = "G"
DAY: Final = "2027-01-15"
FREE: Final = GuardLimits(count=1000, share=1.0)
NOWHERE: Final = 9
LATER: Final = 60.0


@dataclass(frozen=True, slots=True)
class KindCase:
    """One kind with sample values.

    ``samples`` gives two values of each field that cannot hold any text, such as a currency; ``seed`` puts right what a
    seed of the sandbox holds otherwise than a row of the desired state.
    """

    name: str
    samples: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seed: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row

    @property
    def kind(self) -> Kind:
        """Its row."""
        return KINDS[self.name]

    def fields(self, key: str, changed: Sequence[str] = ()) -> dict[str, str | None]:
        """All fields of the record with this key; those in ``changed`` have their other value."""
        found: dict[str, str | None] = {}
        for name in self.kind.names:
            one, other = self.samples.get(name, (f"{name} of {key}", f"new {name} of {key}"))
            found[name] = key if name == self.kind.key else other if name in changed else one
        return found

    def row(self, key: str, changed: Sequence[str] = (), *, without: Sequence[str] = (), **more: Any) -> Row:
        """What the company wants of a record."""
        fields = {name: value for name, value in self.fields(key, changed).items() if name not in without}
        return Row(key, fields, file="desired-state.yaml", line=1, **more)

    def record(self, key: str, *, archived: bool = False) -> dict[str, Any]:
        """A record in a seed."""
        return self.seed({**self.fields(key), self.kind.key: key, "archived": archived})


class Company:
    """Records of one kind in a Pleo of its own, on a machine on which nothing takes time."""

    def __init__(self, case: KindCase, folder: Path, records: Sequence[dict[str, Any]]) -> None:
        """``folder`` is empty; runs are kept there."""
        self._case, self._folder = case, folder
        self._machine = SimulatedMachine(Chance(given=()), folder / "state")
        self.pleo = Sandbox(seed=_seed(case.kind, records), clock=self._machine, port=NOWHERE)
        self._weather = Weather(Chance(given=()), 0.0, faults=0, deaths=0, edits=0)

    @classmethod
    @contextmanager
    def of(cls, case: KindCase, folder: Path, *records: dict[str, Any]) -> Iterator[Company]:
        """A company that is there for a while."""
        made = cls(case, folder, records)
        try:
            with on(made._machine):
                yield made
        finally:
            made.pleo.stop()

    def plan(self, rows: Sequence[Row], limits: GuardLimits = FREE, acknowledged: int | None = None) -> Plan:
        """The plan for these rows."""
        kind = self._case.kind
        state = DesiredState(files=["desired-state.yaml"])
        selected = None if kind.is_flat else tuple(row.key or "" for row in rows)
        if kind.is_flat:
            state.flat[kind.name] = list(rows)
        elif kind is TAG_GROUP:
            state.dimensions = [Dimension(row, []) for row in rows]
        else:
            state.dimensions = [Dimension(Row(GROUP, {"code": GROUP, "name": GROUP}), list(rows))]
            selected = (GROUP,)
        return self.planned(state, selected, limits, acknowledged)

    def planned(
        self,
        state: DesiredState,
        selected: tuple[str, ...] | None,
        limits: GuardLimits = FREE,
        acknowledged: int | None = None,
    ) -> Plan:
        """The plan for a whole state."""
        scope = Scope(dimensions=selected, rename_groups=True, today=DAY)
        inputs = Inputs(checked(state), scope, limits, self.pleo.company, self.pleo.url, acknowledged)
        with self._client(PleoReader) as reader:
            return build_plan(inputs, reader)

    def approved(self, rows: Sequence[Row]) -> Plan:
        """The plan for these rows, with all of its archives approved."""
        plan = self.plan(rows)
        archives = sum(change.action == "archive" for change in plan.changes)
        return plan if plan.guard_passed else self.plan(rows, acknowledged=archives)

    def apply(self, plan: Plan) -> Receipt:
        """Carry a plan out."""
        target = Target(self.pleo.url, self.pleo.company, FREE, Runs([self._folder / "runs"]))
        self._machine.sleep(LATER)
        with self._client(PleoWriter) as writer:
            return apply_plan(plan, target, writer, Hooks())

    def imported(self) -> Plan:
        """The plan that follows an import."""
        with self._client(PleoReader) as reader:
            adopted = adopt(reader)
        adopted.state.files = ["desired-state.yaml"]
        return self.planned(adopted.state, None if self._case.kind.is_flat else tuple(adopted.selected))

    def undone(self, receipt: Receipt) -> Plan:
        """The plan that takes a run back, approved."""
        (self._folder / "receipt.json").write_bytes(receipt.bytes)
        data = head() | {"company": self.pleo.company, "pleo": {"url": self.pleo.url, "auth": {"apiKey": "env:KEY"}}}
        limits = {"maxArchive": {"count": 1000, "share": 1}}
        (self._folder / FILE_NAME).write_text(json.dumps({**data, "guard": limits}), encoding="utf-8")
        kept = read_receipt(self._folder / "receipt.json")
        archives = sum(change.action in {"create", "unarchive"} for change in kept.changes)
        with environment({}), self._client(PleoReader) as reader:
            return undo_plan(kept, Workspace(self._folder / FILE_NAME), reader, archives or None)

    def records(self) -> dict[str, Live]:
        """What Pleo holds of the kind, by key."""
        kind = self._case.kind
        with self._client(PleoReader) as reader:
            if kind.is_flat:
                found = read_kind(kind, reader)
            else:
                found = reader.groups()
                if kind is TAG:
                    found = reader.tags([group.id for group in found])
        return {record.key: record for record in found}

    def _client(self, kind: type[R]) -> closing[R]:
        return closing(kind(SimulatedTransport(self._machine, self.pleo, self._weather), self.pleo.company))


def _seed(kind: Kind, records: Sequence[dict[str, Any]]) -> Seed:
    if kind is TAG:
        sections: dict[str, Any] = {"tag_groups": [{"code": GROUP, "name": GROUP, "tags": list(records)}]}
    else:
        sections = {PARTS[kind.name].section: list(records)}
    return Seed(**sections)
