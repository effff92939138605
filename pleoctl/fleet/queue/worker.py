"""Takes companies' runs from the queue until it is stopped.

What procrastinate promises and what it does not (3.10): a job is given to one worker; a worker that is dead is
forgotten, but its job stays taken, so a sweep of ours puts it back (`pleoctl.fleet.queue.keeper`). A run that finds its
company locked, one that was interrupted, one that may pass later and one that could not be noted are put on the queue
anew, as jobs of their own: a company whose last run was cut off must rest until its lease is old, and no worker waits
for that.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import procrastinate
import psycopg
from procrastinate import exceptions

from pleoctl.errors import ExitCode, Finding, InvalidFile, PleoctlError, SourceError
from pleoctl.fleet.book import Last
from pleoctl.fleet.books import book_of
from pleoctl.fleet.fleet import Fleet, Opened
from pleoctl.fleet.member import Company
from pleoctl.fleet.queue.app import TASK, Ask, said
from pleoctl.fleet.queue.keeper import Keeper
from pleoctl.fleet.queue.layout import queue_name, require_tables
from pleoctl.fleet.receipt import CompanyResult
from pleoctl.fleet.run import worker
from pleoctl.fleet.work import Task
from pleoctl.machine import connection_name, this_machine, timestamp
from pleoctl.state.base import StateLost
from pleoctl.state.postgres.database import KEEPALIVES, database
from pleoctl.state.postgres.lock import PostgresLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.fleet.crew import How
    from pleoctl.fleet.receipt import Command
    from pleoctl.model.shape import Told

LOG: Final = logging.getLogger(__name__)
SWEEP_SECONDS: Final = 15.0
LOCKED_SECONDS: Final = 30
FIRST_RETRY_SECONDS: Final = 60
MOST_RETRIES: Final = 5
_LOOK_SECONDS: Final = 0.2
_ROSTER_SECONDS: Final = 600.0
_AGAIN_SECONDS: Final = 5.0
#: Ends that another attempt may better; not those of a wrong file, a refusal or a missing right.
_MAY_PASS: Final = frozenset({ExitCode.ERROR, ExitCode.STALE, ExitCode.PARTIAL})
WRITING: Final = frozenset({"sync", "jobs"})
"""What takes a company's lock."""
_WILL_NOT: Final = frozenset({"unauthorised", "missing-extra", "internal", "usage"})


def again(ask: Ask, result: CompanyResult) -> Ask | None:
    """What to queue after a run; None: nothing. A wait grows from 1 minute on, by chance up to half as long again."""
    if result.outcome == "locked":
        return Ask(ask.fleet, ask.path, ask.command, ask.attempt, LOCKED_SECONDS)
    if result.outcome == "interrupted":
        return Ask(ask.fleet, ask.path, ask.command, ask.attempt)
    passing = result.exit_code in _MAY_PASS and not (result.error is not None and _stands(result.error))
    if not passing or ask.attempt >= MOST_RETRIES:
        return None
    wait = FIRST_RETRY_SECONDS * 2**ask.attempt
    seconds = wait + int(wait / 2 * this_machine().rng.random())
    return Ask(ask.fleet, ask.path, ask.command, ask.attempt + 1, seconds)


def _stands(error: Told) -> bool:
    """Whether somebody has to change something first: books that were read and are wrong, at a place that is known."""
    return error.code in _WILL_NOT or (error.code == SourceError.code and error.file is not None)


class Roster:
    """The companies of fleet.yaml, read anew when it has changed or some time has passed."""

    def __init__(self, fleet: Fleet) -> None:
        """Nothing is read yet."""
        self._fleet, self._read, self._stamp = fleet, 0.0, 0
        self._found: dict[str, Opened] = {}

    def open(self, path: str) -> tuple[Fleet, Opened]:
        """The fleet as it is now, and one of its companies. Raises `PleoctlError`, `OSError` if it was never read."""
        try:
            self._read_anew()
        except (PleoctlError, OSError) as error:
            if not self._found:
                raise
            LOG.warning("warning: fleet.yaml cannot be read; going on with what it said before: %s", error)
        known = self._found.get(path)
        if known is None:
            missing = InvalidFile(
                "this machine's fleet.yaml names no such company", hint="update its copy of the fleet"
            )
            return self._fleet, Opened(Company(self._fleet.root / path, path), None, missing)
        # What is wrong with companies side by side stands; the workspace itself may have changed since.
        return self._fleet, known if known.error is not None else self._fleet.open(known.company)

    def _read_anew(self) -> None:
        stamp, moment = self._fleet.file.stat().st_mtime_ns, this_machine().monotonic()
        if not self._found or stamp != self._stamp or moment - self._read > _ROSTER_SECONDS:
            fleet = Fleet(self._fleet.file, self._fleet.environ)
            self._found = {one.company.path: one for one in fleet.opened()}
            self._fleet, self._read, self._stamp = fleet, moment, stamp


class Worker:
    """Works on the runs of one fleet's queue. ``told`` hears of each run that is over."""

    def __init__(self, fleet: Fleet, url: str, how: How, told: Callable[[Last], None]) -> None:
        """Nothing is connected yet."""
        self._fleet, self._url, self._how, self._told = fleet, url, how, told
        self._queue = queue_name(fleet.settings.name)
        self._roster = Roster(fleet)

    def run(self, *, drain: bool) -> None:
        """Until it is stopped, or with ``drain`` until nothing is due. A database that is away is waited for.

        Raises `InvalidFile` where its tables are not those of this version.
        """
        if not LOG.isEnabledFor(logging.INFO):  # what its records mean for runs is told here, a line each
            logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        while not self._how.stop.is_set():
            try:
                require_tables(database(self._url))
                asyncio.run(self._connected(drain=drain))
            except (exceptions.ConnectorException, psycopg.Error, OSError, StateLost) as error:
                if drain:
                    raise self._lost(error) from error
                LOG.warning("warning: %s; trying again", self._lost(error).findings[0])
                this_machine().wait(self._how.stop, _AGAIN_SECONDS)
            if drain:
                return

    async def _connected(self, *, drain: bool) -> None:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self._url, kwargs=KEEPALIVES))
        app.job_manager = keeper = Keeper(app.connector)
        with ThreadPoolExecutor(self._how.concurrency, thread_name_prefix="pleoctl-company") as pool:
            app.task(name=TASK, queue=self._queue, pass_context=True)(self._task(keeper, pool))
            async with app.open_async():
                await keeper.sweep(self._queue)
                working = asyncio.create_task(
                    app.run_worker_async(
                        queues=[self._queue],
                        concurrency=self._how.concurrency,
                        wait=not drain,
                        install_signal_handlers=False,
                        delete_jobs="always",
                    )
                )
                await self._attend(keeper, working)

    async def _attend(self, keeper: Keeper, working: asyncio.Task[None]) -> None:
        """Look after the worker: stop it gracefully when that is asked for, and sweep now and then."""
        swept, machine = this_machine().monotonic(), this_machine()
        while not working.done():
            await asyncio.wait([working], timeout=_LOOK_SECONDS)
            if self._how.stop.is_set():
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working
                return
            if machine.monotonic() - swept > SWEEP_SECONDS:
                # Without its database the worker itself ends; runs that go on come to their end first.
                with suppress(exceptions.ConnectorException):
                    await keeper.sweep(self._queue)
                swept = machine.monotonic()
        await working

    def work(self, ask: Ask) -> CompanyResult:
        """One run, in a thread of its own."""
        try:
            fleet, one = self._roster.open(ask.path)
        except (PleoctlError, OSError) as error:
            words = f"this machine's fleet.yaml cannot be read: {error}"
            return CompanyResult(path=ask.path).ended(ExitCode.ERROR, [Finding("error", words)])
        return self._resting(ask, one) or worker(fleet, Task(ask.command, fleet.root), self._how)(one)

    def _worked(self, ask: Ask) -> Ask | None:
        """A run with its note; what to queue after it."""
        result = self.work(ask)
        last = Last(
            command=ask.command,
            run_id=f"{ask.command}-{this_machine().token()}",
            finished_at=timestamp(),
            result=result,
        )
        more = again(ask, result)
        try:
            book_of(self._fleet).note([last])
        except PleoctlError as error:
            LOG.warning("warning: a run of %s could not be noted and is done once more: %s", ask.path, error)
            more = more or replace(ask, seconds=LOCKED_SECONDS)
        self._told(last)
        return more

    def _resting(self, ask: Ask, one: Opened) -> CompanyResult | None:
        """The end of a run that writes, of a company that is another run's or was until that was cut off."""
        workspace = one.workspace
        if ask.command not in WRITING or workspace is None or self._how.patience or not workspace.state_is_shared:
            return None
        result = CompanyResult(path=ask.path, company=one.id)
        try:
            name = connection_name(workspace.url, workspace.company)
            PostgresLock(database(self._url), name, workspace.limits.answer_seconds).require_free()
        except PleoctlError as error:
            return result.failed(error)
        return None

    def _task(self, keeper: Keeper, pool: ThreadPoolExecutor) -> Any:
        """What procrastinate calls for a job."""

        async def run(context: procrastinate.JobContext, path: str, command: Command, attempt: int) -> None:
            ask = Ask(self._fleet.settings.name, path, command, attempt)
            try:
                more = await asyncio.get_running_loop().run_in_executor(pool, self._worked, ask)
                await keeper.settle(context.job, more)
            except Exception as error:
                LOG.warning("warning: a run of %s will be done once more: %s", path, self._words(error))
                raise

        return run

    def _words(self, error: Exception) -> str:
        known = isinstance(error, (exceptions.ConnectorException, psycopg.Error, OSError))
        return self._lost(error).message if known else Finding.of_bug(error).message

    def _lost(self, error: Exception) -> StateLost:
        """The sentence for a database that is away."""
        return error if isinstance(error, StateLost) else database(self._url).lost(said(error))
