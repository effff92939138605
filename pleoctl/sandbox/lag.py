"""Lists that lag behind writes: a replica that lists and searches read from while a lag fault is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox.faults import Fault
    from pleoctl.sandbox.store import Store, Table


@dataclass(slots=True)
class _Due:
    table: Table
    record_id: str
    reads: int
    at: float


class Lag:
    """The replica and the writes that it does not show yet. Used under the lock of its store.

    A write that a lag fault strikes shows after so many list or search calls of its kind, or after so many
    seconds; when both are given, as soon as one of them has passed. Any other write shows at once.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        """Copy the store as it is now."""
        self._store = store
        self._clock = clock
        self._replica = store.replica()
        self._waiting: list[_Due] = []
        self.fault: Fault | None = None
        store.on_write = self.note

    def stop(self) -> None:
        """Let lists read the store itself again."""
        self._store.on_write = None
        self._replica.close()

    def note(self, table: Table, record_id: str) -> None:
        """Hold a write back if the call is struck, else copy it."""
        if self.fault is None:
            self._replica.copy_record(table, record_id, self._store)
            return
        reads = self.fault.reads or _NEVER
        at = self._clock() + self.fault.seconds if self.fault.seconds else float("inf")
        self._waiting.append(_Due(table, record_id, reads, at))

    def reader(self, table: Table) -> Store:
        """What a list or search call of this kind reads."""
        now, still = self._clock(), []
        for due in self._waiting:
            if due.reads == 0 or now >= due.at:
                self._replica.copy_record(due.table, due.record_id, self._store)
                continue
            due.reads -= due.table is table
            still.append(due)
        self._waiting = still
        return self._replica


_NEVER = 10**9
