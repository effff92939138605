"""The guard: how much a plan may archive before a person has to say the number.

Per kind, and for tags per group, with n archives of a active live records:
``archive-count`` n > count (tag groups: 1) · ``archive-share`` n > 3 and n/a > share · ``archive-all`` n = a ·
``protected``: an address that is never archived, which no acknowledgement lifts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding
from pleoctl.model.addresses import base_address
from pleoctl.model.kinds import KINDS, TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pleoctl.reconcile.changes import Change
    from pleoctl.workspace.workspace import GuardLimits

MAX_GROUP_ARCHIVES: Final = 1
SMALL: Final = 3


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard's verdict; ``acknowledged`` is the number of archives that a person has approved."""

    passed: bool
    acknowledged: int | None
    count: int
    share: float
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The ``guard`` section of a plan."""
        return {
            "passed": self.passed,
            "acknowledged": self.acknowledged,
            "limits": {"count": self.count, "share": self.share},
            "findings": [f.as_json() for f in self.findings],
        }


def check_guard(
    changes: Iterable[Change], active: Mapping[str, int], limits: GuardLimits, acknowledged: int | None
) -> Guard:
    """Judge the archives of a plan; an acknowledged number must be that of all its archives."""
    archives = [c for c in changes if c.action == "archive"]
    findings = list(_protected(archives, limits.protect))
    if acknowledged is None:
        findings += _amounts(archives, active, limits)
    elif acknowledged != len(archives):
        words = f"{len(archives)} archives are in the plan, not {acknowledged}"
        findings.append(Finding("wrong-number", words, hint=f"--allow-archive {len(archives)}"))
    return Guard(not findings, acknowledged, limits.count, limits.share, findings)


def bucket_of(change: Change) -> str:
    """``account``, ``tagGroup`` or ``tag:<group>``."""
    if change.kind != TAG.name or change.parent is None:
        return change.kind
    return f"tag:{change.parent.address.partition(':')[2]}"


def _protected(archives: list[Change], protect: tuple[str, ...]) -> Iterable[Finding]:
    known = {_fold(address) for address in protect}
    for change in archives:
        if _fold(base_address(change.address)) in known:
            yield Finding("protected", "is protected and would be archived", address=change.address,
                          hint="guard.protect in the workspace names it; --allow-archive does not lift it")  # fmt: skip


def _fold(address: str) -> str:
    kind, _, rest = address.partition(":")
    return f"{kind}:{KINDS[kind].normalise(rest)}" if kind in KINDS else address


def _amounts(archives: list[Change], active: Mapping[str, int], limits: GuardLimits) -> Iterable[Finding]:
    total = len(archives)
    for bucket, n in sorted(Counter(map(bucket_of, archives)).items()):
        a = max(active.get(bucket, 0), n)
        kind = KINDS[bucket.partition(":")[0]]
        most = MAX_GROUP_ARCHIVES if bucket == "tagGroup" else limits.count
        where = f"{kind.plural} of {bucket.partition(':')[2]}" if bucket.startswith("tag:") else kind.plural
        hint = f"if that is right: --allow-archive {total}"
        if n > most:
            yield Finding(
                "archive-count", f"{n} {where} would be archived, more than {most}", address=bucket, hint=hint
            )
        if n > SMALL and n / a > limits.share:
            words = f"{n} of {a} active {where} would be archived, more than {limits.share:.0%}"
            yield Finding("archive-share", words, address=bucket, hint=hint)
        if n == a:
            yield Finding("archive-all", f"all {a} active {where} would be archived", address=bucket, hint=hint)
