"""Undo what unarchiving a tag group did to tags that nobody asked for.

Whether Pleo carries a group's tags along is not published (K24). The plan said that archived tags outside it stay
archived; where they came along, they are archived again, 100 a call.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pleoctl.errors import PleoError
from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.pleo.reader import hundreds
from pleoctl.remote.errors import LostAnswer

if TYPE_CHECKING:
    from pleoctl.apply.fresh import Fresh
    from pleoctl.apply.kinds import KindApi
    from pleoctl.model.records import Live
    from pleoctl.pleo.writer import PleoWriter
    from pleoctl.run.journal import Journal
    from pleoctl.run.receipt import Result


def restore_tags(pleo: PleoWriter, api: KindApi, fresh: Fresh, journal: Journal) -> None:
    """Archive again what came along with unarchived groups. Raises `PleoError`."""
    groups = [group for result in fresh.results.values() if (group := _unarchived(result)) is not None]
    planned = {r.change.id for r in fresh.results.values() if r.change.kind == TAG.name}
    archived = {tag.id for group in groups for tag in fresh.tags.get(group, []) if tag.archived} - planned
    for send in (_in_bulk, _singly, _singly):
        found = pleo.tags(groups, keep=True) if archived else []
        flipped = sorted((tag for tag in found if not tag.archived and tag.id in archived), key=lambda tag: tag.id)
        if not flipped:
            return
        journal.write("sent", [], operation="archive again", pleoIds=[tag.id for tag in flipped])
        # Whatever the answer says or does not say, the next look tells.
        with suppress(LostAnswer):
            send(pleo, api, flipped)
    raise PleoError(f"{len(flipped)} tags came along with their unarchived group and could not be archived again")


def _in_bulk(pleo: PleoWriter, _api: KindApi, tags: list[Live]) -> None:
    for part in hundreds([tag.id for tag in tags]):
        pleo.archive_tags(part, archived=True)


def _singly(_pleo: PleoWriter, api: KindApi, tags: list[Live]) -> None:
    for tag in tags:
        api.put(tag, {"archived": True})


def _unarchived(result: Result) -> str | None:
    change = result.change
    mine = change.kind == TAG_GROUP.name and change.action == "unarchive" and result.status in {"done", "alreadyDone"}
    return (result.id or change.id) if mine else None
