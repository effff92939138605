"""What a reviewer looks at first: one reading of a plan for markdown, html and the machine formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Json = dict[str, Any]

ACTIONS: Final = ("archive", "unarchive", "update", "create")
COUNTED: Final = (*ACTIONS, "unchanged", "ignored", "held")
KIND_TITLES: Final = {"account": "Accounts", "tagGroup": "Tag groups", "tag": "Tags"}
SHOWN_FIELDS: Final = ("code", "name", "taxCodeExternalId")
LEFT: Final = 20
# Warnings of an archive that something else in Pleo or in the mapping still points to.
IN_USE: Final = {
    "in-use-category": "a category uses it",
    "in-use-contra": "a contra account uses it",
    "mapping-target-archived": "the mapping books to it",
}


def risk(change: Json) -> str:
    """Why a change deserves a second look; an empty string if it does not."""
    warned = change["warnings"]
    words = [text for code, text in IN_USE.items() if code in warned] if warned else []
    if change["before"] is not None and "code" in change["fields"] and change["action"] != "archive":
        words.insert(0, "its number changes")
    return ", ".join(words)


def left_alone(plan: Json) -> list[str]:
    """The records that the workspace leaves alone: the first ones, then how many more."""
    left = plan.get("context", {}).get("left", [])
    return left if len(left) <= LEFT else [*left[:LEFT], f"and {len(left) - LEFT} more"]


def ranked(changes: Iterable[Json]) -> list[Json]:
    """The changes by action, the risky ones first; otherwise in the plan's order."""
    return sorted(changes, key=lambda c: (ACTIONS.index(c["action"]), not risk(c)))


def differences(change: Json) -> list[tuple[str, Any, Any, bool]]:
    """``(field, before, after, differs)`` for each field that either side has, except ``archived``."""
    before, after = change["before"] or {}, change["after"]
    return [
        (name, before.get(name), after.get(name), name in change["fields"] or change["before"] is None)
        for name in SHOWN_FIELDS
        if name in before or name in after
    ]


def plan_findings(plan: Json) -> list[Finding]:
    """What the guard refuses (errors) and what a plan warns of, each where its row stands in the desired state."""
    origins = {change["address"]: change["origin"] for change in plan["changes"]}
    default = (plan.get("desired") or {"files": []})["files"][:1]
    return list(_findings(plan, origins, default[0] if default else None))


def _findings(plan: Json, origins: dict[str, str | None], default: str | None) -> Iterator[Finding]:
    for found in plan["guard"]["findings"]:
        file, line = _place(origins.get(found.get("address")), default)
        yield Finding(found["code"], found["message"], "error", file, line,
                      address=found.get("address"), hint=found.get("hint"))  # fmt: skip
    for warned in plan["warnings"]:
        file, line = _place(origins.get(warned["address"]), default)
        yield Finding(warned["code"], warned["message"], "warning", file, line, address=warned["address"])


def _place(origin: str | None, default: str | None) -> tuple[str | None, int | None]:
    file, _, line = (origin or "").rpartition(":")
    return (file, int(line)) if file and line.isdecimal() else (default, None)
