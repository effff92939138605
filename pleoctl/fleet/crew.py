"""Companies side by side in this process: so many at a time, each to its own end.

A company that fails stops no other; one that hangs holds its own thread alone, and what the others did is kept at once.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pleoctl.errors import ExitCode
from pleoctl.fleet.receipt import CompanyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pleoctl.fleet.fleet import Opened
    from pleoctl.fleet.settings import Isolation
    from pleoctl.plan.approvals import Approvers

# How often the one that waits for results looks up to see whether a signal came.
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class How:
    """How companies are worked on: so many at a time, each in a thread or a process; what their runs hear."""

    concurrency: int
    isolation: Isolation
    stop: threading.Event
    patience: float = 0.0
    approvers: Approvers | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """``work`` for one company, on so many threads; ``stop`` lets those end that began and begins no other."""

    work: Callable[[Opened], CompanyResult]
    concurrency: int
    stop: threading.Event

    def results(self, companies: Sequence[Opened]) -> Iterator[CompanyResult]:
        """One result a company, each as soon as it is there; those that were not begun come last."""
        waiting: queue.SimpleQueue[Opened] = queue.SimpleQueue()
        done: queue.SimpleQueue[CompanyResult] = queue.SimpleQueue()
        for one in companies:
            waiting.put(one)

        def go() -> None:
            with suppress(queue.Empty):
                while True:
                    one = waiting.get_nowait()
                    done.put(not_begun(one) if self.stop.is_set() else self.work(one))

        for at in range(min(self.concurrency, len(companies))):
            # Daemons: a company that hangs must not keep the process once somebody has said twice that it should end.
            threading.Thread(target=go, name=f"pleoctl-company-{at}", daemon=True).start()
        for _ in companies:
            yield _next(done)


def _next(done: queue.SimpleQueue[CompanyResult]) -> CompanyResult:
    while True:
        with suppress(queue.Empty):
            return done.get(timeout=_LOOK_SECONDS)


def not_begun(one: Opened) -> CompanyResult:
    """The result of a company whose turn did not come."""
    return CompanyResult(path=one.company.path, company=one.id).ended(ExitCode.INTERRUPTED)
