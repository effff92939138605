"""Activate again what was archived in favour of a record that Pleo then refused.

A vendor is archived first where another one wants its code or name (plan/order). Whether that frees them is not
published (K20): where Pleo counts archived vendors, the other one is refused, and neither would be there in the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from pleoctl.apply.steps import Update
from pleoctl.errors import Finding
from pleoctl.model.kinds import KINDS
from pleoctl.run.settle import Done, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.apply.ledger import Ledger
    from pleoctl.apply.steps import StepContext
    from pleoctl.model.addresses import Address
    from pleoctl.run.receipt import Result
    from pleoctl.run.settle import End, Step

_CONFLICT: Final = 409


class _Pair(NamedTuple):
    """What this run has archived, and what was refused because of it."""

    gone: Result
    refused: Result


def take_back(context: StepContext, ledger: Ledger) -> list[Finding]:
    """Activate what stands in the way, archived or not; tells what stays archived. Raises `PleoError`.

    Only what this run has archived itself: what was archived before may have been meant so.
    """
    told: list[Finding] = []
    for pair in _pairs(list(ledger.results)):
        change = pair.gone.change
        record = next(iter(context.apis[change.kind].by_id([change.id or ""])), None)
        if record is None or not record.archived:
            continue
        back = replace(change, action="unarchive", before=change.after, after=change.before or {})
        hearing = _Hearing(ledger, pair)
        settle(Update(context, back, record), hearing, context.wait)
        told += hearing.told
    return told


def _pairs(results: Sequence[Result]) -> Iterator[_Pair]:
    freed = {
        (gone.change.kind, name, value): gone
        for gone in results
        if gone.change.action == "archive" and gone.status == "done"
        for name in KINDS[gone.change.kind].unique
        if (value := (gone.change.before or {}).get(name)) is not None
    }
    for refused in results:
        error, change = refused.error or {}, refused.change
        if error.get("httpStatus") != _CONFLICT or change.action not in {"create", "unarchive"}:
            continue
        wanted = ((change.kind, name, change.after.get(name)) for name in KINDS[change.kind].unique)
        gone = next((freed.pop(one) for one in wanted if one in freed), None)
        if gone is not None:
            yield _Pair(gone, refused)


class _Hearing:
    """The reporter of one `Update`."""

    def __init__(self, ledger: Ledger, pair: _Pair) -> None:
        self._ledger, self._pair = ledger, pair
        self.told: list[Finding] = []

    def sending(self, _step: Step[Address], _ids: Sequence[Address]) -> None:
        self._ledger.note("sent", [], operation="activate again", pleoIds=[self._pair.gone.id])

    def ended(self, part: Address, end: End) -> None:
        other = self._pair.refused.change.address
        if isinstance(end, Done):
            words = f"{other}, which wants what it has, was refused all the same, so it is active again"
            self._ledger.correct(self._pair.gone, "blocked", "blocked", words)
            return
        words = f"was archived for {other}, which was refused, and could not be activated again"
        self.told.append(Finding("not-restored", words, "warning", address=str(part), hint="activate it in Pleo"))

    def goes_on(self, _step: Step[Address]) -> bool:
        return True
