"""The queue of a fleet: putting companies' runs on it, with the rule of who waits.

``queueing_lock`` is ``<company>:<command>``: a twin that waits already is as good as another, so the queue stays short.
It says nothing of runs that go on; those the company's own lock keeps apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import procrastinate
from procrastinate import exceptions

from pleoctl.fleet.queue.layout import queue_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from pleoctl.fleet.receipt import Command

TASK: Final = "pleoctl.run"


@dataclass(frozen=True, slots=True)
class Ask:
    """A company's run that is wanted; ``attempt`` counts from 0, ``seconds`` is how long it may wait first."""

    fleet: str
    path: str
    command: Command
    attempt: int = 0
    seconds: int = 0

    def options(self) -> dict[str, Any]:
        """How procrastinate queues it."""
        later: dict[str, Any] = {"schedule_in": {"seconds": self.seconds}} if self.seconds else {}
        return {"queue": queue_name(self.fleet), "queueing_lock": f"{self.path}:{self.command}", **later}

    def arguments(self) -> dict[str, Any]:
        """What the worker is given."""
        return {"path": self.path, "command": self.command, "attempt": self.attempt}


def said(error: BaseException) -> BaseException:
    """What PostgreSQL said, of an error of procrastinate's, whose own words tell nothing."""
    return error.__cause__ or error if isinstance(error, exceptions.ConnectorException) else error


def put(connection: psycopg.Connection[Any], asks: Iterable[Ask]) -> int:
    """Queue runs on a connection, in its transaction; how many of them did not wait already. Raises `psycopg.Error`."""
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
    number = 0
    for ask in asks:
        try:
            with connection.transaction():
                app.configure_task(TASK, connection=connection, **ask.options()).defer(**ask.arguments())
            number += 1
        except exceptions.AlreadyEnqueued:
            continue
        except exceptions.ConnectorException as error:
            raise said(error) from None
    return number
