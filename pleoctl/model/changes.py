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


class Change(Strict, kw_only=True, rename={"id": "pleoId"}):
    """One write to be reviewed. ``before`` is None for a create; states hold archived, code, name, tax code.

    ``origin`` is where its row stands, None where it has none. The fields stand in the order of canonical documents, in
    which they are read and written fastest.
    """

    action: Action
    address: Address
    after: State
    before: State | None
    fields: list[str]
    kind: str
    origin: Place | None
    parent: Parent | None
    id: PleoId | None
    reason: str
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


class _Shapes(dict[tuple[Any, ...], bool]):
    """Which names with values of which types make a state of a kind; few occur, in a plan of any size."""

    def __missing__(self, shape: tuple[Any, ...]) -> bool:
        kind, names, types = shape
        wanted = [(bool,) if name == "archived" else (str, NoneType) for name in names]
        typed = all(one in many for one, many in zip(types, wanted, strict=True))
        sound = typed and "archived" in names and {*names} <= {"archived", *KINDS[kind].stated}
        if sound:  # others may be of any number
            self[shape] = True
        return sound


_SHAPES: Final = _Shapes()


def is_state(state: State, kind: str) -> bool:
    """Whether a state holds ``archived`` and, as texts or nothing, fields of its kind."""
    return _SHAPES[kind, tuple(state), tuple(map(type, state.values()))]
