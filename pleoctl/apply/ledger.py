"""What a run knows of each change: its result, its line in the journal, the progress told."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pleoctl.model.kinds import TAG_GROUP
from pleoctl.run.journal import JournalError
from pleoctl.run.settle import Ambiguous, Done, Failed, Moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pleoctl.apply.fresh import Fresh
    from pleoctl.errors import Finding
    from pleoctl.model.addresses import Address
    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.run.journal import Event, Journal
    from pleoctl.run.receipt import Result, Status
    from pleoctl.run.settle import End


class Ledger:
    """Keeps ``fresh.results``; thread-safe as far as each change has one thread."""

    def __init__(self, fresh: Fresh, journal: Journal, progress: Callable[[int, int], None]) -> None:
        """``progress`` is told finished and all changes."""
        self._fresh, self._journal, self._progress = fresh, journal, progress
        self._finished = sum(result.status != "notAttempted" for result in fresh.results.values())
        self._lock = threading.Lock()
        self._unguarded = False
        self._unjournaled: list[JournalError] = []

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the run beside its changes: a journal that cannot be written."""
        return self._unjournaled[0].findings if self._unjournaled else []

    @property
    def results(self) -> Iterable[Result]:
        """How all changes stand."""
        return self._fresh.results.values()

    def result(self, address: Address) -> Result:
        """How one change stands."""
        return self._fresh.results[address]

    def before(self, result: Result) -> dict[str, Any] | None:
        """The state before the run of a change's record, also where it became a create's own; None for a new one."""
        adopted = self._fresh.adopted.get(result.id or "")
        names = [name for name in result.change.after if name != "archived"]
        return result.change.before if adopted is None else adopted.state(names)

    def open(self, changes: Iterable[Change]) -> list[Change]:
        """Those of the changes that have no end yet."""
        return [change for change in changes if self.result(change.address).status == "notAttempted"]

    def reopen(self) -> bool:
        """Let go what was kept back because of something else that is done by now; whether there is any."""
        blocked = [result for result in self.results if result.status == "blocked"]
        for result in blocked:
            result.status, result.error = "notAttempted", None
        self._finished -= len(blocked)
        return bool(blocked)

    # --- writing -----------------------------------------------------------------------------------------------

    def note(self, event: Event, addresses: Sequence[Address], **details: Any) -> None:
        """Journal what is about to happen. Raises `JournalError`: what cannot be journaled must not happen."""
        try:
            self._journal.write(event, [str(address) for address in addresses], **details)
        except JournalError as error:
            self._unjournaled.append(error)
            raise

    def tell(self, event: Event, addresses: Sequence[Address], **details: Any) -> None:
        """Journal what has happened. It stands in the receipt even if this fails, but then nothing more may be sent."""
        with suppress(JournalError):
            self.note(event, addresses, **details)

    def sending(self, addresses: Sequence[Address], *, unguarded: bool) -> None:
        """Journal that a request leaves; ``unguarded``: a second one would make a second record. Raises as `note`."""
        self._unguarded = self._unguarded or unguarded
        self.note("sent", addresses, **({"unguarded": True} if unguarded else {}))

    def verified(self) -> None:
        """Journal that Pleo shows what it confirmed, where a later run would have to wait for that (run/doubts)."""
        if self._unguarded:
            self.tell("verified", [])

    def enter(self, address: Address, end: End) -> None:
        """Write down the end of a change that was sent."""
        result = self.result(address)
        if isinstance(end, Done):
            self.found(result, end.record)
            self._advance()
        elif isinstance(end, Moved):
            self.close(result.change, "failed", "conflict", end.message)
        elif isinstance(end, Failed):
            self.close(result.change, "failed", end.code, end.message, end.http)
        elif isinstance(end, Ambiguous):
            self.close(result.change, "ambiguous", end.code, end.message, end.http)

    def found(self, result: Result, record: Live) -> None:
        """Write down that a change is done: Pleo has this record."""
        address = result.change.address
        result.status, result.id, result.error = "done", record.id, None
        if result.change.kind == TAG_GROUP.name:
            self._fresh.groups[address] = record.id
        self.tell("confirmed", [address], pleoId=record.id)

    def close(self, change: Change, status: Status, code: str, message: str, http: int | None = None) -> None:
        """Write down an end other than done."""
        self.correct(self.result(change.address), status, code, message, http)
        self._advance()

    def correct(self, result: Result, status: Status, code: str, message: str, http: int | None = None) -> None:
        """Write down that a change ended otherwise than it seemed."""
        result.status = status
        result.error = {"code": code, "message": message, "httpStatus": http}
        if status in {"failed", "ambiguous"}:
            self.tell(status, [result.change.address], code=code)

    def _advance(self) -> None:
        with self._lock:
            self._finished += 1
            self._progress(self._finished, len(self._fresh.results))
