"""`Book` in the fleet's database, for all machines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.fleet.book import Last
from pleoctl.machine import this_machine, timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from pleoctl.fleet.book import Lasts
    from pleoctl.state.postgres.database import Database

_ALIKE: Final = timedelta(seconds=2)


class DatabaseBook:
    """See `pleoctl.fleet.book.Book`; each method raises `StateLost`."""

    def __init__(self, database: Database, fleet: str) -> None:
        """``fleet`` is the name of the fleet, for several may share a database."""
        self._database, self._fleet = database, fleet

    def last(self) -> Lasts:
        """See `Book.last`."""
        kept: Lasts = {}
        with self._database.look() as connection:
            rows = connection.execute("SELECT last FROM pleoctl.fleet_last WHERE fleet = %s", [self._fleet]).fetchall()
        for (content,) in rows:
            last = msgspec.json.decode(bytes(content), type=Last)
            kept.setdefault(last.result.path, {})[last.command] = last
        return kept

    def note(self, runs: Sequence[Last]) -> None:
        """See `Book.note`. By the database's clock, for those of machines may differ by more than a run takes."""
        with self._database.look() as connection, connection.transaction(), connection.cursor() as cursor:
            ahead = _ahead(cursor)
            cursor.executemany(
                "INSERT INTO pleoctl.fleet_last (fleet, path, command, last) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (fleet, path, command) DO UPDATE SET last = excluded.last",
                [
                    (self._fleet, run.result.path, run.command, msgspec.json.encode(_shifted(run, ahead)))
                    for run in runs
                ],
            )


def _ahead(cursor: psycopg.Cursor[Any]) -> timedelta:
    """How far the database's clock is ahead of this machine's."""
    (moment,) = cursor.execute("SELECT clock_timestamp()").fetchone() or (this_machine().now(),)
    found: timedelta = moment - this_machine().now()
    return found if abs(found) > _ALIKE else timedelta(0)


def _shifted(run: Last, ahead: timedelta) -> Last:
    finished = timestamp(datetime.fromisoformat(run.finished_at) + ahead)
    return msgspec.structs.replace(run, finished_at=finished) if ahead else run
