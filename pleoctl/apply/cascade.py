"""Undo what unarchiving a tag group did to tags that nobody asked for.

Whether Pleo carries a group's tags along is not published (K24). The plan said that archived tags outside it stay
archived; where they came along, they are archived again, 100 a call.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pleoctl.http.errors import LostAnswer
from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.pleo.reader import hundreds

if TYPE_CHECKING:
    from pleoctl.apply.fresh import Fresh
    from pleoctl.apply.journal import Journal
    from pleoctl.apply.kinds import KindApi
    from pleoctl.model.records import Live
    from pleoctl.pleo.writer import PleoWriter


def restore_tags(pleo: PleoWriter, api: KindApi, fresh: Fresh, journal: Journal) -> None:
    """Archive again what came along with unarchived groups. Raises `PleoError`."""
    groups = [
        r.id or r.change.id or "" for r in fresh.results.values()
        if r.change.kind == TAG_GROUP.name and r.change.action == "unarchive" and r.status in {"done", "alreadyDone"}
    ]  # fmt: skip
    planned = {r.change.id for r in fresh.results.values() if r.change.kind == TAG.name}
    before = {tag.id for group in groups for tag in fresh.tags.get(group, []) if tag.archived} - planned
    if not before:
        return
    for send in (_in_bulk, _singly, _singly):
        flipped = [tag for tag in pleo.tags(groups, keep=True) if not tag.archived and tag.id in before]
        if not flipped:
            return
        journal.write("sent", [], operation="archive again", pleoIds=sorted(tag.id for tag in flipped))
        # What was lost, and what a bulk call left out, shows in the next look.
        with suppress(LostAnswer):
            send(pleo, api, flipped)


def _in_bulk(pleo: PleoWriter, _api: KindApi, tags: list[Live]) -> None:
    for part in hundreds(sorted(tag.id for tag in tags)):
        pleo.archive_tags(part, archived=True)


def _singly(_pleo: PleoWriter, api: KindApi, tags: list[Live]) -> None:
    for tag in tags:
        api.put(tag, {"archived": True})
