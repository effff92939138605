"""The second look: once the plan is through, Pleo must show what it confirmed, and nothing that it denied (law 6)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from pleoctl.apply.compare import differences, matches, same_key
from pleoctl.apply.steps import LAG_SECONDS, not_stored, told
from pleoctl.run.settle import moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pleoctl.apply.fresh import Fresh
    from pleoctl.apply.ledger import Ledger
    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.pleo.kinds import KindApis, Operations
    from pleoctl.run.receipt import Result

FEW: Final = 3
"""So many creates are looked for one by one; of more all records of their kind are read."""


def verify(apis: KindApis, ledger: Ledger, wait: Callable[[float], None]) -> None:
    """Read what was written once more, by Pleo ids, 100 a call; up to four looks while a list still lags.

    What does not show is ambiguous, what differs is failed. Raises `PleoError` where it cannot be read.
    """
    left = {result.id or "": result for result in ledger.results if result.status == "done"}
    found: dict[str, Live] = {}
    for _ in moments(LAG_SECONDS, wait):
        found.update(_read(apis, left))
        left = {i: result for i, result in left.items() if i not in found or not _as_wanted(found[i], result)}
        if not left:
            return
    for identity, result in left.items():
        _doubt(ledger, result, found.get(identity))


def hear_again(apis: KindApis, ledger: Ledger, fresh: Fresh) -> bool:
    """Look once more for what an answer denied, and for what is not known: what is as wanted is done, whoever said not.

    Whether there was any. Nothing is read where nothing was denied or is in doubt. Raises `PleoError` where it cannot
    be read.
    """
    heard = False
    doubted: dict[str, list[Result]] = defaultdict(list)
    for result in ledger.results:
        denied = result.status == "failed" and (result.error or {}).get("httpStatus") is not None
        if denied or result.status == "ambiguous":
            doubted[result.change.kind].append(result)
    for kind, results in doubted.items():
        records = _touched(apis[kind], results, fresh)
        for result in results:
            found = [record for record in records if _is_of(record, result, fresh) and _as_wanted(record, result)]
            if found:
                ledger.found(result, min(found, key=lambda record: (record.created, record.id)))
                heard = True
    return heard


def _touched(api: Operations, results: Iterable[Result], fresh: Fresh) -> list[Live]:
    """The records that changes were to write, and those that their creates may have made."""
    known = [identity for result in results if (identity := result.id or result.change.id) is not None]
    creates = [result.change for result in results if result.id is None and result.change.id is None]
    found = list(api.by_id(known)) if known else []
    if len(creates) > FEW:
        return found + api.reread(creates, {group for c in creates if (group := _group(c, fresh)) is not None})
    return found + [record for create in creates for record in api.find(create, _group(create, fresh))]


def _group(change: Change, fresh: Fresh) -> str | None:
    return fresh.groups.get(change.parent.address) if change.parent is not None else None


def _is_of(record: Live, result: Result, fresh: Fresh) -> bool:
    identity = result.id or result.change.id
    if identity is not None:
        return record.id == identity
    return same_key(record, result.change) and record.parent == _group(result.change, fresh)


def _read(apis: KindApis, results: Mapping[str, Result]) -> dict[str, Live]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for identity, result in results.items():
        by_kind[result.change.kind].append(identity)
    return {r.id: r for kind, ids in by_kind.items() for r in apis[kind].by_id(ids)}


def _as_wanted(record: Live, result: Result) -> bool:
    return matches(record, result.change.after, result.change.kind)


def _doubt(ledger: Ledger, result: Result, record: Live | None) -> None:
    change = result.change
    # Nobody makes a draft of what is none any more: so it is shown as it was.
    if record is None or record.is_draft or matches(record, ledger.before(result), change.kind):
        words = "Pleo confirmed it, but does not show it yet; run again"
        ledger.correct(result, "ambiguous", "not-shown", words)
    else:
        wrong = differences(record, change.after, change.kind)
        if (kept := not_stored(wrong)).code == "cannot-clear":
            ledger.correct(result, "failed", kept.code, kept.message)
        else:
            ledger.correct(result, "failed", "conflict", f"another client changed it meanwhile: {told(wrong)}")
