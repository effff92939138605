"""The guard: how much a plan may archive before a person has to say the number.

Per kind, and for tags per group, with n archives of a active live records:
``archive-count`` n > count (tag groups: 1) · ``archive-share`` n > 3 and n/a > share · ``archive-all`` n = a ·
``protected``: an address that is never archived · ``left-alone``: a record that the workspace leaves alone, in a plan
made before. No acknowledgement lifts the last two.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.model.kinds import KINDS
from pleoctl.model.shape import Told
from pleoctl.plan.document import Limits, Verdict
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pleoctl.model.addresses import Bucket
    from pleoctl.model.changes import Change
    from pleoctl.workspace.settings import GuardLimits

SMALL: Final = 3


def check_guard(
    changes: Iterable[Change], active: Mapping[Bucket, int], limits: GuardLimits, acknowledged: int | None
) -> Verdict:
    """Judge the archives of a plan; an acknowledged number must be that of all its archives."""
    given = list(changes)
    archives = [c for c in given if c.action == "archive"]
    findings = [*_left(given, limits), *_protected(archives, limits)]
    if acknowledged is None:
        findings += _amounts(archives, active, limits)
    elif acknowledged != len(archives):
        words = f"{many(len(archives), 'archive', 'is', 'are')} in the plan, not {acknowledged}"
        findings.append(Finding("wrong-number", words, hint=f"--allow-archive {len(archives)}"))
    return Verdict(not findings, acknowledged, Limits(limits.count, limits.share), Told.each(findings))


def _left(changes: list[Change], limits: GuardLimits) -> Iterable[Finding]:
    left = limits.left
    for change in changes if left else ():
        if change.address in left or change.address.parent in left:
            yield Finding(
                "left-alone",
                f"is to be left alone, and the plan has its {change.action}",
                address=str(change.address),
                hint="the workspace's leave names it; make a new plan: `pleoctl plan -o FILE`",
            )


def _protected(archives: list[Change], limits: GuardLimits) -> Iterable[Finding]:
    protected = limits.protected
    for change in archives:
        for kept in protected.below(change.address):
            yield Finding(
                "protected",
                f"is protected, and its tag group {change.address} would be archived",
                address=str(kept),
                hint="guard.protect in the workspace names it; --allow-archive does not lift it",
            )
        if change.address in protected:
            yield Finding(
                "protected",
                "is protected and would be archived",
                address=str(change.address),
                hint="guard.protect in the workspace names it; --allow-archive does not lift it",
            )


def _amounts(archives: list[Change], active: Mapping[Bucket, int], limits: GuardLimits) -> Iterable[Finding]:
    total = len(archives)
    known = {bucket.identity: number for bucket, number in active.items()}
    counted = Counter(change.address.bucket.identity for change in archives)
    shown = {change.address.bucket.identity: change.address.bucket for change in archives}
    for bucket in sorted(shown.values(), key=str):
        n = counted[bucket.identity]
        a = max(known.get(bucket.identity, 0), n)
        own = KINDS[bucket.kind].most_archives
        most = limits.count if own is None else own
        address, hint = str(bucket), f"if that is right, plan it with --allow-archive {total}"
        if n > most:
            words = f"{n} {bucket.title} would be archived, more than {most}"
            yield Finding("archive-count", words, address=address, hint=hint)
        if n > SMALL and n / a > limits.share:
            words = f"{n} of {a} active {bucket.title} would be archived, more than {limits.share:.0%}"
            yield Finding("archive-share", words, address=address, hint=hint)
        if n == a:
            yield Finding("archive-all", f"all {a} active {bucket.title} would be archived", address=address, hint=hint)
