"""Undo what unarchiving a tag group did to tags that nobody asked for.

Whether Pleo carries a group's tags along is not published (K24). The plan said that archived tags outside it stay
archived; where they came along, they are archived again, 100 a call.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pleoctl.errors import PleoError
from pleoctl.http.errors import LostAnswer
from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.pleo.reader import hundreds

if TYPE_CHECKING:
    from pleoctl.apply.fresh import Fresh
    from pleoctl.apply.journal import Journal
    from pleoctl.apply.receipt import Result
    from pleoctl.pleo.writer import PleoWriter

TRIES: Final = 3


def restore_tags(pleo: PleoWriter, fresh: Fresh, journal: Journal) -> None:
    """Archive again what came along with unarchived groups. Raises `PleoError`."""
    groups = [group for result in fresh.results.values() if (group := _unarchived(result)) is not None]
    planned = {r.change.id for r in fresh.results.values() if r.change.kind == TAG.name}
    archived = {tag.id for group in groups for tag in fresh.tags.get(group, []) if tag.archived} - planned
    for _ in range(TRIES):
        flipped = (
            sorted(tag.id for tag in pleo.tags(groups) if not tag.archived and tag.id in archived) if archived else []
        )
        if not flipped:
            return
        for part in hundreds(flipped):
            journal.write("sent", [], operation="archive again", pleoIds=part)
            # Whatever the answer says or does not say, the next look tells.
            with suppress(LostAnswer):
                pleo.archive_tags(part, archived=True)
    raise PleoError(f"{len(flipped)} tags came along with their unarchived group and could not be archived again")


def _unarchived(result: Result) -> str | None:
    change = result.change
    mine = change.kind == TAG_GROUP.name and change.action == "unarchive" and result.status in {"done", "alreadyDone"}
    return (result.id or change.id) if mine else None
