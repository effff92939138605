"""The order of writes. Waves run one after another; the tasks of a wave may run side by side.

    accounts     create ─▶ unarchive, update ─▶ archive                                             (A8)
    tag groups   create, unarchive, update ────────────────────────────────────────────▶ archive    (T7)
    tags                        └▶ archive ─▶ unarchive, rename ─▶ create ─┘

Within a group, losers of duplicates and gone values go first: they free places (T55) and codes (T63).

Pleo may refuse a vendor a code or name that another one has. So a change that frees what another one wants comes first,
whatever its action; where they want each other's, Pleo's answer decides.

ExternalIds that only look alike are different accounts (A6), but Pleo may take one for the other. So an archive
waits for its look-alike that comes in the same plan (`rivals`): otherwise both could be gone in the end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pleoctl.model.kind import loose
from pleoctl.model.kinds import KINDS
from pleoctl.plan.requests import is_bulk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.addresses import Address
    from pleoctl.model.changes import Change
    from pleoctl.model.kind import Kind

Operation = Literal["create", "batch", "put", "bulk"]


@dataclass(frozen=True, slots=True)
class Task:
    """One request, or one create or PUT of a single record."""

    operation: Operation
    changes: list[Change]


def waves(changes: list[Change]) -> Iterator[list[Task]]:
    """The tasks of a plan, wave by wave as the kinds say, none empty."""
    found: dict[tuple[int, int, int], list[Change]] = defaultdict(list)
    depths = _depths(changes)
    for change in changes:
        kind = KINDS[change.kind]
        number = kind.waves[change.action]
        found[min(kind.waves.values()) if kind.unique else number, depths.get(change.address, 0), number].append(change)
    for place in sorted(found):
        wave = found[place]
        yield [task for kind in KINDS.values() for task in _tasks(kind, [c for c in wave if c.kind == kind.name])]


def _depths(changes: list[Change]) -> dict[Address, int]:
    """How many changes must come one after another before each that wants what another frees; 0 in a circle."""
    kept = [(change, name) for change in changes for name in KINDS[change.kind].unique]
    frees = {(c.kind, name, value): c for c, name in kept if (value := _freed(c, name)) is not None}
    following: dict[Address, list[Address]] = defaultdict(list)
    waits: Counter[Address] = Counter()
    for change, name in kept:
        before = frees.get((change.kind, name, change.after.get(name)))
        if before is not None and change.action != "archive":
            following[before.address].append(change.address)
            waits[change.address] += 1
    depths = {change.address: 0 for change, _ in kept}
    ready = [address for address in depths if not waits[address]]
    for address in ready:
        for later in following[address]:
            depths[later] = max(depths[later], depths[address] + 1)
            waits[later] -= 1
            if not waits[later]:
                ready.append(later)
    return {address: depth for address, depth in depths.items() if not waits[address]}


def _freed(change: Change, name: str) -> Any:
    """The value of a unique field that the record has no longer, or has archived, once the change is written."""
    before = (change.before or {}).get(name)
    return before if change.action == "archive" or change.after.get(name) != before else None


def _tasks(kind: Kind, changes: list[Change]) -> Iterator[Task]:
    creates = [c for c in changes if c.action == "create"]
    others = [c for c in changes if c.action != "create"]
    yield from _creates(creates, kind.create_batch)
    yield from _bulk(others, kind.archive_batch)


def rivals(changes: list[Change]) -> dict[Address, Change]:
    """By the address of an archive, the create or unarchive of a record that looks like the one archived.

    One that itself waits for what the archive frees is no rival.
    """
    kinds = {kind.name for kind in KINDS.values() if not kind.folds_case}
    coming = {(c.kind, loose(c.key)): c for c in changes if c.kind in kinds and c.action in {"create", "unarchive"}}
    depths = _depths(changes)
    found = {}
    for change in changes:
        other = coming.get((change.kind, loose(change.key))) if change.action == "archive" else None
        if other is not None and depths.get(other.address, 0) <= depths.get(change.address, 0):
            found[change.address] = other
    return found


def _creates(changes: list[Change], batch: int) -> list[Task]:
    if batch == 1 or len(changes) == 1:
        return [Task("create", [change]) for change in changes]
    return [Task("batch", part) for part in _parts(changes, batch)]


def _bulk(changes: list[Change], batch: int) -> list[Task]:
    plain = [c for c in changes if is_bulk(c)]
    singles = [Task("put", [change]) for change in changes if not is_bulk(change)]
    return [*(Task("bulk", part) for part in _parts(plain, batch)), *singles]


def _parts(changes: list[Change], size: int) -> Iterator[list[Change]]:
    for start in range(0, len(changes), size):
        yield changes[start : start + size]
