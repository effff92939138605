"""Undo what unarchiving a tag group did to tags that nobody asked for.

Whether Pleo carries a group's tags along is not published (K24). The plan said that archived tags outside it stay
archived; where they came along, they are archived again, 100 a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.pleo.reader import hundreds

if TYPE_CHECKING:
    from pleoctl.apply.fresh import Fresh
    from pleoctl.apply.journal import Journal
    from pleoctl.pleo.writer import PleoWriter


def restore_tags(pleo: PleoWriter, fresh: Fresh, journal: Journal) -> None:
    """Archive again what came along with unarchived groups. Raises `PleoError`."""
    groups = [
        r.id or r.change.id for r in fresh.results.values()
        if r.change.kind == TAG_GROUP.name and r.change.action == "unarchive" and r.status in {"done", "alreadyDone"}
    ]  # fmt: skip
    before = {tag.id for group in groups for tag in fresh.tags.get(group or "", []) if tag.archived}
    planned = {r.change.id for r in fresh.results.values() if r.change.kind == TAG.name}
    if not before - planned:
        return
    now = pleo.tags(group for group in groups if group)
    flipped = sorted(tag.id for tag in now if not tag.archived and tag.id in before - planned)
    for part in hundreds(flipped):
        journal.write("sent", [], operation="archive again", pleoIds=part)
        pleo.archive_tags(part, archived=True)
