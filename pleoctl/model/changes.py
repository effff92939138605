"""One write to be reviewed, and the states of a record before and after it."""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from pleoctl.model.addresses import Address
from pleoctl.model.kinds import KINDS
from pleoctl.model.shape import Strict
from pleoctl.place import Place

Action = Literal["create", "update", "unarchive", "archive", "confirm"]
ACTIONS: tuple[Action, ...] = ("create", "update", "unarchive", "archive", "confirm")


State = dict[str, Any]
"""``archived`` and the fields that a plan shows of a record."""
PleoId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,100}\Z")]
"""An id of Pleo's: it becomes part of paths, so nothing that leads elsewhere may stand in it."""


class Parent(Strict, rename={"id": "pleoId"}):
    """The tag group of a tag: its address, and its Pleo id unless this plan creates it."""

    address: Address
    id: PleoId | None


class Change(Strict, rename={"id": "pleoId"}):
    """One write to be reviewed. ``before`` is None for a create; states hold archived, code, name, tax code.

    ``origin`` is where its row stands, None where it has none.
    """

    address: Address
    kind: str
    action: Action
    id: PleoId | None
    parent: Parent | None
    before: State | None
    after: State
    fields: list[str]
    reason: str
    origin: Place | None
    warnings: list[str]

    @property
    def key(self) -> str:
        """What the record is found by: an account's externalId, a group's or tag's code as Pleo has it."""
        code = self.after.get(KINDS[self.kind].key)
        return self.address.key if code is None else str(code)

    @property
    def sort_key(self) -> tuple[int, str]:
        """Kinds in their order, then addresses (code points)."""
        return list(KINDS).index(self.kind), str(self.address)


class _States(dict[str, frozenset[str]]):
    """What a state of each kind may hold."""

    def __missing__(self, kind: str) -> frozenset[str]:
        return self.setdefault(kind, frozenset({"archived", *KINDS[kind].stated}))


_STATES: Final = _States()


def is_state(state: State, kind: str) -> bool:
    """Whether a state holds ``archived`` and, as texts or nothing, fields of its kind."""
    types = [type(value) for value in state.values()]
    sound = types.count(bool) == 1 and types.count(str) + types.count(NoneType) == len(types) - 1
    return sound and type(state.get("archived")) is bool and state.keys() <= _STATES[kind]
