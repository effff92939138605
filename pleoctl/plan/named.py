"""Entries of a workspace's lists that name no record, most likely because they are misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.addresses import Address, Named
from pleoctl.model.kinds import KINDS, TAG, TAG_GROUP
from pleoctl.plan.warnings import warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.records import DesiredState
    from pleoctl.plan.document import Warned
    from pleoctl.reconcile.changes import LiveState
    from pleoctl.workspace.settings import GuardLimits


def unmatched_warnings(limits: GuardLimits, desired: DesiredState, live: LiveState) -> Iterator[Warned]:
    """One warning for each entry of ``protect`` and ``leave`` that neither Pleo nor the desired state has.

    Of what was not read nothing is said.
    """
    if not limits.protect and not any(limits.leave.values()):
        return
    world = _World(desired, live)
    for entry in limits.protected.unmatched(world.has):
        yield _warning("guard.protect", entry)
    for kind, entries in limits.leave.items():
        for entry in Named.by_key({kind: entries}).unmatched(world.has):
            yield _warning(f"{KINDS[kind].section}.leave", entry)


def _warning(key: str, entry: str) -> Warned:
    return warning("matches-nothing", None, f"{key} names {entry!r}, which neither Pleo nor the desired state has")


class _World:
    """The records and rows that a plan knows of, by their addresses' identity."""

    def __init__(self, desired: DesiredState, live: LiveState) -> None:
        self._live = live
        groups = {group.id: group for group in live.groups or ()}
        records = [Address(b.kind, record.key, b.group) for b, listed in live.lists() for record in listed]
        self._known = {address.identity for address in (*records, *_rows(desired))}
        self._read_groups = {Address(TAG_GROUP.name, groups[i].key).identity for i in live.tags if i in groups}

    def has(self, address: Address) -> bool:
        """Whether there is such a record, or it cannot be told."""
        if address.identity in self._known or not self._live.has(address.kind):
            return True
        if address.parent is None:
            return False
        group = address.parent.identity
        return group in self._known and group not in self._read_groups


def _rows(desired: DesiredState) -> Iterator[Address]:
    for kind, rows in desired.flat.items():
        yield from (Address(kind, row.key) for row in rows if row.key is not None)
    for dimension in desired.dimensions or ():
        code = dimension.row.key
        if code is not None:
            yield Address(TAG_GROUP.name, code)
            values = dimension.values or ()
            yield from (Address(TAG.name, value.key, code) for value in values if value.key is not None)
