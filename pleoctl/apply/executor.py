"""Carry out the changes that are still to be done.

For every write there are four ends, and each change ends in exactly one of them:

    answered, and the record is as planned      → done
    answered with a refusal                     → failed, the others go on
    no usable answer (`LostAnswer`)             → look the record up by id or key first:
        it is as planned                            → done
        it is as before                             → send again, a few times
        it is something else                        → failed: another client was here
    still not known after that                  → ambiguous; the next run settles it by its own re-read

Nothing here trusts the journal, positions in answers, or the absence of an error. What stops a run (a lost credential,
an unreachable Pleo, an unwritable journal, a signal) leaves the rest notAttempted.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pleoctl.apply.state import differences, matches
from pleoctl.errors import PleoctlError
from pleoctl.model.kinds import TAG
from pleoctl.plan.order import Task, waves
from pleoctl.pleo.connect import PARALLEL
from pleoctl.remote.errors import ApiError, Interrupted, LostAnswer, Unauthorised
from pleoctl.run.journal import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.apply.fresh import Fresh
    from pleoctl.apply.kinds import AccountApi, KindApi
    from pleoctl.apply.resolve import Resolver
    from pleoctl.errors import Finding
    from pleoctl.model.records import Live
    from pleoctl.pleo.writer import PleoWriter
    from pleoctl.reconcile.changes import Change
    from pleoctl.run.journal import Event, Journal
    from pleoctl.run.receipt import Status

LOG: Final = logging.getLogger(__name__)
TRIES: Final = 3
_CONFLICT: Final = 409
_BAD_REQUEST: Final = 400
_DENIED_ALL: Final = 401


class Executor:
    """Runs the waves of a plan; results end up in ``fresh.results``."""

    def __init__(
        self,
        pleo: PleoWriter,
        apis: Mapping[str, KindApi],
        accounts: AccountApi,
        fresh: Fresh,
        journal: Journal,
        resolver: Resolver,
        stop: threading.Event,
        progress: Callable[[], None],
    ) -> None:
        """``stop`` ends the run after the writes in flight; ``progress`` is called once per finished change."""
        self._pleo, self._apis, self._accounts = pleo, apis, accounts
        self._fresh, self._journal, self._resolver = fresh, journal, resolver
        self._stop, self._progress = stop, progress
        self._halted: set[str] = set()
        self._halted_all = threading.Event()
        self._unjournaled: list[JournalError] = []

    @property
    def halted(self) -> bool:
        """Whether something other than a signal stopped the run."""
        return self._halted_all.is_set()

    @property
    def findings(self) -> list[Finding]:
        """What stopped the run beside the changes themselves: a journal that cannot be written."""
        return self._unjournaled[0].findings if self._unjournaled else []

    def run(self, changes: list[Change]) -> None:
        """Carry out all changes that are not already done."""
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="pleoctl") as pool:
            for wave in waves(changes):
                LOG.info("%d × %s of %ss", len(wave), wave[0].operation, wave[0].changes[0].kind)
                list(pool.map(self._perform, wave))

    # --- one task ----------------------------------------------------------------------------------------------

    def _perform(self, task: Task) -> None:
        todo = [c for c in task.changes if self._may_go(c)]
        if not todo or self._stopped(todo[0].kind):
            return
        try:
            self._note("intent", todo)
            self._run(task, todo)
        except Interrupted:
            pass
        except JournalError as error:
            self._unjournaled.append(error)
            self._halt(todo, "notAttempted", error)
        except Unauthorised as error:
            self._denied(todo, error)
        except LostAnswer as error:
            self._halt(todo, "ambiguous", error)
        except PleoctlError as error:
            self._halt(todo, "failed", error)

    def _run(self, task: Task, todo: list[Change]) -> None:
        if task.operation == "batch":
            self._batch(todo)
        elif task.operation == "bulk":
            self._bulk(todo)
        elif task.operation == "create":
            self._create(todo[0])
        else:
            self._bring(todo[0], self._fresh.records[todo[0].id or ""])

    def _may_go(self, change: Change) -> bool:
        result = self._fresh.results[change.address]
        if result.status != "notAttempted":
            return False
        parent = self._fresh.results.get(change.parent.address) if change.parent else None
        if parent is not None and parent.status in {"failed", "ambiguous", "blocked"}:
            self._end(change, "blocked", "blocked", f"its tag group {parent.change.address} could not be written")
            return False
        # A group that is to be archived waits for its tags; any other one must come before them.
        return parent is None or parent.status != "notAttempted" or parent.change.action == "archive"

    def _stopped(self, kind: str) -> bool:
        return self._stop.is_set() or self.halted or kind in self._halted

    def _denied(self, todo: list[Change], error: Unauthorised) -> None:
        # 401 ends everything (N9); 403 is one scope, so other kinds go on.
        self._halted.add(todo[0].kind)
        if error.status == _DENIED_ALL:
            self._halted_all.set()
        for change in self._open(todo):
            self._end(change, "failed", "unauthorised", error.message, error.status)

    def _halt(self, todo: list[Change], status: Status, error: PleoctlError) -> None:
        self._halted_all.set()
        for change in self._open(todo):
            self._end(change, status, error.code, error.message, getattr(error, "status", None))

    def _open(self, todo: list[Change]) -> list[Change]:
        return [c for c in todo if self._fresh.results[c.address].status == "notAttempted"]

    # --- the four writes ---------------------------------------------------------------------------------------

    def _create(self, change: Change) -> None:
        api, group = self._apis[change.kind], self._group_id(change)
        for _ in range(TRIES):
            self._note("sent", [change])
            try:
                made = api.create(change, group)
            except LostAnswer:
                found = self._resolver.made(api, change, group)
                if found is None:
                    continue
                made = found
            except Unauthorised:
                raise
            except ApiError as error:
                known = self._resolver.holder(api, change, group) if error.status == _CONFLICT else None
                if known is None:
                    self._refused(change, error)
                    return
                made = known
            self._adopt(change, made)
            return
        self._end(change, "ambiguous", "lost-answer", "Pleo did not say whether it was created")

    def _adopt(self, change: Change, record: Live) -> None:
        """The record that carries a create's key, whoever made it: bring it in line if it is not (K8)."""
        self._fresh.results[change.address].id = record.id
        if change.kind == "tagGroup":
            self._fresh.groups[change.address] = record.id
        if matches(record, change.after, change.kind):
            self._done(change, record)
        else:
            self._bring(change, record)

    def _bring(self, change: Change, record: Live) -> None:
        """PUT the record until it is as planned."""
        api, seen = self._apis[change.kind], record
        for _ in range(TRIES):
            self._note("sent", [change])
            try:
                answer = api.put(seen, change.after)
            except LostAnswer:
                found = self._resolver.current(api, record.id)
                if found is None or self._moved(change, found, record):
                    self._end(change, "failed", "conflict", "another client changed it meanwhile; make a new plan")
                    return
                if matches(found, change.after, change.kind):
                    self._done(change, found)
                    return
                seen = found
                continue
            except Unauthorised:
                raise
            except ApiError as error:
                self._refused(change, error)
                return
            self._judge(change, answer)
            return
        self._end(change, "ambiguous", "lost-answer", "Pleo did not say whether it was written")

    def _moved(self, change: Change, found: Live, before: Live) -> bool:
        was = before.state(tuple(name for name in change.after if name != "archived"))
        return not matches(found, change.after, change.kind) and not matches(found, was, change.kind)

    def _judge(self, change: Change, answer: Live) -> None:
        wrong = differences(answer, change.after, change.kind)
        if not wrong:
            self._done(change, answer)
            return
        words = "; ".join(f"{name} is {live!r} instead of {want!r}" for name, (want, live) in wrong.items())
        self._end(change, "failed", "not-stored", f"Pleo stored something else: {words}")

    def _batch(self, changes: list[Change]) -> None:
        """Create up to 1000 accounts; a refused batch is halved, answers are matched by externalId (A42, A43)."""
        left = changes
        for _ in range(TRIES):
            self._note("sent", left)
            try:
                result = self._pleo.create_accounts([self._accounts.item(c) for c in left])
            except LostAnswer:
                left = self._adopt_found(left)
                if not left:
                    return
                continue
            except Unauthorised:
                raise
            except ApiError as error:
                self._halves(left, error)
                return
            self._read_batch(left, {r.key: r for r in result.created}, result.failed)
            return
        for change in left:
            self._end(change, "ambiguous", "lost-answer", "Pleo did not say whether it was created")

    def _adopt_found(self, changes: list[Change]) -> list[Change]:
        """After a lost batch one full pass tells what was created; returns what was not."""
        found = {record.key: record for record in self._resolver.accounts(self._pleo)}
        for change in changes:
            if change.key in found:
                self._adopt(change, found[change.key])
        return self._open(changes)

    def _halves(self, changes: list[Change], error: ApiError) -> None:
        if error.status != _BAD_REQUEST or len(changes) == 1:
            for change in changes:
                self._refused(change, error)
            return
        middle = len(changes) // 2
        self._batch(changes[:middle])
        self._batch(changes[middle:])

    def _read_batch(self, changes: list[Change], created: dict[str, Live], failed: dict[str, list[str]]) -> None:
        for change in changes:
            reasons = failed.get(change.key, [])
            if change.key in created:
                self._adopt(change, created[change.key])
            elif change.key not in failed or "EXTERNAL_ID_ALREADY_EXISTS" in reasons:
                self._create(change)
            else:
                self._end(change, "failed", "refused", f"Pleo refused it: {', '.join(reasons)}", _BAD_REQUEST)

    def _bulk(self, changes: list[Change]) -> None:
        """Archive or unarchive up to 100 tags; what the answer does not show as done goes singly (T65)."""
        left = changes
        for _ in range(TRIES):
            self._note("sent", left)
            try:
                answer = self._pleo.archive_tags([c.id or "" for c in left], archived=left[0].after["archived"])
            except LostAnswer:
                found = self._resolver.currents(self._apis[TAG.name], [c.id or "" for c in left])
                left = self._not_yet(left, {record.id: record for record in found})
                if not left:
                    return
                continue
            except Unauthorised:
                raise
            except ApiError:
                answer = {}
            for change in self._not_yet(left, answer):
                if not self._stopped(change.kind):
                    self._bring(change, answer.get(change.id or "") or self._fresh.records[change.id or ""])
            return
        for change in left:
            self._end(change, "ambiguous", "lost-answer", "Pleo did not say whether it was written")

    def _not_yet(self, changes: list[Change], found: Mapping[str, Live]) -> list[Change]:
        """Mark what the records show as done; returns the rest."""
        rest = []
        for change in changes:
            record = found.get(change.id or "")
            if record is not None and matches(record, change.after, change.kind):
                self._done(change, record)
            else:
                rest.append(change)
        return rest

    # --- ends --------------------------------------------------------------------------------------------------

    def _group_id(self, change: Change) -> str | None:
        return self._fresh.groups.get(change.parent.address) if change.parent else None

    def _done(self, change: Change, record: Live) -> None:
        result = self._fresh.results[change.address]
        result.status, result.id, result.error = "done", record.id, None
        self._tell("confirmed", change, pleoId=record.id)
        self._progress()

    def _refused(self, change: Change, error: ApiError) -> None:
        self._end(change, "failed", "refused", error.message, error.status)

    def _end(self, change: Change, status: Status, code: str, message: str, http: int | None = None) -> None:
        result = self._fresh.results[change.address]
        result.status = status
        result.error = {"code": code, "message": message, "httpStatus": http}
        if status in {"failed", "ambiguous"}:
            self._tell(status, change, code=code)
        self._progress()

    def _tell(self, event: Event, change: Change, **details: Any) -> None:
        """Journal an outcome. It stands in the receipt even if this fails, but then nothing more may be sent."""
        try:
            self._note(event, [change], **details)
        except JournalError as error:
            self._unjournaled.append(error)
            self._halted_all.set()

    def _note(self, event: Event, changes: list[Change], **details: Any) -> None:
        self._journal.write(event, [c.address for c in changes], **details)
