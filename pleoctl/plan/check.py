"""What the types of a plan cannot say: how its fields fit together, so that apply may trust each change."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import UNSET

from pleoctl.documents.versions import Wrong
from pleoctl.model.addresses import Bucket
from pleoctl.model.changes import ACTIONS, is_state
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.place import Setting

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from pleoctl.model.changes import Change
    from pleoctl.plan.document import Counts, PlanFile


def head_problem(plan: PlanFile) -> Wrong | None:
    """What is wrong with a plan besides its changes."""
    if plan.desired is UNSET and plan.source is UNSET:
        return Wrong("names neither a desired state nor a receipt")
    shape = {**{kind.section: bool for kind in flat_kinds()}, TAG_GROUP.section: list}
    missing = {ACCOUNT.section, TAG_GROUP.section} - plan.scope.keys()
    if missing or any(not isinstance(v, shape.get(n, ())) for n, v in plan.scope.items()):
        return Wrong("is malformed", Setting("scope"))
    for text in plan.context.active if plan.context else ():
        try:
            Bucket.parse(text)
        except ValueError as error:
            return Wrong(str(error), Setting("context", "active"))
    return None


def totals_problem(plan: PlanFile) -> Wrong | None:
    """Whether the totals, which reports put first, count other changes than the plan has."""
    counted: Counter[tuple[str | None, str]] = Counter(map(attrgetter("address.kind", "action"), plan.changes))
    for (_, action), number in list(counted.items()):
        counted[None, action] += number
    parts: list[tuple[str | None, Counts]] = [(None, plan.summary), *plan.summary.by_kind.items()]
    told = Counter({(kind, action): getattr(part, action) for kind, part in parts for action in ACTIONS})
    return None if told == counted else Wrong("its totals are not those of the changes", Setting("summary"))


def change_problems(changes: Iterable[Change]) -> Iterator[Wrong]:
    """What is wrong with the changes, in their order: each with its place."""
    seen: set[str] = set()
    sound: set[Hashable] = set()
    for number, change in enumerate(changes):
        looks = _looks(change)
        problem = None if looks in sound else _illogical(change)
        if problem is None:
            sound.add(looks)
            problem = _untold(change) or _astray(change)
        address = str(change.address)
        one = address.casefold() if problem is None and KINDS[change.address.kind].folds_case else address
        if problem is None and one in seen:
            problem = f"address {address} stands twice"
        seen.add(one)
        if problem is not None:
            yield Wrong(problem, Setting("changes", number))


def _looks(change: Change) -> Hashable:
    """All that `_illogical` judges by: a change that looks like a sound one is sound, and most look alike."""
    before, after = change.before, change.after
    kind = change.address.kind  # one object for all changes of a kind, whereas each has a text ``kind`` of its own
    what = (kind, change.kind == kind, change.action, change.id is None)
    became = (*after, *map(type, after.values()), after.get("archived") is True, after.get("state") == "ACTIVE")
    if before is None:
        return what, became
    was = (*before, *map(type, before.values()), before.get("archived") is True, before.get("state") == "DRAFT")
    return what, became, was


def _illogical(change: Change) -> str | None:
    if change.kind not in KINDS or change.address.kind != change.kind:
        return f"{_one(change.kind)} does not have the address {change.address}"
    if not is_state(change.after, change.kind) or not (change.before is None or is_state(change.before, change.kind)):
        return "its states are malformed"
    return _unlike_its_action(change)


def _unlike_its_action(change: Change) -> str | None:
    action, before = change.action, change.before
    if (action == "create") != (before is None) or (action == "create") != (change.id is None):
        return f"{_one(action)} does not look like that"
    was = action == "unarchive" if before is None else before["archived"]
    if change.after["archived"] != (action == "archive") or was != (action == "unarchive"):
        return f"{_one(action)} does not change archived like that"
    states = ((before or {}).get("state"), change.after.get("state"))
    if action not in KINDS[change.kind].waves or states != (
        ("DRAFT", "ACTIVE") if action == "confirm" else (None,) * 2
    ):
        return f"{_one(action)} does not change state like that"
    return None


def _untold(change: Change) -> str | None:
    """People read what ``fields`` names; a difference that it leaves out would be written unseen."""
    before, after = change.before, change.after
    if before is None:
        told = sorted(after)
    elif before.keys() == after.keys():
        told = [name for name, value in after.items() if before[name] != value]
        told.sort()  # of one, mostly
    else:
        told = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return None if change.fields == told else "its fields are not those that differ"


def _astray(change: Change) -> str | None:
    if (change.kind == TAG.name) != (change.parent is not None):
        return "its parent is malformed"
    if change.parent is None:
        return None
    group = change.parent.address
    below = group.kind == TAG_GROUP.name and group.key == change.address.group and group.duplicate is None
    return None if below else "its address is not below its parent's"


def _one(word: str) -> str:
    return f"{'an' if word[:1] in set('aeiou') else 'a'} {word}"
