"""Comparing live records with the states of a plan; None and absent are equal (law 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.model.kind import loose
from pleoctl.model.kinds import KINDS

if TYPE_CHECKING:
    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live


def differences(record: Live, state: dict[str, Any], kind: str) -> dict[str, tuple[Any, Any]]:
    """Field → (value in the state, live value) where they differ.

    What people cannot see of a code makes no difference (T3, T4). A draft is in no active state but one
    that says so.
    """
    found = {}
    for name, value in state.items():
        live = record.archived if name == "archived" else record.fields.get(name)
        if live != value and not (name == "code" and _same_code(kind, live, value)):
            found[name] = (value, live)
    if record.is_draft and "state" not in state and not state.get("archived"):
        found["state"] = ("ACTIVE", record.fields["state"])
    return found


def matches(record: Live, state: dict[str, Any] | None, kind: str) -> bool:
    """Whether the record is in this state."""
    return state is not None and not differences(record, state, kind)


def same_key(record: Live, change: Change) -> bool:
    """Whether the record carries the change's key."""
    kind = KINDS[change.kind]
    return kind.normalise(record.key) == kind.normalise(change.key)


def _same_code(kind: str, one: Any, other: Any) -> bool:
    return KINDS[kind].folds_case and isinstance(one, str) and isinstance(other, str) and loose(one) == loose(other)
