"""What goes into a reconciliation and what comes out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pleoctl.model.addresses import Address, Bucket, Named
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, flat_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.place import Place


class Held(Struct, frozen=True):
    """A record that stays as it is, and why; ``address`` is None for a row without a key."""

    kind: str
    address: Address | None
    reason: str
    origin: Place | None
    code: str = "held-row"


class LiveState:
    """What was read from Pleo: records of flat kinds by the kind's name, tag groups, tags by group id.

    ``usage`` asks for expenses per tag of a group (T66).
    """

    __slots__ = ("flat", "groups", "tags", "usage")
    flat: dict[str, list[Live]]
    groups: list[Live] | None
    tags: dict[str, list[Live]]
    usage: Callable[[str], dict[str, int]]

    def __init__(
        self,
        accounts: list[Live] | None = None,
        groups: list[Live] | None = None,
        tags: dict[str, list[Live]] | None = None,
        usage: Callable[[str], dict[str, int]] = lambda _: {},
    ) -> None:
        """Accounts, tag groups, tags; other kinds go into ``flat``, and what is absent was not read."""
        self.flat = {} if accounts is None else {ACCOUNT.name: accounts}
        self.groups, self.tags, self.usage = groups, tags or {}, usage

    def has(self, kind: str) -> bool:
        """Whether a kind was read."""
        return kind in self.flat if KINDS[kind].is_flat else self.groups is not None

    def counts(self) -> dict[str, int]:
        """Records per kind, archived ones included."""
        found = {kind.name: len(self.flat.get(kind.name, ())) for kind in flat_kinds()}
        return {**found, TAG_GROUP.name: len(self.groups or ()), TAG.name: sum(map(len, self.tags.values()))}

    def lists(self) -> Iterator[tuple[Bucket, list[Live]]]:
        """Every list of records with the bucket that the guard counts it in."""
        for kind in flat_kinds():
            yield Bucket(kind.name), self.flat.get(kind.name, [])
        yield Bucket(TAG_GROUP.name), self.groups or []
        codes = {group.id: group.key for group in self.groups or ()}
        for group, tags in self.tags.items():
            yield Bucket(TAG.name, codes.get(group, "")), tags


class Scope(Struct, frozen=True):
    """What a plan may touch.

    ``without`` are flat kinds that are out of it. ``dimensions`` are the selected codes in scope, None where tags are
    not managed; ``partial`` says that other groups are out of scope (``--dimension``) and must neither be read further
    nor archived. ``leave`` has the keys of records to leave alone, by the names of their kinds.
    """

    without: frozenset[str] = frozenset()
    dimensions: tuple[str, ...] | None = None
    partial: bool = False
    leave: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rename_groups: bool = False
    today: str = ""

    @property
    def left(self) -> Named:
        """Records that are neither changed nor archived."""
        return Named.by_key(self.leave)

    def has(self, kind: str) -> bool:
        """Whether a flat kind is in scope."""
        return kind not in self.without


class Reconciliation(Struct):
    """The outcome: changes, held records, counts per kind, and the active live records per guard bucket."""

    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    notes: list[Held] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in KINDS})
    active: dict[Bucket, int] = field(default_factory=dict)
    left: list[Address] = field(default_factory=list)

    def sorted(self) -> Reconciliation:
        """The same with everything in a fixed order."""
        self.changes.sort(key=lambda c: c.sort_key)
        self.held.sort(key=lambda h: (list(KINDS).index(h.kind), str(h.address or ""), str(h.origin or ""), h.reason))
        self.notes.sort(key=lambda h: (h.code, str(h.address or ""), h.reason))
        self.left.sort(key=str)
        return self
