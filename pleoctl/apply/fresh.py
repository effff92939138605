"""Is live Pleo still what the plan saw? Asked before the first write (law 2)."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pleoctl.apply.compare import differences, matches
from pleoctl.errors import Finding, Refused
from pleoctl.model.kinds import KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.run.receipt import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.model.addresses import Address
    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.pleo.kinds import KindApis


@dataclass(slots=True)
class Fresh:
    """What the re-read found.

    ``records`` are the touched records by id; ``groups`` gives a tag group's id by its address; ``tags`` are all tags
    of the groups that were read whole; ``stale`` says what moved; ``taken`` are look-alikes that creates became;
    ``begun`` are drafts that an earlier run created and did not come to activate, by the address of the create;
    ``adopted`` are records that became a create's and are to be brought in line, by id, as they were before.
    """

    results: dict[Address, Result]
    records: dict[str, Live] = field(default_factory=dict)
    groups: dict[Address, str | None] = field(default_factory=dict)
    tags: dict[str, list[Live]] = field(default_factory=lambda: defaultdict(list))
    stale: list[Finding] = field(default_factory=list)
    taken: dict[str, Address] = field(default_factory=dict)
    begun: dict[Address, Live] = field(default_factory=dict)
    adopted: dict[str, Live] = field(default_factory=dict)

    def may_take(self, record: Live, address: Address) -> bool:
        """Whether the change at this address may have the record: nobody else wants it, and no other change took it."""
        wants = {r.change.id: r.change.action for r in self.results.values() if r.change.id is not None}
        free = wants.get(record.id) == "archive" or (record.archived and record.id not in wants)
        return free and self.taken.setdefault(record.id, address) == address

    def forget(self) -> None:
        """Drop what only a write needs; the results stay."""
        self.records.clear()
        self.tags.clear()


class FreshCheck:
    """Reads what the changes touch and judges each change: go, already done, or stale."""

    def __init__(self, apis: KindApis, changes: list[Change]) -> None:
        """``apis`` by kind name."""
        self._apis = apis
        self._changes = changes
        self._out = Fresh({c.address: Result(c) for c in changes})
        self._flipped = {c.address for c in changes if c.kind == TAG_GROUP.name and c.action == "unarchive"}

    def run(self) -> Fresh:
        """Judge all changes. Raises `PleoError` if the records cannot be read."""
        for kind in flat_kinds():
            self._judge(self._of(kind.name), ())
        groups = self._of(TAG_GROUP.name)
        self._judge(groups, ())
        self._name_groups(groups)
        tags = self._of(TAG.name)
        self._judge(tags, self._whole_groups(groups, tags))
        return self._out

    def _of(self, kind: str) -> list[Change]:
        return [c for c in self._changes if c.kind == kind]

    def _name_groups(self, groups: list[Change]) -> None:
        for change in groups:
            self._out.groups[change.address] = self._out.results[change.address].id or change.id
        for change in self._of(TAG.name):
            if change.parent is not None and change.parent.id is not None:
                self._out.groups[change.parent.address] = change.parent.id

    def _whole_groups(self, groups: list[Change], tags: list[Change]) -> set[str]:
        """Groups with creates; and groups to be unarchived, since that may carry their tags along (K24)."""
        addresses = {c.parent.address for c in tags if c.parent is not None and c.action == "create"}
        addresses |= {c.address for c in groups if c.address in self._flipped}
        return {group for a in addresses if (group := self._out.groups.get(a)) is not None}

    def _judge(self, changes: list[Change], whole: Iterable[str]) -> None:
        groups = set(whole)
        api = self._apis[changes[0].kind if changes else TAG.name]
        records = api.reread(changes, groups)
        by_id = {record.id: record for record in records}
        by_key: dict[tuple[str | None, str], list[Live]] = defaultdict(list)
        for record in records:
            by_key[record.parent, api.kind.normalise(record.key)].append(record)
            if record.parent in groups:
                self._out.tags[record.parent or ""].append(record)
        self._out.records.update(by_id)
        for change in changes:
            if change.id is None:
                group = self._out.groups.get(change.parent.address) if change.parent else None
                self._judge_create(change, by_key.get((group, api.kind.normalise(change.key)), []))
            else:
                self._judge_write(change, by_id.get(change.id))

    def _judge_create(self, change: Change, twins: list[Live]) -> None:
        if len(twins) == 1 and matches(twins[0], change.after, change.kind):
            self._already(change, twins[0])
        elif len(twins) == 1 and differences(twins[0], change.after, change.kind).keys() == {"state"}:
            self._out.begun[change.address] = twins[0]
        elif twins:
            moved = differences(twins[0], change.after, change.kind)
            self._stale(change, "exists by now", moved)

    def _judge_write(self, change: Change, record: Live | None) -> None:
        if record is None:
            self._stale(change, "is no longer in Pleo", {})
            return
        _check_identity(change, record)
        before, after = change.before or {}, change.after
        if self._came_along(change, record):
            # A write of its state settles it either way.
            before = {**before, "archived": False}
        if matches(record, after, change.kind):
            self._already(change, record)
        elif _is_between(record, change):
            return
        elif moved := differences(record, before, change.kind):
            self._stale(change, "changed", moved)

    def _came_along(self, change: Change, record: Live) -> bool:
        """Whether unarchiving its group, which an earlier run has done, may be why a tag is active (K24)."""
        if change.parent is None or change.parent.address not in self._flipped or record.archived:
            return False
        group = self._out.records.get(record.parent or "")
        return group is not None and not group.archived

    def _already(self, change: Change, record: Live) -> None:
        result = self._out.results[change.address]
        result.status, result.id = "alreadyDone", record.id

    def _stale(self, change: Change, words: str, moved: dict[str, tuple[object, object]]) -> None:
        saw = "wants" if change.action == "create" else "saw"
        details = "; ".join(
            f"{name}: the plan {saw} {_shown(planned)}, Pleo has {_shown(now)}"
            for name, (planned, now) in moved.items()
        )
        message = f"{change.address} {words}{f': {details}' if details else ''}"
        self._out.results[change.address].error = {"code": "stale", "message": message, "httpStatus": None}
        self._out.stale.append(
            Finding("stale", message, address=str(change.address), hint="make a new plan: `pleoctl plan -o FILE`")
        )


def _is_between(record: Live, change: Change) -> bool:
    """Whether only the first of two writes was done: each field is as before or as planned.

    Confirming or unarchiving a vendor may take an activation and a PUT (V4, V5).
    """
    if not KINDS[change.kind].has_drafts or change.action not in {"confirm", "unarchive"} or record.key != change.key:
        return False
    left = differences(record, change.after, change.kind).keys()
    return not left & differences(record, change.before or {}, change.kind).keys()


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _check_identity(change: Change, record: Live) -> None:
    """Raise `Refused` where a plan's address speaks of one record and its id of another: protection goes by address."""
    kind = KINDS[change.kind]
    stray = change.parent is not None and change.parent.id not in {None, record.parent}
    known = change.action == "confirm" or kind.normalise(change.address.key) == kind.normalise(record.key)
    if stray or not known:
        raise Refused(
            f"{change.address} and Pleo's record {record.id} do not belong together",
            hint="make a new plan: `pleoctl plan -o FILE`",
        )
