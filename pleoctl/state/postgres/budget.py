"""Who sent how much in the last minute, over all machines that share a database.

Between the moment at which a place is given and the one at which its request reaches the server lies whatever a busy
machine makes of it: seconds, where it has no processor to spare. So a place is dated by its *answer*, which comes after
the request has arrived; until then it counts as if it were sent `HELD_SECONDS` after it was given. A request that is
sent late, or never, or whose sender is killed takes up its place for longer, and at no time more than the limit arrive
in a minute. What was answered is told with the next place that is asked for, so it costs no look of its own.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pleoctl.machine import this_machine
from pleoctl.state.base import StateLost
from pleoctl.state.budget import WINDOW_SECONDS, Taken

if TYPE_CHECKING:
    from pleoctl.machine import Machine
    from pleoctl.state.postgres.database import Database

HELD_SECONDS: Final = 60.0
"""After how long a request is taken for sent that nobody has told the answer of."""


class PostgresWindow:
    """A `pleoctl.state.budget.Window` in a database, which also tells the time; each take is one look."""

    def __init__(self, database: Database, name: str) -> None:
        """``name`` is the credential's."""
        self._database, self._name = database, name
        self._answered: list[tuple[int, float]] = []
        self._lock = threading.Lock()

    def take(self, limit: int, machine: Machine) -> Taken:
        """See `Window.take`. Raises `StateLost`, and then nothing may be sent."""
        places, ages = self._news(machine)
        with self._database.look() as connection:
            found = connection.execute(
                "SELECT wait, place FROM pleoctl.take(%s, %s, %s, %s, %s, %s)",
                [self._name, limit, WINDOW_SECONDS, HELD_SECONDS, places, ages],
            ).fetchone()
        if found is None:
            raise StateLost("the database answered nothing")
        wait, place = found
        return Taken(float(wait), place)

    def answered(self, place: int, machine: Machine) -> None:
        """See `Window.answered`; the others hear of it with the next take, or at the end."""
        with self._lock:
            self._answered.append((place, machine.lasting()))

    def close(self) -> None:
        """See `Window.close`."""
        places, ages = self._news(this_machine())
        if places:
            # Where they are not told, the places are held for as long as those of a run that was killed.
            with suppress(StateLost), self._database.look() as connection:
                connection.execute("SELECT pleoctl.answered(%s, %s, %s)", [self._name, places, ages])

    def _news(self, machine: Machine) -> tuple[list[int], list[float]]:
        """The places that were answered since this was asked last, and for how many seconds they are."""
        with self._lock:
            told, self._answered = self._answered, []
        now = machine.lasting()
        return [place for place, _ in told], [now - moment for _, moment in told]
