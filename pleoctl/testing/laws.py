"""The laws of the design, checked on what a history did to the simulated Pleo; nothing of the engine is asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState
    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Settings

Json = dict[str, Any]
KINDS: Final = {
    "taxCodes": "taxCode",
    "accounts": "account",
    "tagGroups": "tagGroup",
    "tags": "tag",
    "vendors": "vendor",
}
_KEYS: Final = {"account": "externalId", "taxCode": "code", "vendor": "externalId"}
_FOREIGN: Final = ("metadata", "extra", "otherDimensionValues", "usage", "usedByCategory", "usedByContra", "hasEntries")
_REFUSALS: Final = frozenset({400, 404, 409})


class LawBroken(AssertionError):
    """A history broke a law; ``law`` names it."""

    def __init__(self, law: str, words: str) -> None:
        super().__init__(f"{law}: {words}")
        self.law = law


def demand(law: str, holds: object, words: str) -> None:
    """Raise `LawBroken` unless it holds."""
    if not holds:
        raise LawBroken(law, words)


def records(state: Json) -> dict[str, tuple[str, Json]]:
    """Every record by its id, with its kind."""
    return {record["id"]: (kind, record) for name, kind in KINDS.items() for record in state[name]}


def keys(state: Json) -> Counter[tuple[str, str, str]]:
    """How many records stand under each key that must stay unique."""
    found = Counter(
        (kind, "", record[_KEYS[kind]])
        for name, kind in KINDS.items()
        if kind in _KEYS
        for record in state[name]
        if record[_KEYS[kind]] is not None
    )
    found.update(("tagGroup", "", record["code"].casefold()) for record in state["tagGroups"])
    found.update(("tag", record["groupId"], record["code"].casefold()) for record in state["tags"])
    return found


def only(state: Json, kind: str, identities: Collection[str]) -> Json:
    """A state with these records of one kind alone."""
    return {
        name: [record for record in state[name] if one == kind and record["id"] in identities]
        for name, one in KINDS.items()
    }


def no_duplicates(allowed: Counter[tuple[str, str, str]], state: Json) -> None:
    """Law 3: no key has more records than there were, or than other clients made."""
    for key, number in keys(state).items():
        demand("no duplicates", number <= max(1, allowed[key]), f"{number} records of {key}, {allowed[key]} before")


def untouched(before: Json, after: Json, plans: Iterable[Plan], foreign: set[str], settings: Settings) -> None:
    """Laws 2, 4 and 5: nothing is gone, and nothing moved that no plan and no other client named."""
    cascades = settings.archive_cascade == "cascade"
    old, new = records(before), records(after)
    changes = [change for plan in plans for change in plan.changes]
    moved = {change.id for change in changes}
    if settings.account_ids_ignore_case:
        moved |= _look_alikes(before, changes)
    archived = {change.id for change in changes if change.action == "archive"}
    groups = {change.id for change in changes if change.kind == "tagGroup"} if cascades else set()
    for identity, (kind, was) in old.items():
        demand("nothing is deleted", identity in new, f"{kind} {identity}")
        now = new[identity][1]
        if identity in foreign or now.get("groupId") in groups | (foreign if cascades else set()):
            continue
        for name in _FOREIGN:
            demand("what is not managed stays", was.get(name) == now.get(name), f"{kind} {identity}: {name}")
        if identity not in moved:
            demand("what no plan names stays", _plain(was) == _plain(now), f"{kind} {was} became {now}")
        elif now["archived"] and not was["archived"]:
            demand("nothing is archived without a plan", identity in archived, f"{kind} {was}")


def _look_alikes(state: Json, changes: Iterable[Change]) -> set[str | None]:
    """Archived accounts that a create may become, where Pleo takes its externalId for theirs."""
    coming = {c.key for c in changes if c.kind == "account" and c.action == "create"}
    lower = {key.lower() for key in coming}
    return {
        record["id"]
        for record in state["accounts"]
        if record["archived"] and record["externalId"].lower() in lower and record["externalId"] not in coming
    }


def _plain(record: Json) -> Json:
    return {name: value for name, value in record.items() if name != "updatedAt"}


def is_in(record: Mapping[str, Any], wanted: Mapping[str, Any] | None, kind: str) -> bool:
    """Whether a stored record has these values; null and absent are equal, a code's case makes no difference (T3)."""
    return wanted is not None and all(
        _plainly(record, name) == (value or None)
        or (
            name == "code" and kind in {"tagGroup", "tag"} and str(record.get(name)).casefold() == str(value).casefold()
        )
        for name, value in wanted.items()
    )


def _plainly(record: Mapping[str, Any], name: str) -> Any:
    """A stored field as plans write it: rates are texts, and a draft is a state."""
    if name == "state":
        return "ARCHIVED" if record["archived"] else "DRAFT" if record["draft"] else "ACTIVE"
    value = record.get(name) or None
    return str(value) if name == "rate" and value is not None else value


def truthful(applied: Receipt, state: Json, foreign: set[str], *, cascades: bool, lags: bool) -> None:
    """A change that the receipt calls done is so in Pleo, and one that it calls failed is not.

    Unless another client was there. What was denied is read again at the end, which helps where the run comes to its
    end and lists show what they should.
    """
    stored = records(state)
    unseen = lags or applied.outcome == "interrupted" or "not-verified" in {one.code for one in applied.findings}
    for result in applied.results:
        identity = result.id or result.change.id or ""
        if identity in foreign:
            continue
        believed = unseen and result.error is not None and result.error["httpStatus"] is not None
        if result.status == "failed" and not believed and not (cascades and result.change.kind == "tag"):
            there = [stored[identity]] if identity in stored else _made(result.change, state, foreign)
            untrue = any(is_in(record, result.change.after, kind) for kind, record in there)
            demand("failed is not done", not untrue, f"{result.change.address} is so")
        if result.status not in {"done", "alreadyDone"}:
            continue
        demand("done is done", identity in stored, f"{result.change.address} has no record")
        kind, record = stored[identity]
        known = kind not in _KEYS or record[_KEYS[kind]].lower() == result.change.key.lower()
        demand("done is done", known, f"{result.change.address} is {record}")
        wanted = dict(result.change.after)
        if cascades and kind == "tag":
            wanted.pop("archived")
        demand("done is done", is_in(record, wanted, kind), f"{result.change.address} is {record}, not {wanted}")


def _made(change: Change, state: Json, foreign: set[str]) -> list[tuple[str, Json]]:
    """The records that a create may have made: those with its key."""
    key = _KEYS.get(change.kind)
    if key is None or change.id is not None:
        return []
    every = records(state).items()
    return [one for name, one in every if one[0] == change.kind and one[1][key] == change.key and name not in foreign]


def all_or_nothing(applied: Receipt, plan: Plan, before: Json, writes: int) -> None:
    """Law 2: a record that is neither as the plan saw it nor as it wants it stops the run before its first write.

    A run that was interrupted before it had looked at all of them has written nothing either.
    """
    stored = records(before)
    moved = [
        str(change.address)
        for change in plan.changes
        if change.id is not None
        and not (
            change.id in stored
            and (
                is_in(stored[change.id][1], change.before, change.kind)
                or is_in(stored[change.id][1], change.after, change.kind)
            )
        )
    ]
    outcome = applied.outcome
    told = outcome == "stale" or (outcome == "interrupted" and not writes)
    demand("stale is told", not moved or told, f"{outcome} although {moved} moved")
    if outcome in {"stale", "refused"}:
        demand("stale writes nothing", writes == 0, f"{writes} writes")


def one_of_two(plan: Plan, before: Json, after: Json, foreign: set[str]) -> None:
    """Of accounts that look alike one stays active, where a plan replaces one by another."""
    coming = {c.key.lower() for c in plan.changes if c.kind == "account" and c.action in {"create", "unarchive"}}
    leaving = {c.key.lower() for c in plan.changes if c.kind == "account" and c.action == "archive"}
    for key in coming & leaving:
        alike = [r for r in after["accounts"] if r["externalId"].lower() == key]
        were = [r for r in before["accounts"] if r["externalId"].lower() == key and not r["archived"]]
        known = not were or any(r["id"] in foreign or not r["archived"] for r in alike)
        demand("one of two stays", known, f"all accounts like {key} are archived")


def came_along(applied: Receipt, before: Json, after: Json, foreign: set[str]) -> None:
    """Tags that an unarchived group carried along are archived again, unless the plan wants them (K24)."""
    if applied.outcome != "done" or applied.findings:
        return
    changes = [result.change for result in applied.results]
    groups = {c.id for c in changes if c.kind == "tagGroup" and c.action == "unarchive"}
    named = {c.id for c in changes}
    were = {t["id"] for t in before["tags"] if t["archived"] and t["groupId"] in groups}
    for tag in after["tags"]:
        came = tag["id"] in were - named - foreign and tag["groupId"] not in foreign
        demand("tags do not come along", not came or tag["archived"], f"{tag['code']} of {tag['groupCode']}")


def held_rows_stay(plan: Plan, desired: DesiredState) -> None:
    """What a row that cannot be used stands for is left as it is."""
    held: set[tuple[str, ...]] = {
        (kind, row.key or "") for kind, rows in desired.flat.items() for row in rows if row.hold
    }
    for dimension in desired.dimensions or ():
        group = (dimension.row.key or "").casefold()
        if dimension.row.hold:
            held.add(("tagGroup", group))
        held |= {("tag", group, (row.key or "").casefold()) for row in dimension.values or () if row.hold}
    for change in plan.changes:
        demand("held rows stay", _place(change) not in held, f"{change.address} {change.action}")


def _place(change: Change) -> tuple[str, ...]:
    if change.kind in _KEYS:
        return change.kind, change.key
    key = (change.key or "").casefold()
    if change.parent is None:
        return change.kind, key
    return change.kind, change.parent.address.key.casefold(), key


def merged(state: Json, plan: Plan) -> set[str]:
    """Addresses of accounts that a Pleo without cases cannot hold beside the look-alike that stands there."""
    there = {record["externalId"].lower() for record in state["accounts"]}
    return {str(c.address) for c in plan.changes if c.kind == "account" and c.key.lower() in there}


def refused(applied: Receipt) -> set[str]:
    """Addresses that Pleo itself refused, and those blocked by them. Nothing else may be open in calm weather."""
    left = [r for r in applied.results if r.status not in {"done", "alreadyDone"}]
    for result in left:
        error = result.error or {}
        known = result.status == "blocked" or error.get("httpStatus") in _REFUSALS or error.get("code") == "not-stored"
        demand("calm runs end", known, f"{result.change.address}: {result.status}, {error}")
    return {str(result.change.address) for result in left}
