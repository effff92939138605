"""Faults on purpose: which calls they strike, and what they do to them.

A fault is a value: a kind, selectors that say which calls it strikes, and the details of its kind. All
selectors of a fault must agree; a fault without selectors strikes every call that its kind can strike.
Several faults may strike one call.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from pleoctl.sandbox.errors import BadInput, Record, refuse_unknown
from pleoctl.sandbox.kinds import PARTS
from pleoctl.sandbox.typed import Document, checked, decoded

if TYPE_CHECKING:
    from collections.abc import Iterable

FaultKind = Literal[
    "lostAnswer",
    "droppedBefore",
    "status",
    "slow",
    "truncatedBody",
    "htmlBody",
    "earlyEnd",
    "wrongTotal",
    "repeatedPage",
    "stalledCursor",
    "shortPage",
    "lag",
    "expireToken",
    "revokeGrant",
    "actor",
    "partialUpdate",
    "updateErrors",
]
EditOp = Literal["create", "update", "rename", "archive", "unarchive", "delete", "cancel"]
PAGE_KINDS: Final = frozenset({"earlyEnd", "wrongTotal", "repeatedPage", "stalledCursor", "shortPage"})
BATCH_KINDS: Final = frozenset({"partialUpdate", "updateErrors"})


class Edit(Document, frozen=True, kw_only=True):
    """What another client does to one record.

    ``key`` is an externalId, a group code, ``(group code, tag code)``, the id of an export job, or
    ``(job id, accountingEntryId)``; ``fields`` are the camel-cased fields that it sets. ``create`` does nothing to a
    record that exists, the others nothing to one that does not. ``cancel`` is what a user does to an export job.
    """

    op: EditOp
    kind: str
    key: str | tuple[str, str]
    fields: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an operation, kind or key that does not exist."""
        checked(self)
        part = PARTS.get(self.kind)
        if part is None:
            raise BadInput("kind", f"{self.kind!r} is not one of {', '.join(PARTS)}")
        refuse_unknown(self.fields, part.fields, "fields")
        if (part.parent is not None) != isinstance(self.key, tuple):
            raise BadInput("key", "is a pair of the owner's key and its own for tags and export items, else one text")
        if self.op == "cancel" and self.kind != "exportJob":
            raise BadInput("op", "only an export job can be canceled")


Positive = Annotated[int, Meta(ge=1)]
Duration = Annotated[float, Meta(ge=0)]


class Fault(Document, frozen=True, kw_only=True):
    """One fault. Raises `BadInput` naming a field that cannot be.

    All selectors that are given must agree: ``method``, ``path``, ``nth``, ``every``, ``probability`` and ``times``.
    """

    kind: FaultKind
    """What happens to a call that is struck."""
    method: str | None = None
    """Strikes only calls with this HTTP method."""
    path: str | None = None
    """Regular expression searched in the path, without its query."""
    nth: Positive | None = None
    """Strikes the one matching call with this number, counted from 1."""
    every: Positive | None = None
    """Strikes each so many matching calls."""
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Strikes a matching call with this probability."""
    seed: int = 0
    """Makes probability strike the same calls in every run."""
    times: Positive | None = None
    """Strikes at most this often."""
    status: Annotated[int, Meta(ge=400, le=599)] = 503
    """status, partialUpdate: the HTTP status."""
    commit: bool = False
    """status: whether the call is carried out all the same; updateErrors: whether what is called wrong is stored."""
    retry_after: Duration | None = None
    """status: seconds of the Retry-After header."""
    retry_after_as: Literal["seconds", "date"] = "seconds"
    """status: the form of that header."""
    seconds: Duration = 0.0
    """slow: how long; lag: after how many seconds lists show the write."""
    when: Literal["before", "after"] = "before"
    """slow, actor: before or after the call is carried out."""
    reads: Annotated[int, Meta(ge=0)] = 0
    """lag: how many list or search calls do not show the write."""
    by: int = 1
    """wrongTotal: by how much the total is wrong; updateErrors: how many updates of the call are called wrong."""
    edits: tuple[Edit, ...] = ()
    """actor: what another client does."""

    def __post_init__(self) -> None:
        """Refuse values that no field documents."""
        checked(self)
        if self.kind == "actor" and not self.edits:
            raise BadInput("edits", "an actor needs at least one edit")
        if self.kind == "lag" and not (self.reads or self.seconds):
            raise BadInput("reads", "a lag needs reads or seconds")
        _pattern(self.path)

    @classmethod
    def from_mapping(cls, data: Any) -> Fault:
        """A fault from its camel-cased fields. Raises `BadInput`."""
        return decoded(data, cls, "fault")

    def as_json(self) -> Record:
        """The fields that differ from their defaults, camel-cased."""
        defaults = {field.encode_name: field.default for field in msgspec.structs.fields(self)}
        values: Record = msgspec.to_builtins(self)
        return {name: value for name, value in values.items() if value != defaults[name] and value != []}

    def matches(self, call: Struck) -> bool:
        """Whether the call is one that this fault counts."""
        return (
            (self.method is None or self.method.upper() == call.method)
            and (self.path is None or _pattern(self.path).search(call.path) is not None)
            and (self.kind not in PAGE_KINDS or call.paged)
            and (self.kind != "repeatedPage" or call.has_cursor)
            and (self.kind != "lag" or call.writes)
            and (self.kind not in BATCH_KINDS or call.batch)
        )


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault looks at to decide whether it strikes a call."""

    method: str
    path: str
    paged: bool
    has_cursor: bool
    writes: bool
    batch: bool


@dataclass(frozen=True, slots=True)
class Effects:
    """All faults that strike one call, asked by what they do."""

    faults: tuple[Fault, ...] = ()

    def of(self, kind: FaultKind) -> Fault | None:
        """The first fault of a kind, if one strikes."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    def seconds(self, when: str) -> float:
        """How long the call waits before or after it is carried out."""
        return sum(fault.seconds for fault in self.faults if fault.kind == "slow" and fault.when == when)

    def edits(self, when: str) -> list[Edit]:
        """What other clients do just before or after the call."""
        return [e for fault in self.faults if fault.kind == "actor" and fault.when == when for e in fault.edits]

    @property
    def kinds(self) -> list[str]:
        """The kinds that strike, in the order they were added."""
        return [fault.kind for fault in self.faults]


class _Armed:
    """A fault with its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.fired = 0
        self._random = random.Random(fault.seed)  # repeatable on purpose

    def strikes(self, call: Struck) -> bool:
        fault = self.fault
        if not fault.matches(call):
            return False
        self.matched += 1
        lucky = fault.probability is None or self._random.random() < fault.probability
        strikes = (
            lucky
            and (fault.nth is None or self.matched == fault.nth)
            and (fault.every is None or self.matched % fault.every == 0)
            and (fault.times is None or self.fired < fault.times)
        )
        self.fired += strikes
        return strikes

    def as_json(self) -> Record:
        return self.fault.as_json() | {"matched": self.matched, "fired": self.fired}


class FaultPlan:
    """The faults that are in force. Thread-safe."""

    def __init__(self) -> None:
        """Start without faults."""
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Put faults in force; their counts start at zero."""
        with self._lock:
            self._armed.extend(_Armed(fault) for fault in faults)

    def clear(self) -> None:
        """Lift all faults."""
        with self._lock:
            self._armed.clear()

    def strike(self, call: Struck) -> Effects:
        """Count a call with every fault and say which of them strike it."""
        with self._lock:
            return Effects(tuple(armed.fault for armed in self._armed if armed.strikes(call)))

    def as_json(self) -> list[Record]:
        """Each fault with how many calls it matched and struck."""
        with self._lock:
            return [armed.as_json() for armed in self._armed]


@cache
def _pattern(path: str | None) -> re.Pattern[str]:
    try:
        return re.compile(path or "")
    except (re.error, TypeError) as error:
        raise BadInput("path", f"is not a regular expression: {error}") from None
