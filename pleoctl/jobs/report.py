"""Statuses on their way to Pleo: as soon as they are known, at most a hundred a call, none older than a minute (E7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.jobs.close import SUCCESSFUL, item_reason
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

LONGEST: Final = 60.0
SETTLED: Final = frozenset({"done", "alreadyDone", "failed", "partial"})


class Statuses:
    """Collects outcomes and reports them."""

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
        self._last: float | None = None
        self._longest = 0.0
        self.findings: list[Finding] = []

    def add(self, item: str, result: ItemResult) -> None:
        """Take an outcome in; it leaves when the call is full."""
        if result.status not in SETTLED:
            return
        now = this_machine().monotonic()
        self._longest = max(self._longest, now - (self._last or now))
        self._last, self._first = now, self._first or now
        self._waiting[item] = result
        if len(self._waiting) >= UPDATES:
            self.flush()

    def before_the_next(self) -> None:
        """Report what would grow older than a minute while the next item is booked."""
        if self._first is not None and this_machine().monotonic() - self._first + 2 * self._longest > LONGEST:
            self.flush()

    def flush(self) -> None:
        """Report all that is waiting. Raises `JobOver`, `LostAnswer`, `Unauthorised`, and what publishing raises."""
        if not self._waiting:
            return
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
                self.findings.append(Finding("not-reported", words, "warning", address=f"item:{item}"))


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
