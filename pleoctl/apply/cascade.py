"""Undo what unarchiving a tag group did to tags that nobody asked for.

Whether Pleo carries a group's tags along is not published (K24). The plan said that archived tags outside it stay
archived; where they came along, they are archived again, 100 a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pleoctl.errors import Finding, PleoError
from pleoctl.model.addresses import Address
from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.pleo.client import hundreds
from pleoctl.run.settle import Ambiguous, Done, Step, Undone, settle
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.apply.ledger import Ledger
    from pleoctl.apply.steps import StepContext
    from pleoctl.model.records import Live
    from pleoctl.pleo.kinds import Bulks
    from pleoctl.remote.errors import ApiError
    from pleoctl.run.receipt import Result
    from pleoctl.run.settle import End
    from pleoctl.workspace.settings import GuardLimits


class Staying(NamedTuple):
    """What the plan says stays archived, by group; and the guard that holds for what may have been written into it."""

    tags: Mapping[str, Sequence[str]]
    guard: GuardLimits


def restore_tags(context: StepContext, ledger: Ledger, staying: Staying) -> list[Finding]:
    """Archive again what came along with unarchived groups; tells what it leaves. Raises `PleoError`.

    A run that was killed once its group was unarchived did not come to this, so a group that is done already counts as
    well. What came along with it is known from the plan alone, so the guard has a word in that.
    """
    groups = {group: result for result in ledger.results if (group := _unarchived(result)) is not None}
    planned = {result.change.id for result in ledger.results if result.change.kind == TAG.name}
    archived: set[str] = set()
    told: list[Finding] = []
    for group, result in groups.items():
        tags = [tag for tag in context.fresh.tags.get(group, []) if tag.id not in planned]
        archived |= {tag.id for tag in tags if tag.archived}
        earlier = [tag for tag in tags if not tag.archived and tag.id in staying.tags.get(group, ())]
        if result.status == "alreadyDone":
            if _guarded(earlier, result.change.address, staying.guard):
                told.append(_left(len(earlier), result.change.address))
            else:
                archived |= {tag.id for tag in earlier}
    step = Restore(context.apis.bulks(TAG.name), list(groups), archived) if archived else None
    if step is not None and step.ids:
        settle(step, _Restoring(ledger), context.wait)
    return told


def _guarded(tags: Sequence[Live], group: Address, guard: GuardLimits) -> bool:
    named = (Address(TAG.name, tag.key, group.key, duplicate) for tag in tags for duplicate in (None, tag.id))
    protected = guard.protected
    return len(tags) > guard.count or any(address in protected for address in named)


def _left(number: int, group: Address) -> Finding:
    tags, stay = many(number, "tag"), "stays" if number == 1 else "stay"
    words = f"{tags} came along when the group was unarchived, and {stay} active: the guard does not let them pass"
    return Finding("not-restored", words, "warning", address=str(group), hint="make a new plan: `pleoctl plan -o FILE`")


class Restore(Step[str]):
    """Archive tags by their ids: first 100 a call, then, should some resist, one by one."""

    def __init__(self, api: Bulks, groups: Sequence[str], archived: set[str]) -> None:
        """Look which of the ``archived`` tags of the groups are active now."""
        self._api, self._groups, self._archived = api, groups, archived
        self._send = self._in_bulk
        super().__init__(sorted(self._active()))

    def send(self, ids: Sequence[str]) -> Mapping[str, Undone]:
        """See `Step.send`: whatever the answer says, the next look tells."""
        send, self._send = self._send, self._singly
        send(ids)
        return dict.fromkeys(ids, Undone())

    def refused(self, ids: Sequence[str], _error: ApiError) -> Mapping[str, Undone]:
        """See `Step.refused`."""
        return dict.fromkeys(ids, Undone())

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone]:
        """See `Step.look`."""
        active = self._active()
        return {tag: Undone() if tag in active else Done() for tag in ids}

    def _active(self) -> dict[str, Live]:
        self._found = {
            tag.id: tag for tag in self._api.of_groups(self._groups) if not tag.archived and tag.id in self._archived
        }
        return self._found

    def _in_bulk(self, ids: Sequence[str]) -> None:
        for part in hundreds(ids):
            self._api.archive(part, archived=True)

    def _singly(self, ids: Sequence[str]) -> None:
        for tag in ids:
            self._api.put(self._found[tag], {"archived": True})


class _Restoring:
    """The reporter of a `Restore`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def sending(self, _step: Step[str], ids: Sequence[str]) -> None:
        self._ledger.note("sent", [], operation="archive again", pleoIds=list(ids))

    def ended(self, part: str, end: End) -> None:
        if isinstance(end, Ambiguous):
            raise PleoError(f"tag {part} came along with its unarchived group and could not be archived again")

    def goes_on(self, _step: Step[str]) -> bool:
        return True


def _unarchived(result: Result) -> str | None:
    change = result.change
    mine = change.kind == TAG_GROUP.name and change.action == "unarchive" and result.status in {"done", "alreadyDone"}
    return result.id if mine else None
