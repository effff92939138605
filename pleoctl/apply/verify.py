"""The second look: once the plan is through, Pleo must show what it confirmed (law 6)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pleoctl.apply.compare import differences, matches
from pleoctl.apply.steps import LAG_SECONDS, not_stored, told
from pleoctl.run.settle import moments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.apply.ledger import Ledger
    from pleoctl.model.records import Live
    from pleoctl.pleo.kinds import KindApis
    from pleoctl.run.receipt import Result


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


def _read(apis: KindApis, results: Mapping[str, Result]) -> dict[str, Live]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for identity, result in results.items():
        by_kind[result.change.kind].append(identity)
    return {r.id: r for kind, ids in by_kind.items() for r in apis[kind].by_id(ids)}


def _as_wanted(record: Live, result: Result) -> bool:
    return matches(record, result.change.after, result.change.kind)


def _doubt(ledger: Ledger, result: Result, record: Live | None) -> None:
    change = result.change
    if record is None or matches(record, ledger.before(result), change.kind):
        words = "Pleo confirmed it, but does not show it yet; run again"
        ledger.correct(result, "ambiguous", "not-shown", words)
    else:
        wrong = differences(record, change.after, change.kind)
        if (kept := not_stored(wrong)).code == "cannot-clear":
            ledger.correct(result, "failed", kept.code, kept.message)
        else:
            ledger.correct(result, "failed", "conflict", f"another client changed it meanwhile: {told(wrong)}")
