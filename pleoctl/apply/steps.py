"""The changes of a plan as steps: what is sent for each, how its record is found again, what a refusal means.

| step     | sends                        | looked up by                    | looks                                    |
|----------|------------------------------|---------------------------------|------------------------------------------|
| Create   | one new record               | externalId; code within a group | one where Pleo refuses another record of |
|          |                              |                                 | that key; three, six seconds in all, for |
|          |                              |                                 | others, which are not sent again         |
| Batch    | up to 1000 new accounts      | one full pass                   | one                                      |
| Update   | a whole record to its id     | Pleo id                         | one                                      |
| Activate | a draft's activation         | Pleo id                         | one                                      |
| Bulk     | `archived` of up to 100 tags | Pleo ids                        | one                                      |

A create that is refused with 409 has lost to a record with its key, or, where Pleo compares keys less strictly than
pleoctl does, with one that looks like it; up to four looks, since lists may lag. Where look-alikes may stand side by
side (A6), one of them is taken only after a last look when no list can lag any more. Of kinds with further fields that
Pleo may keep unique, the record that has the value is named instead (K20).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.apply.compare import differences, matches, same_key
from pleoctl.model.addresses import Address
from pleoctl.model.kind import loose
from pleoctl.remote.errors import LostAnswer
from pleoctl.run.doubts import LAG
from pleoctl.run.settle import LATER, Done, End, Failed, Moved, Next, Step, Undone, doubting, moments
from pleoctl.text import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pleoctl.apply.fresh import Fresh
    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.plan.order import Task
    from pleoctl.pleo.kinds import KindApis, Operations
    from pleoctl.remote.errors import ApiError
    from pleoctl.run.settle import Seen

LOG: Final = logging.getLogger(__name__)
LAG_SECONDS: Final = (0.0, *LATER)
_CONFLICT: Final = 409
_BAD_REQUEST: Final = 400
_CREATED: Final = "Pleo did not say whether it was created"
_NOT_SHOWN: Final = (
    f"{_CREATED}, and does not show it after {sum(LATER):.0f} s; it is not sent again in this run, "
    "the next one waits until lists can be trusted and then settles it"
)
_WRITTEN: Final = "Pleo did not say whether it was written"


@dataclass(frozen=True, slots=True)
class StepContext:
    """What steps work with: the kinds' operations, what the re-read found, and ``wait``, which sleeps for seconds."""

    apis: KindApis
    fresh: Fresh
    wait: Callable[[float], None]

    def step(self, task: Task, changes: list[Change]) -> Step[Address]:
        """The step of a task, for those of its changes that are still to be done."""
        if task.operation == "batch":
            return Batch(self, changes)
        if task.operation == "bulk":
            return Bulk(self, changes)
        begun = self.fresh.begun.get(changes[0].address)
        if task.operation == "create" and begun is None:
            return Create(self, changes[0])
        return self.update(changes[0], begun or self.fresh.records[changes[0].id or ""])

    def update(self, change: Change, record: Live) -> Step[Address]:
        """The step that makes the record what the change wants; a draft is activated first."""
        if record.is_draft and not change.after["archived"]:
            return Activate(self, change, record)
        return Update(self, change, record)

    def adopt(self, change: Change, record: Live) -> Done | Next[Address]:
        """The record that carries a create's key, whoever made it: done, or brought in line (K8)."""
        self.fresh.results[change.address].id = record.id
        if matches(record, change.after, change.kind):
            return Done(record)
        self.fresh.adopted[record.id] = record
        return Next(self.update(change, record))


class Create(Step[Address]):
    """Create one record."""

    doubt = _CREATED

    def __init__(self, context: StepContext, change: Change) -> None:
        super().__init__([change.address])
        self._context, self._change, self._api = context, change, context.apis[change.kind]
        self._group = context.fresh.groups.get(change.parent.address) if change.parent else None
        if not self._api.unique:
            self.repeatable, self.guarded, self.looks, self.doubt = False, False, LATER, _NOT_SHOWN

    def send(self, ids: Sequence[Address]) -> Mapping[Address, Done | Failed | Next[Address]]:
        """See `Step.send`; a Pleo that takes the key for a look-alike's answers with that one.

        A draft without a key is nobody else's: activating it gives it the key.
        """
        made = self._api.create(self._change, self._group)
        if self._is_strange(made):
            raise LostAnswer(f"the answer is that of another record ({made.id})")
        if same_key(made, self._change) or (made.is_draft and not made.key) or self._is_free(made):
            return dict.fromkeys(ids, self._context.adopt(self._change, made))
        words = f"Pleo takes it for {made.key!r}, which is wanted itself"
        return dict.fromkeys(ids, Failed("not-stored", words))

    def look(self, ids: Sequence[Address]) -> Mapping[Address, Seen[Address]]:
        """See `Step.look`."""
        found = self._own(self._api.find(self._change, self._group))
        return dict.fromkeys(ids, Undone() if found is None else self._context.adopt(self._change, found))

    def refused(self, ids: Sequence[Address], error: ApiError) -> Mapping[Address, End | Undone | Next[Address]]:
        """See `Step.refused`; a 409 is settled by the record that stands in the way (T68)."""
        if error.status != _CONFLICT:
            return super().refused(ids, error)
        own = self._own(self._found()) if self._api.kind.unique else None
        named = in_the_way(self._api, self._change, error) if own is None else None
        holder = own or (self._holder() if named is None else None)
        if holder is None:
            return super().refused(ids, error) if named is None else dict.fromkeys(ids, named)
        return dict.fromkeys(ids, self._context.adopt(self._change, holder))

    def _holder(self) -> Live | None:
        for _ in moments(LAG_SECONDS, self._context.wait):
            found = self._found()
            holder = self._own(found) or (self._alike(found) if self._api.kind.folds_case else None)
            if holder is not None:
                return holder
        further = doubting(lambda: self._api.find_alike(self._change))
        return self._own(further) or self._told_apart(self._alike(further))

    def _told_apart(self, similar: Live | None) -> Live | None:
        """The look-alike, unless a record with the very key shows once no list can lag any more.

        An earlier send, an earlier run or another client may have made one that stands in the way unseen.
        """
        if similar is None:
            return None
        left = LAG.total_seconds() - sum(LAG_SECONDS)
        LOG.warning(
            "waiting %.0f s: Pleo says that %s exists, and lists show only %s; what was just made may not show yet",
            left,
            terminal(self._change.address),
            terminal(similar.key),
        )
        self._context.wait(left)
        return self._own(self._found()) or similar

    def _found(self) -> Sequence[Live]:
        return doubting(lambda: self._api.find(self._change, self._group))

    def _own(self, found: Sequence[Live]) -> Live | None:
        """The record with the very key: one that is as planned before others, active before archived."""
        return min(
            (record for record in found if same_key(record, self._change)),
            key=lambda r: (not matches(r, self._change.after, self._change.kind), r.archived, r.created, r.id),
            default=None,
        )

    def _alike(self, found: Sequence[Live]) -> Live | None:
        """A single look-alike. Of a kind whose look-alikes may stand side by side (A6), one that nobody else wants."""
        similar = [record for record in found if loose(record.key) == loose(self._change.key)]
        return similar[0] if len(similar) == 1 and self._is_free(similar[0]) else None

    def _is_strange(self, record: Live) -> bool:
        """Whether it cannot be what this request made or met: an answer to somebody else's, say."""
        known = loose(record.key) == loose(self._change.key) or (record.is_draft and not record.key)
        return not known or (record.parent is not None and record.parent != self._group)

    def _is_free(self, record: Live) -> bool:
        return self._api.kind.folds_case or self._context.fresh.may_take(record, self._change.address)


class _OneWrite(Step[Address]):
    """A write to one record that stands."""

    doubt = _WRITTEN

    def __init__(self, context: StepContext, change: Change) -> None:
        super().__init__([change.address])
        self._context, self._change = context, change

    def refused(self, ids: Sequence[Address], error: ApiError) -> Mapping[Address, End | Undone | Next[Address]]:
        """See `Step.refused`; a record that stands in the way is named."""
        named = in_the_way(self._context.apis[self._change.kind], self._change, error)
        return super().refused(ids, error) if named is None else dict.fromkeys(ids, named)


class Update(_OneWrite):
    """PUT one record until it is as planned."""

    def __init__(self, context: StepContext, change: Change, record: Live, *, activated: bool = False) -> None:
        """``activated``: it was activated just now, which is not tried again."""
        super().__init__(context, change)
        self._api, self._activated = context.apis[change.kind], activated
        self._before = self._seen = record

    def send(self, ids: Sequence[Address]) -> Mapping[Address, Done | Failed | Next[Address]]:
        """See `Step.send`; what Pleo stored is compared with what was asked for."""
        answer = self._api.put(self._seen, self._change.after)
        if differences(answer, self._change.after, self._change.kind) and not self._sleeps(answer):
            # An answer may be older than what it answers; the record itself has the last word.
            answer = next(iter(doubting(lambda: self._api.by_id([self._before.id]))), answer)
        wrong = differences(answer, self._change.after, self._change.kind)
        if self._sleeps(answer):
            return dict.fromkeys(ids, Next(Activate(self._context, self._change, answer)))
        return dict.fromkeys(ids, not_stored(wrong) if wrong else Done(answer))

    def look(self, ids: Sequence[Address]) -> Mapping[Address, Seen[Address]]:
        """See `Step.look`."""
        found = next(iter(self._api.by_id([self._before.id])), None)
        self._seen = found or self._seen
        if found is not None and self._sleeps(found):
            return dict.fromkeys(ids, Next(Activate(self._context, self._change, found)))
        return dict.fromkeys(ids, _position(self._change, found, self._before))

    def _sleeps(self, record: Live) -> bool:
        """Whether all is as planned but that the record is still archived: ``state`` of a PUT counted for nothing."""
        wrong = differences(record, self._change.after, self._change.kind)
        mine = self._change.action == "unarchive" and self._api.kind.has_drafts and not self._activated
        return mine and wrong.keys() == {"archived"}


class Activate(_OneWrite):
    """Activate a record that is a draft, or that a PUT left archived; what else is to change follows (V5)."""

    def __init__(self, context: StepContext, change: Change, record: Live) -> None:
        super().__init__(context, change)
        self._api, self._record = context.apis.drafts(change.kind), record

    def send(self, ids: Sequence[Address]) -> Mapping[Address, Done | Next[Address]]:
        """See `Step.send`; the answer says nothing."""
        return dict.fromkeys(ids, self._activated(self._api.activate(self._record, self._change)))

    def look(self, ids: Sequence[Address]) -> Mapping[Address, Seen[Address]]:
        """See `Step.look`."""
        found = next(iter(self._api.by_id([self._record.id])), None)
        if found is None:
            return dict.fromkeys(ids, Moved("another client changed it meanwhile; make a new plan"))
        return dict.fromkeys(ids, Undone() if found.is_draft or found.archived else self._activated(found))

    def _activated(self, record: Live) -> Done | Next[Address]:
        if matches(record, self._change.after, self._change.kind):
            return Done(record)
        return Next(Update(self._context, self._change, record, activated=True))


class Batch(Step[Address]):
    """Create up to 1000 records; answers are matched by key (A42, A43)."""

    doubt = _CREATED

    def __init__(self, context: StepContext, changes: Sequence[Change]) -> None:
        super().__init__([change.address for change in changes])
        self._context, self._api = context, context.apis.batches(changes[0].kind)
        self._changes = {change.address: change for change in changes}

    def send(self, ids: Sequence[Address]) -> Mapping[Address, End | Next[Address]]:
        """See `Step.send`; what the answer leaves out, or calls taken, is created singly."""
        answer = self._api.create_many([self._changes[part] for part in ids])
        created = {record.key: record for record in answer.created}
        return {part: self._read(self._changes[part], created, answer.failed) for part in ids}

    def _read(
        self, change: Change, created: Mapping[str, Live], failed: Mapping[str, list[str]]
    ) -> End | Next[Address]:
        reasons = failed.get(change.key, [])
        if change.key in created:
            return self._context.adopt(change, created[change.key])
        if change.key not in failed or "EXTERNAL_ID_ALREADY_EXISTS" in reasons:
            return Next(Create(self._context, change), begun=False)
        return Failed("refused", f"Pleo refused it: {', '.join(reasons)}", _BAD_REQUEST)

    def look(self, ids: Sequence[Address]) -> Mapping[Address, Seen[Address]]:
        """See `Step.look`."""
        found = {record.key: record for record in self._api.every()}
        changes = [self._changes[part] for part in ids]
        return {c.address: self._context.adopt(c, found[c.key]) if c.key in found else Undone() for c in changes}

    def refused(self, ids: Sequence[Address], error: ApiError) -> Mapping[Address, End | Undone | Next[Address]]:
        """See `Step.refused`; a refused batch is halved until the refused items stand alone."""
        if error.status != _BAD_REQUEST or len(ids) == 1:
            return super().refused(ids, error)
        middle = len(ids) // 2
        return {**self._part(ids[:middle]), **self._part(ids[middle:])}

    def _part(self, ids: Sequence[Address]) -> dict[Address, Next[Address]]:
        return dict.fromkeys(ids, Next(Batch(self._context, [self._changes[part] for part in ids])))


class Bulk(Step[Address]):
    """Archive or unarchive up to 100 records; what the answer does not show as done goes singly (T65)."""

    doubt = _WRITTEN

    def __init__(self, context: StepContext, changes: Sequence[Change]) -> None:
        super().__init__([change.address for change in changes])
        self._context, self._api = context, context.apis.bulks(changes[0].kind)
        self._changes = {change.address: change for change in changes}
        self._archived: bool = changes[0].after["archived"]

    def send(self, ids: Sequence[Address]) -> Mapping[Address, Done | Next[Address]]:
        """See `Step.send`."""
        return self._judged(ids, self._api.archive([self._changes[part].id or "" for part in ids], self._archived))

    def refused(self, ids: Sequence[Address], _error: ApiError) -> Mapping[Address, Done | Next[Address]]:
        """See `Step.refused`: one bad tag must not keep the others."""
        return self._judged(ids, {})

    def _judged(self, ids: Sequence[Address], answer: Mapping[str, Live]) -> dict[Address, Done | Next[Address]]:
        return {part: self._one(self._changes[part], answer.get(self._changes[part].id or "")) for part in ids}

    def _one(self, change: Change, answer: Live | None) -> Done | Next[Address]:
        if answer is not None and matches(answer, change.after, change.kind):
            return Done(answer)
        return Next(self._context.update(change, answer or self._before(change)), begun=answer is not None)

    def look(self, ids: Sequence[Address]) -> Mapping[Address, Seen[Address]]:
        """See `Step.look`."""
        changes = [self._changes[part] for part in ids]
        found = {record.id: record for record in self._api.by_id([change.id or "" for change in changes])}
        return {c.address: _position(c, found.get(c.id or ""), self._before(c)) for c in changes}

    def _before(self, change: Change) -> Live:
        return self._context.fresh.records[change.id or ""]


def _position(change: Change, found: Live | None, before: Live) -> Done | Undone | Moved:
    """Where a record stands between what it was and what it is to be."""
    if found is not None and matches(found, change.after, change.kind):
        return Done(found)
    was: dict[str, Any] = before.state(tuple(name for name in change.after if name != "archived"))
    if found is not None and matches(found, was, change.kind):
        return Undone()
    return Moved("another client changed it meanwhile; make a new plan")


def not_stored(wrong: Mapping[str, tuple[Any, Any]]) -> Failed:
    """The end of a write after which Pleo has something else: a value that it does not give up has its own code."""
    if all(want is None for want, _ in wrong.values()):
        kept = "; ".join(f"{name} {live!r}" for name, (_, live) in wrong.items())
        return Failed("cannot-clear", f"Pleo keeps what was to be cleared: {kept}; clear it in Pleo")
    return Failed("not-stored", f"Pleo stored something else: {told(wrong)}")


def in_the_way(api: Operations, change: Change, error: ApiError) -> Failed | None:
    """The end of a write that a record of another key stands in the way of, both named (K20)."""
    if error.status != _CONFLICT or not api.kind.unique or change.action == "archive":
        return None
    others = doubting(lambda: api.in_the_way(change))
    if not others:
        return None
    names = ", ".join(str(Address(change.kind, one.key, None, None if one.key else one.id)) for one in others[:3])
    return Failed("refused", f"{error.message}; {names} in Pleo stands in the way of {change.address}", _CONFLICT)


def told(wrong: Mapping[str, tuple[Any, Any]]) -> str:
    """Field by field what Pleo has instead of what was wanted."""
    return "; ".join(f"{name} is {live!r} instead of {want!r}" for name, (want, live) in wrong.items())
