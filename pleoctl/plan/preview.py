"""A first look at what a source's rows would do to live Pleo: counts, shared keys, whether another key fits better.

Nothing is kept: `build_plan` makes what can be applied. Here a person sees whether the section says what was meant.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from pleoctl.model.changes import ACTIONS
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.place import Place
from pleoctl.plan.build import read_live
from pleoctl.plan.guard import check_guard
from pleoctl.reconcile.run import reconcile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.errors import Finding
    from pleoctl.model.changes import Change
    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Live, Row
    from pleoctl.plan.build import Inputs
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.reconcile.changes import LiveState, Reconciliation

#: Changes of each action that stand for the rest.
EXAMPLES: Final = 3


@dataclass(slots=True)
class Shared:
    """How the active rows of one kind and Pleo's records know each other.

    ``matched`` rows have a record of their key, ``live`` are Pleo's active records; ``counts`` are changes by action.
    ``same_code`` rows have the code of a record with another key, which a plan would replace; ``better`` is another
    field by which at least twice as many rows would match, with that number.
    """

    kind: Kind
    rows: int
    live: int
    matched: int
    counts: dict[str, int]
    same_code: int = 0
    better: tuple[str, int] | None = None
    examples: list[Change] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For ``--format json``."""
        numbers = {"rows": self.rows, "live": self.live, "matched": self.matched, "sameCode": self.same_code}
        better = None if self.better is None else {"field": self.better[0], "matched": self.better[1]}
        return {**numbers, **self.counts, "better": better, "examples": [_shown(change) for change in self.examples]}


def _shown(change: Change) -> dict[str, Any]:
    return {"action": change.action, "address": str(change.address), "before": change.before, "after": change.after}


@dataclass(slots=True)
class Preview:
    """What a plan of these rows would do; ``refused`` is what its guard would say."""

    url: str
    shared: list[Shared]
    refused: list[Finding]
    requests: int

    def as_json(self) -> dict[str, Any]:
        """For ``--format json``."""
        kinds = {one.kind.name: one.as_json() for one in self.shared}
        refused = [one.as_json() for one in self.refused]
        return {"url": self.url, "kinds": kinds, "guard": refused, "requests": self.requests}


def preview(inputs: Inputs, reader: PleoReader) -> Preview:
    """Compare rows with live Pleo, read only. Raises as `build_plan` does, but for the guard."""
    live = read_live(reader, inputs.desired, inputs.scope)
    result = reconcile(inputs.desired, live, inputs.scope)
    guard = check_guard(result.changes, result.active, inputs.limits, None)
    shared = list(_shared(inputs, live, result))
    return Preview(inputs.url, shared, [told.finding for told in guard.findings], reader.counts.read)


def _shared(inputs: Inputs, live: LiveState, result: Reconciliation) -> Iterator[Shared]:
    for kind in flat_kinds():
        if kind.name in live.flat and kind.name in inputs.desired.flat:
            rows, records = inputs.desired.flat[kind.name], live.flat[kind.name]
            one = _counted(kind, [(rows, records)], result)
            one.same_code = _same_code(kind, rows, records)
            one.better = _better(kind, rows, records, one.matched)
            yield one
    if live.groups is None:
        return
    selected = {code.casefold() for code in inputs.scope.dimensions or ()}
    dimensions = [d for d in inputs.desired.dimensions or () if (d.row.key or "").casefold() in selected]
    yield _counted(TAG_GROUP, [([d.row for d in dimensions], live.groups)], result)
    ids = {group.key.casefold(): group.id for group in live.groups}
    pairs = [(d.values or [], live.tags.get(ids.get((d.row.key or "").casefold(), ""), [])) for d in dimensions]
    yield _counted(TAG, pairs, result)


def _counted(kind: Kind, pairs: Iterable[tuple[list[Row], list[Live]]], result: Reconciliation) -> Shared:
    rows = live = matched = 0
    for desired, records in pairs:
        keys = {kind.normalise(record.key) for record in records}
        active = [row for row in desired if row.active and row.hold is None and row.key is not None]
        rows += len(active)
        live += sum(not record.archived and not record.is_draft for record in records)
        matched += sum(kind.normalise(row.key or "") in keys for row in active)
    counted = result.counts[kind.name]
    counts = {name: counted[name] for name in (*ACTIONS, "unchanged", "held")}
    return Shared(kind, rows, live, matched, counts, examples=list(_examples(kind, result.changes)))


def _examples(kind: Kind, changes: list[Change]) -> Iterator[Change]:
    own = sorted((c for c in changes if c.kind == kind.name), key=lambda c: ACTIONS.index(c.action))
    for _, same in groupby(own, key=lambda c: c.action):
        for change in list(same)[:EXAMPLES]:
            if change.origin is not None and not change.origin.line:
                # Records of a server or a book have no line.
                change.origin = Place(change.origin.file)
            yield change


def _same_code(kind: Kind, rows: list[Row], records: list[Live]) -> int:
    if kind.key == "code" or "code" not in kind.names:
        return 0
    keys = {kind.normalise(record.key) for record in records}
    wanted = {kind.normalise(row.key) for row in rows if row.key is not None}
    # A plan confirms a draft that has the code, and replaces nothing.
    kept = [record for record in records if not record.is_draft]
    others = {record.fields.get("code") for record in kept if kind.normalise(record.key) not in wanted}
    new = (row for row in rows if row.active and row.key is not None and kind.normalise(row.key) not in keys)
    return sum(row.fields.get("code") in others - {None} for row in new)


def _better(kind: Kind, rows: list[Row], records: list[Live], matched: int) -> tuple[str, int] | None:
    """A field of the rows that says what Pleo has as its key: then the identity was chosen otherwise before."""
    keys = {kind.normalise(record.key) for record in records}
    found = Counter(
        name
        for row in rows
        if row.active and row.hold is None
        for name in kind.names
        if name != kind.key and (value := row.fields.get(name)) and kind.normalise(value) in keys
    )
    most = max(found, key=lambda name: found[name], default=None)
    return (most, found[most]) if most is not None and found[most] >= max(2 * matched, 1) else None
