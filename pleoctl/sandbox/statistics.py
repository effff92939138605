"""What was asked of the sandbox: counts, the busiest minute, breaches of the contract, and a log of calls."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox.errors import Record

KEPT_CALLS: Final = 5_000
KEPT_VIOLATIONS: Final = 1_000
SHORT_BODY: Final = 500
MINUTE: Final = 60.0


@dataclass(slots=True)
class Entry:
    """One call in the log.

    ``status`` is what the client got, None if it got no answer; ``written`` says whether the call changed the
    state, answered or not; ``faults`` are the kinds of faults that struck it.
    """

    number: int
    method: str
    path: str
    operation: str
    body: str
    status: int | None = None
    written: bool = False
    faults: list[str] = field(default_factory=list)


class Statistics:
    """Counts calls as they arrive. Thread-safe; keeps the last calls and violations only."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Count by a clock of seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._total = self._reads = self._writes = self._deletes = self._busiest = 0
            self._operations: Counter[str] = Counter()
            self._statuses: Counter[str] = Counter()
            self._minute: deque[float] = deque()
            self._log: deque[Entry] = deque(maxlen=KEPT_CALLS)
            self._violations: deque[Record] = deque(maxlen=KEPT_VIOLATIONS)

    def arrived(self, method: str, path: str, operation: str, body: bytes, *, writes: bool) -> Entry:
        """Count a call and open its entry in the log."""
        text = body[: SHORT_BODY * 4].decode(errors="replace")[:SHORT_BODY]
        with self._lock:
            self._total += 1
            self._writes += writes
            self._reads += not writes
            self._deletes += method == "DELETE"
            self._operations[operation] += 1
            self._count_minute()
            entry = Entry(self._total, method, path, operation, text)
            self._log.append(entry)
        return entry

    def answered(self, entry: Entry, status: int) -> None:
        """Note what the client of a call gets."""
        with self._lock:
            entry.status = status
            self._statuses[str(status)] += 1

    @property
    def deletes(self) -> int:
        """How many calls were DELETE."""
        return self._deletes

    @property
    def violations(self) -> list[Record]:
        """The last breaches of the contract."""
        with self._lock:
            return list(self._violations)

    def violated(self, method: str, path: str, message: str) -> None:
        """Note a breach of the contract."""
        with self._lock:
            self._violations.append({"method": method, "path": path, "message": message})

    def as_json(self) -> Record:
        """All of it: the document of ``GET /_sandbox/stats``."""
        with self._lock:
            return {
                "total": self._total,
                "reads": self._reads,
                "writes": self._writes,
                "deletes": self._deletes,
                "maxPerMinute": self._busiest,
                "byOperation": dict(sorted(self._operations.items())),
                "byStatus": self._by_status(),
                "violations": list(self._violations),
                "log": [asdict(entry) for entry in self._log],
            }

    def _by_status(self) -> dict[str, int]:
        unanswered = self._total - self._statuses.total()
        return dict(sorted(self._statuses.items())) | ({"none": unanswered} if unanswered else {})

    def _count_minute(self) -> None:
        now = self._clock()
        self._minute.append(now)
        while self._minute[0] <= now - MINUTE:
            self._minute.popleft()
        self._busiest = max(self._busiest, len(self._minute))
