"""Statuses on their way to Pleo: as soon as they are known, at most a hundred a call, none older than a minute (E7).

A booking may take as long as the books like, so a thread of its own reports what has waited too long; it and the run
take turns.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding, PleoctlError
from pleoctl.jobs.close import SUCCESSFUL, item_reason
from pleoctl.jobs.document import address_of
from pleoctl.jobs.receipt import ItemError
from pleoctl.jobs.steps import Report
from pleoctl.machine import this_machine
from pleoctl.pleo.export_jobs import UPDATES, Update
from pleoctl.run.settle import Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.jobs.age import LastUpdate
    from pleoctl.jobs.receipt import ItemResult
    from pleoctl.pleo.export_jobs import ExportWriter
    from pleoctl.run.settle import End, Step

OVERDUE: Final = 45.0
"""Seconds after which a status no longer waits for others; the rest of its minute is for the call."""
AGAIN: Final = "run the same again: what stands in the books is found there and only told"
SETTLED: Final = frozenset({"done", "alreadyDone", "failed", "partial"})


class Statuses:
    """Collects outcomes and reports them; to be closed before the run ends."""

    def __init__(
        self,
        pleo: ExportWriter,
        job: str,
        settle: Callable[[Step[str]], dict[str, End]],
        publish: Callable[[], None],
        last: LastUpdate,
    ) -> None:
        """``publish`` puts the books where others see them; what it raises keeps statuses from being reported."""
        self._pleo, self._job, self._settle, self._publish, self._heard = pleo, job, settle, publish, last
        self._waiting: dict[str, ItemResult] = {}
        self._first: float | None = None
        self._turn = threading.RLock()
        self._cancel: Callable[[], object] = lambda: None
        self._trouble: PleoctlError | None = None
        self.findings: list[Finding] = []

    def add(self, item: str, result: ItemResult) -> None:
        """Take an outcome in; it leaves when the call is full. Raises as `flush` does."""
        if result.status not in SETTLED:
            return
        with self._turn:
            if self._first is None:
                self._first = this_machine().monotonic()
                self._cancel = this_machine().later(OVERDUE, self._overdue)
            self._waiting[item] = result
            if len(self._waiting) >= UPDATES:
                self.flush()

    def before_the_next(self) -> None:
        """Report what has waited long enough. Raises as `flush` does, also for what a thread met meanwhile."""
        with self._turn:
            if self._trouble is not None or (
                self._first is not None and this_machine().monotonic() - self._first >= OVERDUE
            ):
                self.flush()

    def close(self) -> None:
        """Nothing is reported from now on."""
        with self._turn:
            self._cancel()
            self._first, self._waiting = None, {}

    def _overdue(self) -> None:
        """Report while the run is busy; what goes wrong is the run's to hear."""
        with self._turn:
            try:
                self.flush()
            except PleoctlError as error:
                self._trouble = error

    def flush(self) -> None:
        """Report all that is waiting. Raises `JobOver`, `LostAnswer`, `Unauthorised`, and what publishing raises."""
        with self._turn:
            if self._trouble is not None:
                raise self._trouble
            if self._waiting:
                self._report()

    def _report(self) -> None:
        self._cancel()
        self._publish()
        results, self._waiting, self._first = self._waiting, {}, None
        updates = {item: update(item, result) for item, result in results.items()}
        for item, end in self._settle(Report(self._pleo, self._job, updates)).items():
            if isinstance(end, Done):
                self._heard.again()
                results[item].reported = "successful" if updates[item].status == SUCCESSFUL else "failed"
            else:
                words = getattr(end, "message", "Pleo did not take it")
                results[item].error = ItemError("not-reported", words)
                self.findings.append(Finding("not-reported", words, "warning", address=address_of(item), hint=AGAIN))


def update(item: str, result: ItemResult) -> Update:
    """What is reported of an outcome (U2, U3)."""
    if result.status in {"done", "alreadyDone"}:
        return Update(
            item,
            SUCCESSFUL,
            result.external_id,
            result.external_url,
            this_machine().now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
    error = result.error or ItemError("unexpected_failure", "not booked")
    return Update(item, "failed", failure_reason=error.message, failure_reason_type=item_reason(error.code))
