"""Entries of a workspace's lists that name no record, most likely because they are misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.model.addresses import Address, Named
from pleoctl.model.kinds import ACCOUNT, TAG, TAG_GROUP
from pleoctl.plan.warnings import warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.records import DesiredState
    from pleoctl.plan.document import Warned
    from pleoctl.reconcile.changes import LiveState
    from pleoctl.workspace.settings import GuardLimits

LEAVE_KEYS: Final = {ACCOUNT.name: "accounts.leave", TAG_GROUP.name: "dimensions.leave"}


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
            yield _warning(LEAVE_KEYS[kind], entry)


def _warning(key: str, entry: str) -> Warned:
    return warning("matches-nothing", None, f"{key} names {entry!r}, which neither Pleo nor the desired state has")


class _World:
    """The records and rows that a plan knows of, by their addresses' identity."""

    def __init__(self, desired: DesiredState, live: LiveState) -> None:
        self._read = {ACCOUNT.name: live.accounts is not None, TAG_GROUP.name: live.groups is not None}
        groups = {group.id: group for group in live.groups or ()}
        known = [*_live(live, {identity: group.key for identity, group in groups.items()}), *_rows(desired)]
        self._known = {address.identity for address in known}
        self._read_groups = {Address(TAG_GROUP.name, groups[i].key).identity for i in live.tags if i in groups}

    def has(self, address: Address) -> bool:
        """Whether there is such a record, or it cannot be told."""
        if address.identity in self._known:
            return True
        if address.kind != TAG.name:
            return not self._read[address.kind]
        group = address.parent.identity if address.parent else None
        return not self._read[TAG_GROUP.name] or (group in self._known and group not in self._read_groups)


def _live(live: LiveState, codes: dict[str, str]) -> Iterator[Address]:
    yield from (Address(ACCOUNT.name, record.key) for record in live.accounts or ())
    yield from (Address(TAG_GROUP.name, record.key) for record in live.groups or ())
    for group, tags in live.tags.items():
        yield from (Address(TAG.name, tag.key, codes.get(group, "")) for tag in tags)


def _rows(desired: DesiredState) -> Iterator[Address]:
    yield from (Address(ACCOUNT.name, row.key) for row in desired.accounts or () if row.key is not None)
    for dimension in desired.dimensions or ():
        code = dimension.row.key
        if code is not None:
            yield Address(TAG_GROUP.name, code)
            values = dimension.values or ()
            yield from (Address(TAG.name, value.key, code) for value in values if value.key is not None)
