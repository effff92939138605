"""`Book` in the fleet's database, for all machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pleoctl.fleet.book import Last

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.fleet.book import Lasts
    from pleoctl.state.postgres.database import Database


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
        """See `Book.note`."""
        with self._database.look() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO pleoctl.fleet_last (fleet, path, command, last) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (fleet, path, command) DO UPDATE SET last = excluded.last",
                [(self._fleet, run.result.path, run.command, msgspec.json.encode(run)) for run in runs],
            )
