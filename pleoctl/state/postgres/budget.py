"""Who sent how much in the last minute, over all machines that share a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pleoctl.machine import Machine
    from pleoctl.state.postgres.database import Database

# Two seconds more than a minute, 3 % of the budget: between machines, one of which may be busy, requests travel less
# equally fast than on one.
WINDOW_SECONDS: Final = 62.0


class PostgresWindow:
    """A `pleoctl.state.budget.Window` in a database, which also tells the time; each take is one look."""

    def __init__(self, database: Database, name: str) -> None:
        """``name`` is the credential's."""
        self._database, self._name = database, name

    def take(self, limit: int, machine: Machine) -> float:
        """See `Window.take`. Raises `StateLost`, and then nothing may be sent."""
        del machine
        with self._database.look() as connection:
            found = connection.execute(
                "SELECT pleoctl.take(%s, %s, %s)", [self._name, limit, WINDOW_SECONDS]
            ).fetchone()
        return float(found[0]) if found else 0.0

    def close(self) -> None:
        """See `Window.close`."""
