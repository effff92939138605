"""Plans of any size for renderers, with a true id and names that try everything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

import msgspec

from pleoctl.documents.canonical import digest
from pleoctl.model.addresses import Address
from pleoctl.model.changes import Change
from pleoctl.model.shape import value_of
from pleoctl.plan.artifact import Plan
from pleoctl.plan.document import Head

if TYPE_CHECKING:
    from shapes import Json, Value


HOSTILE = (
    "@octocat",
    "#123",
    "GH-123",
    "octo/repo#1",
    "octo@0123456789abcdef0123456789abcdef01234567",
    "deadbeefcafe",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details>",
    "<!-- x -->",
    "&lt;b&gt;",
    "&#64;octocat",
    "![x](http://e.example/x.png)",
    "[a](javascript:alert(1))",
    "[a]: http://e.example",
    "https://e.example/x",
    "www.e.example",
    "e.example.com",
    "a@e.example",
    "mailto:a@e.example",
    "xmpp:a@e.example",
    "ftp://e.example",
    "```\n# h\n```",
    "~~~",
    "a``b```c",
    "`@octocat`",
    "\\`@octocat\\`",
    "`" * 90 + "@octocat",
    " ` ",
    "a\\",
    "\\",
    "|x|y|",
    "\\|@octocat|",
    "a|`@octocat`|b",
    "**b**",
    "~~s~~",
    "$x$",
    ":smile:",
    "1) x",
    "- [ ] t",
    "# h",
    "> q",
    "    code",
    "  ",
    "line\nbreak",
    "tab\there",
    "\u202etxt.exe",
    "\x1b[31mred",
    "a\u200bb",
    "a\u2028b",
    "\U000e0041x",
    "', alert(1), '",
    '"><b>',
    "{{ 7*7 }}",
    "{% raw %}",
    "]]>",
    "%0A::error::x",
    "Ünïcödé 名前 نام",
)
ACTIONS = ("archive", "unarchive", "update", "create")


def change(action: str = "update", key: str = "ext-1", name: str = "Name", **fields: Value) -> Json:
    """One account's change; ``code`` and ``after`` are the code before and after, ``parent`` makes it a tag's."""
    parent, code = fields.get("parent"), fields.get("code", "1000")
    before = {"archived": action == "unarchive", "code": code, "name": name}
    after = {**before, "archived": action == "archive", **fields.get("after", {})}
    if action == "update" and "after" not in fields:
        after["name"] = f"{name} new"
    moved = sorted(n for n in after if action == "create" or after[n] != before[n])
    return {
        "address": str(Address("tag", key, parent) if parent else Address("account", key)),
        "kind": "tag" if parent else "account",
        "action": action,
        "pleoId": None if action == "create" else str(uuid5(NAMESPACE_OID, key)),
        "parent": {"address": str(Address("tagGroup", parent)), "pleoId": "group"} if parent else None,
        "before": None if action == "create" else before,
        "after": after,
        "fields": moved,
        "reason": fields.get("reason", "gone from the source"),
        "origin": fields.get("origin", "desired-state.yaml:7"),
        "warnings": list(fields.get("warnings", ())),
    }


def make_plan(*changes: Json, **sections: Value) -> Plan:
    """A plan of these changes; ``sections`` replace its top-level keys."""
    order = {"account": 0, "tagGroup": 1, "tag": 2}
    listed = sorted(changes, key=lambda c: (order[c["kind"]], c["address"]))
    body: Json = {
        "formatVersion": 1,
        "kind": "Plan",
        "pleoctlVersion": "0.1.0",
        "company": "12abc3d4-e567-4890-8234-abc56e78fabc",
        "url": "https://external.staging.pleo.io",
        "scope": {"accounts": True, "dimensions": ["DEPT"]},
        "desired": {"digest": digest("desired"), "files": ["desired-state.yaml"]},
        "live": {"digest": digest("live"), "counts": {"account": len(listed)}},
        "summary": {
            **_counts(listed),
            "byKind": {kind: _counts([c for c in listed if c["kind"] == kind]) for kind in order if _has(listed, kind)},
        },
        "requests": {"read": 7, "write": len(listed)},
        "guard": {"passed": True, "acknowledged": None, "limits": {"count": 20, "share": 0.2}, "findings": []},
        "warnings": [
            {"code": code, "address": c["address"], "message": "a category in Pleo uses it"}
            for c in listed
            for code in c["warnings"]
        ],
        "changes": listed,
        **sections,
    }
    listed = body.pop("changes")
    head = msgspec.convert(body, Head)
    return Plan.of(head, msgspec.convert(listed, list[Change], dec_hook=value_of))


def hostile_plan(size: int = 4000, archives: int = 400) -> Plan:
    """A plan with hostile names, codes, ids and groups; every fifth archive is in use."""
    made = []
    for i in range(size):
        name = HOSTILE[i % len(HOSTILE)]
        action = "archive" if i < archives else ACTIONS[1 + i % 3]
        moved = {"after": {"code": f"{name}!"}} if action == "update" and i % 7 == 0 else {}
        made.append(
            change(
                action,
                f"{name}{i}",
                name,
                code=name,
                parent=name if i % 4 == 0 else None,
                warnings=["in-use-category"] if action == "archive" and i % 5 == 0 else [],
                reason=name,
                **moved,
            )
        )
    warnings = [{"code": "held-row", "address": None, "message": name} for name in HOSTILE]
    guard = {"passed": True, "acknowledged": archives, "limits": {"count": 20, "share": 0.2}, "findings": []}
    return make_plan(*made, warnings=warnings, guard=guard)


def refused(*messages: str) -> Json:
    """A guard section that refuses."""
    findings = [
        {"code": "archive-count", "level": "error", "address": "account", "message": m, "hint": "--allow-archive 3"}
        for m in messages
    ]
    return {"passed": False, "acknowledged": None, "limits": {"count": 20, "share": 0.2}, "findings": findings}


def _counts(changes: list[Json]) -> Json:
    counted = Counter(c["action"] for c in changes)
    return {**{action: counted[action] for action in ACTIONS}, "unchanged": 0, "ignored": 0, "held": 0}


def _has(changes: list[Json], kind: str) -> bool:
    return any(c["kind"] == kind for c in changes)
