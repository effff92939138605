"""Activate again what was archived in favour of a record that Pleo then refused.

A vendor is archived first where another one wants its code or name (plan/order). Whether that frees them is not
published (K20): where Pleo counts archived vendors, the other one is refused, and neither would be there in the end.
A run may be cut off between the two. Then the next one that meets the refusal takes back what that one did, by its plan
and journal.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from pleoctl.apply.steps import Update
from pleoctl.errors import Finding, PleoctlError
from pleoctl.model.kinds import KINDS
from pleoctl.plan.artifact import plan_of
from pleoctl.run.journal import noted
from pleoctl.run.places import JOURNAL, PLAN, RECEIPT, has, run_folders
from pleoctl.run.receipt import Result
from pleoctl.run.settle import Done, settle
from pleoctl.run.shared import RECENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pleoctl.apply.ledger import Ledger
    from pleoctl.apply.steps import StepContext
    from pleoctl.model.addresses import Address
    from pleoctl.model.changes import Change
    from pleoctl.run.settle import End, Step

AGAIN: Final = "activate again"
_CONFLICT: Final = 409
_COMING: Final = frozenset({"create", "unarchive"})
_Places = dict[tuple[str, str, object], Result]
"""What was archived, by the values that no two records may have."""


class _Pair(NamedTuple):
    """What was archived, and what was refused because of it; ``run`` is the earlier one that archived it."""

    gone: Result
    refused: Result
    run: str | None = None


def take_back(context: StepContext, ledger: Ledger, places: Sequence[Path]) -> list[Finding]:
    """Activate what stands in the way, archived or not; tells what stays archived. Raises `PleoError`.

    Only what this run has archived itself, or for the same record one in ``places`` that was cut off: what was archived
    before may have been meant so.
    """
    told: list[Finding] = []
    for pair in _pairs(list(ledger.results), places):
        change = pair.gone.change
        record = next(iter(context.apis[change.kind].by_id([change.id or ""])), None)
        if record is None or not record.archived:
            continue
        back = replace(change, action="unarchive", before=change.after, after=change.before or {})
        hearing = _Hearing(ledger, pair)
        settle(Update(context, back, record), hearing, context.wait)
        told += hearing.told
    return told


def _pairs(results: Sequence[Result], places: Sequence[Path]) -> Iterator[_Pair]:
    freed = _freed(result for result in results if result.status == "done")
    left = []
    for refused in filter(_was_refused, results):
        gone = _takes(refused.change, freed)
        if gone is None:
            left.append(refused)
        else:
            yield _Pair(gone, refused)
    if left:
        known = {result.change.address: result for result in results}
        yield from _earlier({refused.change.address: refused for refused in left}, known, places)


def _earlier(
    refused: dict[Address, Result], known: Mapping[Address, Result], places: Sequence[Path]
) -> Iterator[_Pair]:
    """What earlier runs archived for these and did not bring about; nothing that a run took back.

    ``known`` are this run's results.
    """
    settled: set[str | None] = set()
    for folder in run_folders(places, RECENT):
        with suppress(OSError, PleoctlError):
            said = _journaled(folder / JOURNAL)
            settled |= said[AGAIN] if has(folder, RECEIPT) else set()
            changes = plan_of((folder / PLAN).read_bytes(), folder.name).changes
            sent = (change for change in changes if str(change.address) in said["sent"] and change.id not in settled)
            freed = _freed(map(Result, sent))
            for change in changes:
                asked = refused.get(change.address)
                if asked is None or str(change.address) in said["confirmed"]:
                    continue
                gone = _takes(asked.change, freed) if change.action in _COMING else None
                if gone is not None:
                    del refused[change.address]
                    yield _Pair(known.get(gone.change.address, gone), asked, folder.name)


def _freed(results: Iterable[Result]) -> _Places:
    return {
        (gone.change.kind, name, value): gone
        for gone in results
        if gone.change.action == "archive"
        for name in KINDS[gone.change.kind].unique
        if (value := (gone.change.before or {}).get(name)) is not None
    }


def _takes(change: Change, freed: _Places) -> Result | None:
    """What was archived for a record, taken out of ``freed``."""
    wanted = ((change.kind, name, change.after.get(name)) for name in KINDS[change.kind].unique)
    return next((freed.pop(one) for one in wanted if one in freed), None)


def _was_refused(result: Result) -> bool:
    return (result.error or {}).get("httpStatus") == _CONFLICT and result.change.action in _COMING


def _journaled(journal: Path) -> defaultdict[str, set[str]]:
    """The addresses of each event of a run, and the ids that it activated again, as far as its lines can be read."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in noted(journal.read_bytes()):
        found[line.event].update(line.addresses)
        if line.operation == AGAIN:
            found[AGAIN].update(line.pleo_ids)
    return found


class _Hearing:
    """The reporter of one `Update`."""

    def __init__(self, ledger: Ledger, pair: _Pair) -> None:
        self._ledger, self._pair = ledger, pair
        self.told: list[Finding] = []

    def sending(self, _step: Step[Address], _ids: Sequence[Address]) -> None:
        self._ledger.note("sent", [], operation=AGAIN, pleoIds=[self._pair.gone.change.id])

    def ended(self, part: Address, end: End) -> None:
        other, run = self._pair.refused.change.address, self._pair.run
        if isinstance(end, Done):
            words = f"{other}, which wants what it has, was refused all the same, so it is active again"
            self._ledger.correct(self._pair.gone, "blocked", "blocked", words)
            if run is not None:
                words = f"was archived for {other} by run {run}, which was cut off; {words}"
                self.told.append(Finding("restored", words, "warning", address=str(part)))
            return
        words = f"was archived for {other}, which was refused, and could not be activated again"
        self.told.append(Finding("not-restored", words, "warning", address=str(part), hint="activate it in Pleo"))

    def goes_on(self, _step: Step[Address]) -> bool:
        return True
