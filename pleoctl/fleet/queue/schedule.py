"""Cron ticks of a fleet: each is queued once, whoever of several sees it first.

The last tick of each company and command is stored, so that an outage of any length is caught up by one run. A company
that was never seen before waits for its next tick.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from croniter import croniter

from pleoctl.errors import InvalidFile
from pleoctl.fleet.queue.app import Ask, put

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from pleoctl.fleet.fleet import Fleet
    from pleoctl.fleet.receipt import Command

_TICK: Final = """
INSERT INTO pleoctl.fleet_tick (fleet, path, command, due)
SELECT %(fleet)s, path, %(command)s, %(due)s FROM unnest(%(paths)s::text[]) AS path ORDER BY path
ON CONFLICT (fleet, path, command) DO UPDATE SET due = excluded.due WHERE fleet_tick.due < excluded.due
RETURNING path, (xmax = 0) AS first
"""


def check_schedule(fleet: Fleet) -> None:
    """Raise `InvalidFile` where nothing is scheduled, or a line is no cron line."""
    if not any(fleet.settings.schedule.lines()):
        place = fleet.document.place(())
        raise InvalidFile("nothing is scheduled", place=place, hint='e.g. schedule: {sync: "17 * * * *"}')
    fleet.check_cron_lines()


def due_now(line: str, moment: datetime) -> datetime:
    """The last tick of a cron line that is not after a moment."""
    # Croniter looks for ticks before the moment, which may be one itself.
    if croniter.match(line, moment):
        return moment.replace(second=0, microsecond=0)
    found: datetime = croniter(line, moment).get_prev(datetime)
    return found


def tick(connection: psycopg.Connection[Any], fleet: Fleet) -> int:
    """Queue what is due by the database's clock; how many runs were put on the queue."""
    paths = [company.path for company in fleet.companies]
    number = 0
    for command, line in fleet.settings.schedule.lines():
        with connection.transaction():
            number += _tick(connection, fleet.settings.name, command, (line, paths))
    return number


def _tick(connection: psycopg.Connection[Any], fleet: str, command: Any, asked: tuple[str, Sequence[str]]) -> int:
    line, paths = asked
    moment = connection.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'").fetchone()
    if moment is None:
        return 0
    due = due_now(line, moment[0])
    named = {"fleet": fleet, "command": command, "due": f"{due.isoformat()}+00:00", "paths": list(paths)}
    rows = connection.execute(_TICK, named).fetchall()
    wanted: Command = command
    return put(connection, [Ask(fleet, path, wanted) for path, first in rows if not first])
