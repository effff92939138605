"""The plan artifact's shape, one definition for people's types, for decoding and (tested equal) for its JSON Schema.

Changes are `Change` of the reconciliation itself: what is decided, shown, sent and kept is one object.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from pleoctl.model.addresses import Address
from pleoctl.model.changes import Change, PleoId
from pleoctl.model.shape import Strict, Told

Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}\Z")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Number = Annotated[int, Meta(ge=0)]


class Context(Strict):
    """What the totals do not tell: which tag groups are in scope, what is left alone, what shares are taken of.

    ``archived`` are the tags, by their groups' ids, that stay archived although their group is unarchived.
    """

    tag_groups: Literal["none", "some", "all"]
    left: list[str]
    active: dict[str, Number]
    archived: dict[PleoId, list[PleoId]] | UnsetType = UNSET


class Desired(Strict):
    """The desired state that the plan was made from."""

    digest: Digest
    files: list[str]


class Skipped(Strict):
    """A change of a receipt that cannot be taken back, and why."""

    address: Address
    reason: str


class Undone(Strict):
    """The run that an undo plan takes back, in place of a desired state."""

    type: Literal["undo"]
    receipt: str
    skipped: list[Skipped] | UnsetType = UNSET


class LiveDigest(Strict):
    """What was read of Pleo."""

    digest: Digest
    counts: dict[str, Number]


class Counts(Strict):
    """Changes per action, and records that need none."""

    create: Number
    update: Number
    unarchive: Number
    archive: Number
    unchanged: Number
    ignored: Number
    held: Number
    confirm: Number = 0


class Summary(Counts, kw_only=True):
    """Totals, and the same per kind that has any."""

    by_kind: dict[str, Counts]


class Requests(Strict):
    """Logical requests: of making the plan, and of carrying it out; of those, ``confirm`` activate drafts."""

    read: Number
    write: Number
    confirm: Number = 0


class Limits(Strict):
    """The guard's limits that the plan was judged by."""

    count: Number
    share: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]


class Verdict(Strict):
    """The guard's verdict; ``acknowledged`` is the number of archives that a person has approved."""

    passed: bool
    acknowledged: Number | None
    limits: Limits
    findings: list[Told]


class Warned(Strict):
    """One thing that a reviewer should know beyond the changes."""

    code: str
    address: str | None
    message: str


class Head(Strict, kw_only=True):
    """A plan without its id and changes."""

    format_version: Literal[1]
    kind: Literal["Plan"]
    pleoctl_version: str
    company: str
    url: str
    scope: dict[str, bool | list[str]]
    context: Context | UnsetType = UNSET
    desired: Desired | UnsetType = UNSET
    source: Undone | UnsetType = UNSET
    today: Day | UnsetType = UNSET
    live: LiveDigest
    summary: Summary
    requests: Requests
    guard: Verdict
    warnings: list[Warned]


class PlanFile(Head, kw_only=True):
    """The whole artifact."""

    id: Digest
    changes: list[Change]
