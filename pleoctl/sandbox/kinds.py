"""The kinds of record that the sandbox keeps, parents before their children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.sandbox import accounts, export_items, export_jobs, subscriptions, tag_groups, tags, tax_codes, vendors

if TYPE_CHECKING:
    from pleoctl.sandbox.parts import Part

PARTS: Final[dict[str, Part]] = {
    part.kind: part
    for part in (
        tax_codes.PART,
        accounts.PART,
        tag_groups.PART,
        tags.PART,
        vendors.PART,
        export_jobs.PART,
        export_items.PART,
        subscriptions.PART,
        subscriptions.ACTIVITY_PART,
    )
}


def children(kind: str) -> list[Part]:
    """The kinds whose rows the rows of this one carry."""
    return [part for part in PARTS.values() if part.parent == kind]
