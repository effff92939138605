"""What goes into a reconciliation and what comes out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pleoctl.model.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.records import Live

Action = Literal["create", "update", "unarchive", "archive"]
ACTIONS: tuple[Action, ...] = ("create", "update", "unarchive", "archive")


@dataclass(frozen=True, slots=True)
class Parent:
    """The tag group of a tag: its address, and its Pleo id unless this plan creates it."""

    address: str
    id: str | None


@dataclass(slots=True)
class Change:
    """One write to be reviewed. ``before`` is None for a create; states hold archived, code, name, tax code."""

    address: str
    kind: str
    action: Action
    id: str | None
    parent: Parent | None
    before: dict[str, Any] | None
    after: dict[str, Any]
    fields: list[str]
    reason: str
    origin: str | None
    warnings: list[str] = field(default_factory=list)
    key: str = ""

    @property
    def sort_key(self) -> tuple[int, str]:
        """Kinds in their order, then addresses (code points)."""
        return list(KINDS).index(self.kind), self.address


@dataclass(frozen=True, slots=True)
class Held:
    """A record that stays as it is, and why; ``address`` is None for a row without a key."""

    kind: str
    address: str | None
    reason: str
    origin: str | None
    code: str = "held-row"


@dataclass(slots=True)
class LiveState:
    """What was read from Pleo. ``tags`` by group id; ``usage`` asks for expenses per tag of a group (T66)."""

    accounts: list[Live] | None = None
    groups: list[Live] | None = None
    tags: dict[str, list[Live]] = field(default_factory=dict)
    usage: Callable[[str], dict[str, int]] = lambda _: {}

    def counts(self) -> dict[str, int]:
        """Records per kind, archived ones included."""
        return {
            "account": len(self.accounts or ()),
            "tagGroup": len(self.groups or ()),
            "tag": sum(map(len, self.tags.values())),
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan may touch.

    ``dimensions`` are the selected codes in scope, None where tags are not managed; ``partial`` says that other
    groups are out of scope (``--dimension``) and must neither be read further nor archived.
    """

    accounts: bool = True
    dimensions: tuple[str, ...] | None = None
    partial: bool = False
    leave: tuple[str, ...] = ()
    rename_groups: bool = False
    today: str = ""


@dataclass(slots=True)
class Reconciliation:
    """The outcome: changes, held records, counts per kind, and the active live records per guard bucket."""

    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    notes: list[Held] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in KINDS})
    active: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str | None]] = field(default_factory=list)

    def sorted(self) -> Reconciliation:
        """The same with everything in a fixed order."""
        self.changes.sort(key=lambda c: c.sort_key)
        self.held.sort(key=lambda h: (list(KINDS).index(h.kind), h.address or "", h.origin or "", h.reason))
        self.notes.sort(key=lambda h: (h.code, h.address or "", h.reason))
        self.left.sort()
        return self
