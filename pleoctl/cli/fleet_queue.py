"""``pleoctl fleet worker|schedule|enqueue`` and its database: companies' runs on many machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, lock_timeout_option, open_workspace
from pleoctl.cli.fleet_run import Chosen, fleet_option, select_options
from pleoctl.cli.shared import as_group
from pleoctl.errors import InvalidFile, PleoctlError
from pleoctl.text import Shown
from pleoctl.words import many

if TYPE_CHECKING:
    from pleoctl.cli.signals import Stop
    from pleoctl.fleet.book import Last
    from pleoctl.fleet.fleet import Fleet
    from pleoctl.workspace.secrets import Secret

ENQUEUED: Final = ("sync", "jobs", "drift")
# How often the clock is looked at; ticks are by the minute.
_TICK_SECONDS: Final = 10.0


@as_command("worker", parent="fleet")
@fleet_option
@click.option(
    "--concurrency", type=click.IntRange(1, 256), metavar="N", help="Companies at a time (else fleet.yaml's)."
)
@click.option(
    "--isolation",
    type=click.Choice(("thread", "process")),
    help="Each company in a process with a deadline and a memory limit (default), or in a thread.",
)
@click.option("--drain", is_flag=True, help="End when nothing is due any more.")
@lock_timeout_option
def worker(
    options: Options,
    *,
    fleet_file: str | None,
    concurrency: int | None,
    isolation: Any,
    drain: bool,
    lock_timeout: str | None,
) -> Output:
    """Take companies' runs from the queue until stopped.

    Start as many as wanted on as many machines, each with a copy of the fleet's folder. A run whose worker dies is
    taken up by another. A signal lets the runs that go on finish their writes in flight and puts them on the queue
    again. It tells one line a run on standard error.

    Examples:
    pleoctl fleet worker
    pleoctl fleet worker --concurrency 16 --isolation thread
    pleoctl fleet worker --drain

    """
    from pleoctl.cli.applying import patience
    from pleoctl.cli.signals import stoppable
    from pleoctl.fleet.crew import How
    from pleoctl.fleet.fleet import Fleet
    from pleoctl.fleet.queue.layout import require_procrastinate

    waits, fleet = patience(lock_timeout), Fleet.find(fleet_file)
    require_procrastinate()
    from pleoctl.cli.door import tell_findings
    from pleoctl.fleet.queue.worker import Worker
    from pleoctl.fleet.run import told_before

    url = _database(fleet).reveal()
    runs: list[Last] = []
    with stoppable() as stop:
        settings = fleet.settings
        chosen = isolation or settings.isolation or "process"
        how = How(concurrency or settings.concurrency, chosen, stop.event, waits)
        tell_findings(told_before(how))
        Worker(fleet, url, how, lambda last: _told(runs, last)).run(drain=drain)
    return _ended(stop, many(len(runs), "run"), {"runs": len(runs)})


@as_command("schedule", parent="fleet")
@fleet_option
@click.option("--once", is_flag=True, help="Queue what is due now, and end.")
def schedule(options: Options, *, fleet_file: str | None, once: bool) -> Output:
    """Put on the queue what fleet.yaml's cron lines ask for.

    Several may run: each tick is queued once. Ticks are stored for each company, and one run catches up an outage of
    any length. A company that is new waits for its next tick.

    Examples:
    pleoctl fleet schedule
    pleoctl fleet schedule --once

    """
    from pleoctl.cli.signals import stoppable
    from pleoctl.fleet.fleet import Fleet
    from pleoctl.fleet.queue.layout import require_procrastinate

    fleet = Fleet.find(fleet_file)
    require_procrastinate()
    from pleoctl.fleet.queue.schedule import check_schedule

    check_schedule(fleet)
    with stoppable() as stop:
        number = _ticks(fleet, stop, once=once)
    return _ended(stop, many(number, "run", "queued", "queued"), {"queued": number})


@as_command("enqueue", parent="fleet")
@click.argument("what", type=click.Choice(ENQUEUED), metavar="sync|jobs|drift")
@select_options
def enqueue(options: Options, *, what: Any, **chosen: Any) -> Output:
    """Put runs on the queue at once.

    A company whose run of this sort waits already is not put there twice.

    Examples:
    pleoctl fleet enqueue sync
    pleoctl fleet enqueue drift --status failed

    """
    from pleoctl.fleet.queue.layout import require_procrastinate
    from pleoctl.state.postgres.database import database

    asked = Chosen(**chosen)
    fleet = asked.fleet(options)
    require_procrastinate()
    from pleoctl.fleet.queue.app import Ask, put

    shared = database(_checked(fleet))
    companies = asked.companies(fleet)
    with shared.connect() as connection, shared.asked():
        number = put(connection, [Ask(fleet.settings.name, one.company.path, what) for one in companies])
    told = f"{number} of {len(companies)} queued" + ("" if number == len(companies) else "; the others wait already")
    return Output(Shown.lines([f"{told}."]), {"companies": len(companies), "queued": number})


@as_group("database")
def database_group() -> None:
    """The database in which machines share their state."""


@as_command("upgrade", parent="fleet database")
@fleet_option
def upgrade(options: Options, *, fleet_file: str | None) -> Output:
    """Make the tables, or bring them up to what this version of pleoctl needs.

    The database is the one that fleet.yaml's `database` leads to, else the workspace's `state`; for a fleet the queue's
    tables are made as well. All or nothing; several at once are one after another. A database that a newer version has
    upgraded is refused (exit 78).

    Examples:
    pleoctl fleet database upgrade
    pleoctl fleet database upgrade --workspace companies/acme

    """
    from pleoctl.state.postgres.database import database
    from pleoctl.state.postgres.layout import upgrade as upgrade_layout

    fleet = None if options.workspace else _nearest(fleet_file)
    shared = database(_state(options, fleet).reveal())
    with shared.connect() as connection, shared.asked():
        before, after = upgrade_layout(connection)
        if fleet is not None:
            from pleoctl.fleet.queue.layout import require_procrastinate, upgrade_queue

            require_procrastinate()
            upgrade_queue(connection)
    what = f"layout {after} already" if before == after else f"layout {before or 'none'} is now layout {after}"
    return Output(Shown.lines([f"{shared.name}: {what}"]), {"database": shared.name, "before": before, "after": after})


database_group.add_command(upgrade)


def _nearest(given: str | None) -> Fleet | None:
    """The fleet that is named or stands here or above, unless it has no database and there is a workspace."""
    import os

    from pleoctl.fleet.fleet import VARIABLE, Fleet
    from pleoctl.workspace.find import FLEET_FILE, nearest_file

    if not (given or os.environ.get(VARIABLE) or nearest_file(FLEET_FILE)):
        return None
    found = Fleet.find(given)
    return None if found.database is None and not given and nearest_file() else found


def _state(options: Options, fleet: Fleet | None) -> Secret:
    if fleet is not None:
        return _database(fleet)
    workspace = open_workspace(options)
    if workspace.state is None:
        words = "the workspace shares no state"
        raise InvalidFile(words, place=workspace.document.place(()), hint="e.g. state: env:PLEOCTL_STATE")
    return workspace.state


def _database(fleet: Fleet) -> Secret:
    if fleet.database is None:
        words = "the fleet has no database for many machines"
        raise InvalidFile(words, place=fleet.document.place(()), hint="e.g. database: env:PLEOCTL_DATABASE")
    return fleet.database


def _checked(fleet: Fleet) -> str:
    """The url of the fleet's database, whose tables are those of this version. Raises `InvalidFile`, `StateLost`."""
    from pleoctl.fleet.queue.layout import require_tables
    from pleoctl.state.postgres.database import database

    url = _database(fleet).reveal()
    require_tables(database(url))
    return url


def _ticks(fleet: Fleet, stop: Stop, *, once: bool) -> int:
    """Look at the clock until stopped; a database that is away is waited for."""
    from pleoctl.cli.door import tell
    from pleoctl.fleet.fleet import Fleet
    from pleoctl.fleet.queue.schedule import tick
    from pleoctl.machine import this_machine
    from pleoctl.state.base import StateLost
    from pleoctl.state.postgres.database import database

    number, known = 0, False
    shared = database(_database(fleet).reveal())
    while not stop.event.is_set():
        try:
            known = known or bool(_checked(fleet))
            with shared.connect() as connection, shared.asked():
                queued = tick(connection, Fleet(fleet.file, fleet.environ))
            number += queued
            if queued:
                tell(Shown.lines([many(queued, "run", "queued", "queued")]))
        except PleoctlError as error:
            if once or not (known or isinstance(error, StateLost)):
                raise
            tell(Shown.lines([f"warning: {error.findings[0]}"]))
        if once:
            break
        this_machine().wait(stop.event, _TICK_SECONDS)
    return number


def _told(runs: list[Last], last: Last) -> None:
    from pleoctl.cli.door import tell
    from pleoctl.report.fleet import problem, summary_words

    runs.append(last)
    result = last.result
    words = ": ".join(filter(None, (summary_words(result.summary), problem(result))))
    tell(Shown.lines([f"{last.command} {result.path}: {result.outcome}{f' ({words})' if words else ''}"]))


def _ended(stop: Stop, words: str, data: dict[str, Any]) -> Output:
    output = Output(Shown.lines([f"{words}."]), data)
    output.exit_code = stop.code or output.exit_code
    return output
