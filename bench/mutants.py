"""Laws broken on purpose: small changes of settle, the steps, the order and the table that the simulation must find."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pleoctl.apply import executor, fresh, run, steps
from pleoctl.jobs import booking, memory
from pleoctl.jobs import steps as job_steps
from pleoctl.plan import order
from pleoctl.pleo import accounts
from pleoctl.reconcile.table import Table
from pleoctl.remote import transport
from pleoctl.remote.errors import LostAnswer
from pleoctl.run import settle
from pleoctl.run.settle import Done, Undone
from pleoctl.sinks.base import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Mutant = tuple[Any, str, Any]


def _always_done(_step: Any, ids: Any) -> dict[Any, Any]:
    return dict.fromkeys(ids, Done(type("Seen", (), {"id": None})()))


def _sent_blindly(original: Callable[..., Any]) -> Callable[..., Any]:
    """After a lost answer nobody looks."""

    def settle_(step: Any, reporter: Any, wait: Any) -> None:
        step.look = lambda ids: dict.fromkeys(ids, Undone())
        original(step, reporter, wait)

    return settle_


def _repeatable(original: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, context: Any, change: Any) -> None:
        original(self, context, change)
        self.repeatable, self.looks = True, (0.0,)

    return init


def _forgets_metadata(self: Any, record: Any, after: Any) -> Any:
    record.raw = {}
    return _PUT(self, record, after)


_PUT = accounts.Operations.put


def _backwards(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda changes: reversed(list(original(changes)))


def _by_position(original: Callable[..., Any]) -> Callable[..., Any]:
    """A batch answer read by position."""

    def send(self: Any, ids: Any) -> Any:
        answer = self._api.create_many([self._changes[part] for part in ids])
        return {
            part: self._bench.adopt(self._changes[part], made) for part, made in zip(ids, answer.created, strict=False)
        } or original(self, ids)

    return send


def _lost_is_done(step: Any, ids: Any, _wait: Any) -> Any:
    try:
        return step.send(ids)
    except LostAnswer:
        return _always_done(step, ids)


# Not here, since no law breaks: what a create finds not being brought in line, and the answer of a PUT not being
# compared. The second look at the end of the run sees both, and the next plan mends them.
MUTANTS: dict[str, Mutant] = {
    "a lost answer counts as done": (settle, "_sent", _lost_is_done),
    "nobody looks before sending again": (executor, "settle", _sent_blindly(settle.settle)),
    "creates that nothing guards go again": (steps.Create, "__init__", _repeatable(steps.Create.__init__)),
    "what was denied is believed": (run, "hear_again", lambda *_: None),
    "a limit is believed": (transport, "still_undone", lambda: True),
    "the next run does not wait": (run, "wait_out", lambda *_: None),
    "a lost bulk counts as done": (steps.Bulk, "look", _always_done),
    "a lost batch counts as done": (steps.Batch, "look", _always_done),
    "a lost PUT counts as done": (steps.Update, "look", _always_done),
    "batches are read by position": (steps.Batch, "send", _by_position(steps.Batch.send)),
    "nothing is stale": (fresh.FreshCheck, "_stale", lambda *_: None),
    "archives do not wait for look-alikes": (executor, "rivals", lambda _changes: {}),
    "any look-alike is taken": (steps.Create, "_is_free", lambda *_: True),
    "metadata is not echoed": (accounts.Operations, "put", _forgets_metadata),
    "waves run backwards": (executor, "waves", _backwards(order.waves)),
    "held rows are decided": (Table, "_is_held", lambda *_: False),
    "nobody looks again at the end": (run, "verify", lambda *_: None),
    "tags of a group that came along stay": (run, "restore_tags", lambda *_: []),
}


def _booked_blindly(original: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, sink: Any, booking: Any, move: Any) -> None:
        original(self, sink, booking, move)
        self.repeatable, self.looks = True, (0.0,)

    return init


def _told_as_done(original: Callable[..., Any]) -> Callable[..., Any]:
    def enter(self: Any, result: Any) -> None:
        original(self, result)
        if result.status in {"failed", "ambiguous"}:
            result.status, result.external_id = "done", "x"

    return enter


#: The same for export jobs: what is booked, and what is told of it.
JOB_MUTANTS: dict[str, Mutant] = {
    "bookings that nothing guards go again": (job_steps.Book, "__init__", _booked_blindly(job_steps.Book.__init__)),
    "the books are not asked before": (booking.Bookkeeper, "_standing", lambda _self, _keys: {}),
    "a lost booking counts as done": (
        job_steps.Book,
        "look",
        lambda _self, ids: dict.fromkeys(ids, Done(Held("x"))),
    ),
    "what the books deny is believed": (job_steps, "_was_answered", lambda _denied: False),
    "doubts of earlier runs are forgotten": (memory.JobMemory, "doubts", lambda _self: set()),
    "what failed is told as done": (booking.Outcome, "enter", _told_as_done(booking.Outcome.enter)),
}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """The package with one mutant in it."""
    target, attribute, changed = (MUTANTS | JOB_MUTANTS)[name]
    with patch.object(target, attribute, changed):
        yield
