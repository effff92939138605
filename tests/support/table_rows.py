"""Desired rows, and what a reconciliation says in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.records import Row

if TYPE_CHECKING:
    from pleoctl.reconcile import Reconciliation
    from shapes import Value


def row(key: str | None, name: str = "Name", *, code: str | None = "1", **more: Value) -> Row:
    """An account row; ``tax`` makes the tax code managed."""
    fields = {"code": code, "name": name}
    if "tax" in more:
        fields["taxCodeExternalId"] = more.pop("tax")
    return Row(key, fields, file="desired-state.yaml", line=4, **more)


def shown(result: Reconciliation) -> list[tuple[str, str, list[str]]]:
    """Address, action and fields of each change."""
    return [(str(c.address), c.action, c.fields) for c in result.changes]


def counted(result: Reconciliation, kind: str) -> dict[str, int]:
    """What is not a change."""
    return {k: n for k, n in result.counts[kind].items() if n and k in {"unchanged", "ignored", "held"}}
