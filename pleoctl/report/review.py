"""What a reviewer looks at first: one reading of a plan for markdown, html and the machine formats."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding
from pleoctl.model.kinds import KINDS, kind_titles
from pleoctl.place import Place
from pleoctl.report.alike import apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.model.changes import Change, State
    from pleoctl.plan.artifact import Plan
    from pleoctl.plan.document import Counts, Summary, Warned

ACTIONS: Final = ("archive", "unarchive", "confirm", "update", "create")
TITLES: Final = {
    "archive": "Archives",
    "unarchive": "Unarchives",
    "confirm": "Confirmations",
    "update": "Updates",
    "create": "Creates",
}
_ALWAYS: Final = ("archive", "unarchive", "update", "create", "unchanged", "ignored", "held")
LEFT: Final = 20
# Warnings of an archive that something else in Pleo or in the mapping still points to.
IN_USE: Final = {
    "in-use-category": "a category uses it",
    "in-use-contra": "a contra account uses it",
    "mapping-target-archived": "the mapping books to it",
    "tax-code-in-use": "accounts or rules name it",
    "vendor-in-use": "the mapping books to it",
}


def risks(change: Change) -> list[str]:
    """Why a change deserves a second look; none if it does not."""
    renumbered = change.before is not None and "code" in change.fields and _is_renumbered(change.action, change.before)
    if not (renumbered or change.warnings):
        return []
    words = [text for code, text in IN_USE.items() if code in change.warnings]
    return ["its number changes", *words] if renumbered else words


def risk(change: Change) -> str:
    """The same in one line."""
    return ", ".join(risks(change))


def _is_renumbered(action: str, before: State) -> bool:
    return action != "archive" and (action != "confirm" or before.get("code") is not None)


def dimensions(plan: Plan) -> list[str]:
    """The codes of the selected dimensions."""
    selected = plan.head.scope["dimensions"]
    return selected if isinstance(selected, list) else []


def left_alone(plan: Plan) -> list[str]:
    """The records that the workspace leaves alone: the first ones, then how many more."""
    left = plan.head.context.left if plan.head.context else []
    return left if len(left) <= LEFT else [*left[:LEFT], f"and {len(left) - LEFT} more"]


def ranked(changes: Iterable[Change]) -> list[Change]:
    """The changes by action, the risky ones first; otherwise in the plan's order."""
    by_action: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_action[change.action].append(change)
    return [change for action in ACTIONS for change in risky_first(by_action[action])]


def risky_first(changes: list[Change]) -> list[Change]:
    """Changes of one action, those that deserve a second look first."""
    risky = list(map(risk, changes))
    if not any(risky):
        return changes
    first = [change for change, why in zip(changes, risky, strict=True) if why]
    return first + [change for change, why in zip(changes, risky, strict=True) if not why]


def differences(change: Change) -> list[tuple[str, Any, Any, bool]]:
    """``(field, before, after, differs)`` for each field that either side has, except ``archived``."""
    before, after = change.before or {}, change.after
    return [
        (name, *apart(before.get(name), after.get(name)), name in change.fields or change.before is None)
        for name in KINDS[change.kind].stated
        if name in before or name in after
    ]


def counted(counts: Counts, name: str) -> int:
    """The number of an action, or of ``unchanged``, ``ignored`` or ``held``."""
    number: int = getattr(counts, name)
    return number


def columns(summary: Counts) -> tuple[str, ...]:
    """What the totals count; confirmations only where there are any."""
    return (*_ALWAYS, "confirm") if summary.confirm else _ALWAYS


def by_kind(summary: Summary) -> list[tuple[str, Counts]]:
    """What people call each kind that the plan has, and its totals."""
    return [(title, summary.by_kind[kind]) for kind, title in kind_titles().items() if kind in summary.by_kind]


def by_code(warnings: Iterable[Warned]) -> list[tuple[str, list[Warned]]]:
    """The warnings of each code."""
    found: dict[str, list[Warned]] = defaultdict(list)
    for warned in warnings:
        found[warned.code].append(warned)
    return sorted(found.items())


def plan_findings(plan: Plan) -> list[Finding]:
    """What the guard refuses (errors) and what a plan warns of, each where its row stands in the desired state."""
    files = plan.head.desired.files if plan.head.desired else []
    default = Place(files[0]) if files else None
    places: dict[str | None, Place] = {str(change.address): change.origin for change in plan.changes if change.origin}
    return list(_findings(plan, places, default))


def _findings(plan: Plan, places: dict[str | None, Place], default: Place | None) -> Iterator[Finding]:
    for told in plan.head.guard.findings:
        yield replace(told.finding, level="error", place=places.get(told.address, default))
    for warned in plan.head.warnings:
        place = places.get(warned.address, default)
        yield Finding(warned.code, warned.message, "warning", place, address=warned.address)
