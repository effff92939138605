"""Carry out the changes that are still to be done: wave after wave, the steps of a wave side by side.

How each change comes to its end is `pleoctl.run.settle`'s matter. Here stands what stops more than one of them: a
lost credential, a missing scope, an unreachable Pleo, an unwritable journal, a signal, a tag group that could not be
written. What was not begun then stays notAttempted.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Interrupted, PleoctlError
from pleoctl.machine import this_machine
from pleoctl.model.kinds import KINDS
from pleoctl.plan.order import rivals, waves
from pleoctl.pleo.connect import PARALLEL
from pleoctl.remote.errors import LostAnswer, Unauthorised
from pleoctl.run.journal import JournalError
from pleoctl.run.receipt import DENIED, PROBLEMS
from pleoctl.run.settle import settle
from pleoctl.watch import watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.apply.ledger import Ledger
    from pleoctl.apply.steps import StepContext
    from pleoctl.model.addresses import Address
    from pleoctl.model.changes import Change
    from pleoctl.plan.order import Task
    from pleoctl.run.receipt import Result, Status
    from pleoctl.run.settle import End, Step

LOG: Final = logging.getLogger(__name__)


class Executor:
    """Runs the waves of a plan; results end up in the ledger. It is the reporter of every step."""

    def __init__(self, context: StepContext, ledger: Ledger, stop: threading.Event) -> None:
        """``stop`` ends the run after the writes in flight."""
        self._context, self._ledger, self._stop = context, ledger, stop
        self._rivals: dict[Address, Change] = {}
        self._denied: set[str] = set()
        self._halted = threading.Event()

    @property
    def halted(self) -> bool:
        """Whether something other than a signal stopped the run."""
        return self._halted.is_set() or bool(self._ledger.findings)

    def run(self, changes: list[Change]) -> None:
        """Carry out all changes that are not already done."""
        self._rivals = rivals(changes)
        with this_machine().pool(PARALLEL) as pool:
            for wave in waves(changes):
                LOG.info("%d × %s of %s", len(wave), wave[0].operation, KINDS[wave[0].changes[0].kind].plural)
                pool.map(self._perform, wave)

    # --- what settle reports -----------------------------------------------------------------------------------

    def sending(self, step: Step[Address], ids: Sequence[Address]) -> None:
        """Journal it first."""
        self._ledger.sending(ids, unguarded=not step.repeatable)

    def ended(self, part: Address, end: End) -> None:
        """Write down how a change ended."""
        self._ledger.enter(part, end)

    def goes_on(self, step: Step[Address]) -> bool:
        """Whether the rest of what a step began may still be sent."""
        return not self._is_stopped(self._ledger.result(step.ids[0]).change.kind)

    # --- one task ----------------------------------------------------------------------------------------------

    def _perform(self, task: Task) -> None:
        todo = [c for c in task.changes if self._may_go(c)]
        if not todo or self._is_stopped(todo[0].kind):
            return
        try:
            self._ledger.note("intent", [c.address for c in todo])
            with nullcontext() if watched().tracer is None else self._traced(task, todo):
                settle(self._context.step(task, todo), self, self._context.wait)
        except (Interrupted, JournalError):
            # Not sent, so not attempted; the ledger knows of the journal.
            pass
        except Unauthorised as error:
            self._deny(todo, error)
        except LostAnswer as error:
            self._halt(todo, "ambiguous", error)
        except PleoctlError as error:
            self._halt(todo, "failed", error)

    @contextmanager
    def _traced(self, task: Task, todo: list[Change]) -> Iterator[None]:
        """A span for the task; for each of several changes one without length below it, which says how it ended."""
        kind, single = todo[0].kind, len(todo) == 1
        address = {"address": str(todo[0].address)} if single else {}
        doing = todo[0].action if single else task.operation
        with watched().span(f"{doing} {kind}", changes=len(todo), **address) as span:
            yield
            for change in todo:
                with nullcontext(span) if single else watched().span(f"{change.action} {kind}") as part:
                    status = self._ledger.result(change.address).status
                    part.note(address=str(change.address), status=status)
                    if status in PROBLEMS:
                        part.failed(status)

    def _is_stopped(self, kind: str) -> bool:
        return self._stop.is_set() or self.halted or kind in self._denied

    def _deny(self, todo: list[Change], error: Unauthorised) -> None:
        # 401 ends everything (N9); 403 is one scope, so other kinds go on.
        self._denied.add(todo[0].kind)
        if error.status == DENIED:
            self._halted.set()
        for change in self._ledger.open(todo):
            self._ledger.close(change, "failed", "unauthorised", error.message, error.status)

    def _halt(self, todo: list[Change], status: Status, error: PleoctlError) -> None:
        self._halted.set()
        for change in self._ledger.open(todo):
            self._ledger.close(change, status, error.code, error.message, getattr(error, "status", None))

    # --- what must come first ----------------------------------------------------------------------------------

    def _may_go(self, change: Change) -> bool:
        if self._ledger.result(change.address).status != "notAttempted":
            return False
        return self._after_group(change) and self._after_rival(change)

    def _after_group(self, change: Change) -> bool:
        parent = self._found(change.parent.address) if change.parent else None
        if parent is not None and parent.status in PROBLEMS:
            return self._block(change, f"its tag group {parent.change.address} {_not(parent)} written")
        # A group that is to be archived waits for its tags; any other one must come before them.
        return parent is None or parent.status != "notAttempted" or parent.change.action == "archive"

    def _after_rival(self, change: Change) -> bool:
        rival = self._rivals.get(change.address)
        if rival is None:
            return True
        came = self._ledger.result(rival.address)
        if came.status in PROBLEMS:
            return self._block(change, f"{rival.address}, which looks like it, {_not(came)} written")
        if came.id == change.id:
            return self._block(
                change, f"Pleo takes it for {rival.address}, and keeps one {KINDS[change.kind].title} for both"
            )
        return came.status != "notAttempted"

    def _block(self, change: Change, why: str) -> bool:
        self._ledger.close(change, "blocked", "blocked", why)
        return False

    def _found(self, address: Address) -> Result | None:
        with suppress(KeyError):
            return self._ledger.result(address)
        return None


def _not(result: Result) -> str:
    return "is not known to be" if result.status == "ambiguous" else "could not be"
