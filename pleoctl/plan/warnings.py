"""What a reviewer should know about a plan beyond its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.addresses import Address
from pleoctl.model.kinds import ACCOUNT
from pleoctl.plan.document import Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState
    from pleoctl.reconcile.changes import Held, Reconciliation


def warning(code: str, address: Address | None, message: str) -> Warned:
    """One entry of a plan's ``warnings``."""
    return Warned(code=code, address=None if address is None else str(address), message=message)


def in_order(warnings: list[Warned]) -> list[Warned]:
    """Warnings by code, address and text."""
    return sorted(warnings, key=lambda w: (w.code, w.address or "", w.message))


def held_warnings(result: Reconciliation) -> Iterator[Warned]:
    """Held rows and the notes of the reconciliation."""
    for item in (*result.held, *result.notes):
        yield warning(item.code, item.address, _words(item))


def _words(item: Held) -> str:
    return f"{item.reason} ({item.origin})" if item.origin else item.reason


def account_warnings(
    desired: DesiredState,
    changes: list[Change],
    in_use: Callable[[list[str], str], set[str]],
) -> Iterator[Warned]:
    """C4, A20, A39, A35 and A29; marks the changes they are about."""
    mine = [c for c in changes if c.kind == ACCOUNT.name]
    archives = [c for c in mine if c.action == "archive"]
    yield from in_use_warnings(archives, in_use)
    for change in archives:
        if change.origin is None:
            yield _mark(
                change,
                "never-in-source",
                "the accounting system does not list it, not even as inactive; "
                "it was removed there, or made by hand in Pleo",
            )
    yield from _same_code(mine, archives)
    for change in mine:
        if change.action != "archive" and change.after.get("code") is None:
            yield _mark(change, "code-null", "has no account number; exports that use it will lack one")
    yield from _tax_mixed(desired)


def in_use_warnings(archives: list[Change], in_use: Callable[[list[str], str], set[str]]) -> Iterator[Warned]:
    """Accounts to be archived that a category or a contra account uses (C4)."""
    ids = [c.id for c in archives if c.id is not None]
    for code, flag, what in (
        ("in-use-category", "excludeIfAssignedToCategory", "a category"),
        ("in-use-contra", "excludeIfAssignedToContraAccount", "a contra account"),
    ):
        used = in_use(ids, flag) if ids else set()
        for change in archives:
            if change.id in used:
                yield _mark(change, code, f"{what} in Pleo uses it")


def _same_code(mine: list[Change], archives: list[Change]) -> Iterator[Warned]:
    by_code: dict[str, Address] = {}
    for change in archives:
        if change.before and change.before.get("code") is not None:
            by_code[change.before["code"]] = change.address
    for change in mine:
        twin = by_code.get(change.after.get("code") or "") if change.action == "create" else None
        if twin is not None:
            yield _mark(
                change,
                "same-code-other-id",
                f"{twin}, which is archived, has the same code under another id; "
                "categories mapped to it keep pointing there",
            )


def _tax_mixed(desired: DesiredState) -> Iterator[Warned]:
    rows = [r for r in desired.accounts or () if r.active and r.hold is None]
    managed = [r for r in rows if "taxCodeExternalId" in r.fields]
    if managed and len(managed) < len(rows):
        first = next(r for r in rows if "taxCodeExternalId" not in r.fields)
        words = f"{len(rows) - len(managed)} of {len(rows)} rows have no taxCodeExternalId; theirs is not managed"
        yield warning("tax-code-mixed", Address(ACCOUNT.name, first.key or ""), words)


def _mark(change: Change, code: str, message: str) -> Warned:
    change.warnings.append(code)
    return warning(code, change.address, message)
