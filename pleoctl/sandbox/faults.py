"""Faults on purpose: which calls they strike, and what they do to them.

A fault is a value: a kind, selectors that say which calls it strikes, and the details of its kind. All
selectors of a fault must agree; a fault without selectors strikes every call that its kind can strike.
Several faults may strike one call.
"""

from __future__ import annotations

import dataclasses
import random
import re
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pleoctl.sandbox.errors import BadInput, Record, refuse_unknown
from pleoctl.sandbox.seed import RECORD_FIELDS
from pleoctl.sandbox.settings import camel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FaultKind = Literal[
    "lostAnswer", "droppedBefore", "status", "slow", "truncatedBody", "htmlBody", "earlyEnd", "wrongTotal",
    "repeatedPage", "stalledCursor", "shortPage", "lag", "expireToken", "actor",
]  # fmt: skip
EditOp = Literal["create", "update", "rename", "archive", "unarchive", "delete"]
RecordKind = Literal["account", "tagGroup", "tag"]
PAGE_KINDS: Final = frozenset({"earlyEnd", "wrongTotal", "repeatedPage", "stalledCursor", "shortPage"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What another client does to one record.

    ``key`` is an externalId, a group code, or ``(group code, tag code)``; ``fields`` are the camel-cased
    fields that it sets. ``create`` does nothing to a record that exists, the others nothing to one that does
    not.
    """

    op: EditOp
    kind: RecordKind
    key: str | tuple[str, str]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an operation, kind or key that does not exist."""
        _one_of("op", self.op, get_args(EditOp))
        _one_of("kind", self.kind, get_args(RecordKind))
        refuse_unknown(self.fields, RECORD_FIELDS[self.kind], "fields")
        if (self.kind == "tag") != (isinstance(self.key, tuple) and len(self.key) == 2):  # noqa: PLR2004 - a pair
            raise BadInput("key", "is a pair of group code and tag code for a tag, else one text")

    @classmethod
    def from_mapping(cls, data: Any, where: str) -> Edit:
        """An edit from a config file or the control endpoint. Raises `BadInput`."""
        if not isinstance(data, dict):
            raise BadInput(where, "must be a mapping")
        refuse_unknown(data, [f.name for f in dataclasses.fields(cls)], where)
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        try:
            return cls(**values)
        except TypeError:
            raise BadInput(where, "needs op, kind and key") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. Raises `BadInput` naming a field that cannot be.

    Selectors: ``method``; ``path``, a regular expression searched in the path without its query; ``nth``, the
    one matching call that it strikes, counted from 1; ``every``, each so many matching calls; ``probability``
    with ``seed``, the same calls in every run; ``times``, how often it strikes at most.

    Details: ``status``, ``commit`` (whether the call is carried out all the same), ``retry_after`` in seconds
    and ``retry_after_as``; ``seconds`` (slow, lag) and ``when`` (slow, actor); ``reads`` (lag); ``by``
    (wrongTotal); ``edits`` (actor).
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    times: int | None = None
    status: int = 503
    commit: bool = False
    retry_after: float | None = None
    retry_after_as: Literal["seconds", "date"] = "seconds"
    seconds: float = 0.0
    when: Literal["before", "after"] = "before"
    reads: int = 0
    by: int = 1
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that no field documents."""
        _one_of("kind", self.kind, get_args(FaultKind))
        _one_of("when", self.when, ("before", "after"))
        _one_of("retryAfterAs", self.retry_after_as, ("seconds", "date"))
        for name, least, most in _WHOLE:
            _bounded(name, getattr(self, name), least, most, int)
        for name, least, most in _NUMBERS:
            _bounded(camel(name), getattr(self, name), least, most, int, float)
        if self.kind == "actor" and not self.edits:
            raise BadInput("edits", "an actor needs at least one edit")
        if self.kind == "lag" and not (self.reads or self.seconds):
            raise BadInput("reads", "a lag needs reads or seconds")
        _pattern(self.path)

    @classmethod
    def from_mapping(cls, data: Any, where: str = "fault") -> Fault:
        """A fault from its camel-cased fields. Raises `BadInput`."""
        if not isinstance(data, dict):
            raise BadInput(where, "must be a mapping")
        names = {camel(f.name): f.name for f in dataclasses.fields(cls)}
        refuse_unknown(data, names, where)
        values = {names[k]: v for k, v in data.items()}
        if "edits" in values:
            values["edits"] = tuple(Edit.from_mapping(e, f"{where}.edits[{n}]") for n, e in enumerate(values["edits"]))
        try:
            return cls(**values)
        except BadInput as error:
            raise BadInput(f"{where}.{error.field}", error.message) from None
        except TypeError:
            raise BadInput(where, "a field is missing or of the wrong type") from None

    def as_json(self) -> Record:
        """The fields that differ from their defaults, camel-cased."""
        shown = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        changed = {k: v for k, v in shown.items() if v != _defaults()[k]}
        if self.edits:
            changed["edits"] = [dataclasses.asdict(edit) for edit in self.edits]
        return {camel(k): v for k, v in changed.items()}

    def matches(self, call: Struck) -> bool:
        """Whether the call is one that this fault counts."""
        return (
            (self.method is None or self.method.upper() == call.method)
            and (self.path is None or _pattern(self.path).search(call.path) is not None)
            and (self.kind not in PAGE_KINDS or call.paged)
            and (self.kind != "repeatedPage" or call.has_cursor)
            and (self.kind != "lag" or call.writes)
        )


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault looks at to decide whether it strikes a call."""

    method: str
    path: str
    paged: bool
    has_cursor: bool
    writes: bool


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
        self._random = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose

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
def _defaults() -> dict[str, Any]:
    missing = dataclasses.MISSING
    return {f.name: None if f.default is missing else f.default for f in dataclasses.fields(Fault)}


@cache
def _pattern(path: str | None) -> re.Pattern[str]:
    try:
        return re.compile(path or "")
    except (re.error, TypeError) as error:
        raise BadInput("path", f"is not a regular expression: {error}") from None


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadInput(name, f"{value!r} is not one of {', '.join(allowed)}")


def _bounded(name: str, value: Any, least: float, most: float, *kinds: type) -> None:
    if value is not None and (type(value) not in kinds or not least <= value <= most):
        noun = "a number" if float in kinds else "a whole number"
        raise BadInput(name, f"must be {noun} from {least}" + (f" to {most}" if most < _MANY else ""))


_MANY: Final = 10**9
_WHOLE: Final = (
    ("nth", 1, _MANY), ("every", 1, _MANY), ("times", 1, _MANY), ("reads", 0, _MANY), ("by", -_MANY, _MANY),
    ("seed", -_MANY, _MANY), ("status", 400, 599),
)  # fmt: skip
_NUMBERS: Final = (("seconds", 0, _MANY), ("retry_after", 0, _MANY), ("probability", 0, 1))
