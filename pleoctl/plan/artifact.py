"""The plan as a file: canonical JSON whose id is the digest of everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.canonical import canonical_bytes, digest
from pleoctl.documents.load import load_json
from pleoctl.errors import Finding, InvalidFile
from pleoctl.model.addresses import base_address, unescape_part
from pleoctl.model.kinds import KINDS
from pleoctl.reconcile.changes import ACTIONS, Change, Parent

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION: Final = 1


@dataclass(frozen=True)
class Plan:
    """A frozen plan. ``body`` is the artifact without its id; ``changes`` are its changes as objects."""

    body: dict[str, Any]
    changes: list[Change]

    @cached_property
    def id(self) -> str:
        """``sha256:<hex>`` of everything but itself."""
        return digest(self.body)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole artifact."""
        return {**self.body, "id": self.id}

    @cached_property
    def bytes(self) -> bytes:
        """The artifact's bytes, the same for the same inputs."""
        return canonical_bytes(self.document)

    @property
    def guard_passed(self) -> bool:
        """Whether the plan may be applied as far as its own guard is concerned."""
        return bool(self.body["guard"]["passed"])

    @property
    def acknowledged(self) -> int | None:
        """The number of archives that was approved with ``--allow-archive``."""
        number = self.body["guard"]["acknowledged"]
        return None if number is None else int(number)


def change_json(change: Change) -> dict[str, Any]:
    """A change as the artifact holds it."""
    parent = change.parent
    return {
        "address": change.address,
        "kind": change.kind,
        "action": change.action,
        "pleoId": change.id,
        "parent": None if parent is None else {"address": parent.address, "pleoId": parent.id},
        "before": change.before,
        "after": change.after,
        "fields": change.fields,
        "reason": change.reason,
        "origin": change.origin,
        "warnings": change.warnings,
    }


def change_of(data: dict[str, Any]) -> Change:
    """The change behind its JSON; its key comes from the address or, for tags and groups, from the code."""
    parent = data["parent"]
    after: dict[str, Any] = data["after"]
    code = after.get("code")
    key = key_of(data["address"]) if data["kind"] == "account" or code is None else str(code)
    return Change(
        data["address"], data["kind"], data["action"], data["pleoId"],
        None if parent is None else Parent(parent["address"], parent["pleoId"]),
        data["before"], after, list(data["fields"]), data["reason"], data["origin"], list(data["warnings"]), key,
    )  # fmt: skip


def key_of(address: str) -> str:
    """The externalId of an account's address, the code of a group's or tag's."""
    return unescape_part(base_address(address).partition(":")[2].rpartition("/")[2])


def read_plan(path: Path, shown: str | None = None) -> Plan:
    """Read a plan back and check version, shape and digest. Raises `InvalidFile`."""
    name = shown or str(path)
    data = load_json(path, name)
    check_version(data, "Plan", name)
    check_shape({**data, "changes": []}, "plan", name)
    check_changes(data.get("changes"), name)
    body = {key: value for key, value in data.items() if key != "id"}
    if digest(body) != data["id"]:
        raise InvalidFile("was changed after it was made: its digest is wrong", file=name,
                          hint="make a new plan: `pleoctl plan -o FILE`")  # fmt: skip
    return Plan(body, [change_of(change) for change in data["changes"]])


_STATE: Final = {"code", "name", "taxCodeExternalId"}


def check_changes(changes: Any, name: str) -> None:
    """Raise `InvalidFile` at the first change that is not one this pleoctl could have planned.

    Done by hand, since a JSON Schema takes seconds for 100,000 changes and cannot say that an archive archives.
    """
    if not isinstance(changes, list):
        raise InvalidFile("has no list of changes", file=name)
    seen: set[str] = set()
    for number, change in enumerate(changes):
        problem = _change_problem(change)
        if problem is None and change["address"] in seen:
            problem = f"address {change['address']} stands twice"
        if problem is not None:
            raise InvalidFile(f"changes.{number}: {problem}", file=name)
        seen.add(change["address"])


def _change_problem(change: Any) -> str | None:
    if not isinstance(change, dict) or set(change) != _CHANGE:
        return "is not a change"
    kind, action = change["kind"], change["action"]
    if not (isinstance(kind, str) and isinstance(action, str) and kind in KINDS and action in ACTIONS):
        return f"{kind!r} {action!r} is unknown"
    return _malformed(change) or _illogical(change)


def _malformed(change: dict[str, Any]) -> str | None:
    address, before = change["address"], change["before"]
    sound = {
        "lists": all(_is_texts(change[name]) for name in ("fields", "warnings")),
        "address": isinstance(address, str) and address.startswith(f"{change['kind']}:"),
        "reason": isinstance(change["reason"], str),
        "origin": isinstance(change["origin"], str | None),
        "states": _is_state(change["after"]) and (before is None or _is_state(before)),
        "pleoId": _is_id(change["pleoId"]),
        "parent": change["parent"] is None or _is_parent(change["parent"]),
    }
    return next((f"its {part} is malformed" for part, good in sound.items() if not good), None)


def _illogical(change: dict[str, Any]) -> str | None:
    action, before, after = change["action"], change["before"], change["after"]
    if (action == "create") != (before is None) or (action == "create") != (change["pleoId"] is None):
        return f"a {action} does not look like that"
    if after["archived"] != (action == "archive") or (
        before is not None and before["archived"] != (action == "unarchive")
    ):
        return f"a {action} does not change archived like that"
    parent = change["parent"]
    if (change["kind"] == "tag") != (parent is not None):
        return "its parent is malformed"
    below = parent is None or change["address"].startswith(f"tag:{parent['address'].partition(':')[2]}/")
    return None if below else "its address is not below its parent's"


_CHANGE: Final = {
    "address", "kind", "action", "pleoId", "parent", "before", "after", "fields", "reason", "origin", "warnings",
}  # fmt: skip


_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")


def _is_state(state: Any) -> bool:
    return (
        isinstance(state, dict) and isinstance(state.get("archived"), bool) and set(state) <= _STATE | {"archived"}
        and all(isinstance(value, str | None) for name, value in state.items() if name != "archived")
    )  # fmt: skip


def _is_texts(texts: Any) -> bool:
    return isinstance(texts, list) and all(isinstance(text, str) for text in texts)


def _is_parent(parent: Any) -> bool:
    return (
        isinstance(parent, dict) and set(parent) == {"address", "pleoId"} and isinstance(parent["address"], str)
        and _is_id(parent["pleoId"])
    )  # fmt: skip


def _is_id(value: Any) -> bool:
    # Ids become parts of paths, so nothing that leads elsewhere may stand in them.
    return value is None or (isinstance(value, str) and _ID.fullmatch(value) is not None)


def check_version(data: Any, kind: str, name: str) -> None:
    """Raise `InvalidFile` unless the data is our kind of file in a format version we know."""
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise InvalidFile(f"is not a {kind.lower()}", file=name)
    if data.get("formatVersion") != FORMAT_VERSION or isinstance(data.get("formatVersion"), bool):
        raise InvalidFile(f"has formatVersion {data.get('formatVersion')!r}; this pleoctl knows {FORMAT_VERSION}",
                          file=name, hint="use the pleoctl version that wrote it")  # fmt: skip


def check_shape(data: Any, schema: str, name: str) -> None:
    """Raise `InvalidFile` naming the first places where the data leaves its schema."""
    from pleoctl.documents.schemas import validator  # noqa: PLC0415 - jsonschema takes 80 ms to import

    findings = []
    for error in validator(schema).iter_errors(data):
        place = ".".join(str(step) for step in error.absolute_path) or "document"
        findings.append(Finding("invalid-file", f"{place}: {error.message[:200]}", file=name))
        if len(findings) >= 10:  # noqa: PLR2004 - enough to see what is wrong
            break
    if findings:
        raise InvalidFile.of(findings)
