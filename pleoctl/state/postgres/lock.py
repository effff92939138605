"""One run at a time per company, over all machines that share a database.

    advisory lock of a session ── frees itself when its holder's connection ends
    lease, a row               ── renewed every 10 s; tells a holder that lost its session, and everybody who it is

The advisory lock excludes; the lease covers what it cannot see. A holder whose connection breaks does not know it at
once, and a write that it has begun goes on for at most one request's deadline. So no write starts later than 20 s
after the last renewal, and who gets the advisory lock while the lease was not released waits until that is older than
30 s and one request's deadline: after a kill, a restart of the database, a failover. All ages are told by the
database's clock.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile, LockHeld
from pleoctl.machine import this_machine
from pleoctl.state.base import StateLost
from pleoctl.state.lock import TOLD_SECONDS, Holder
from pleoctl.state.postgres.layout import require_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from pleoctl.state.postgres.database import Database

LOG: Final = logging.getLogger(__name__)
RENEW_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 20.0
LEASE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.5


class PostgresLock:
    """See `pleoctl.state.lock.Lock`; ``name`` is the company's, ``patience`` one request's deadline in seconds."""

    def __init__(self, database: Database, name: str, patience: float) -> None:
        """Nothing is asked yet."""
        self._database, self._name, self._patience = database, name, patience
        self._key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)

    @contextmanager
    def hold(self, holder: Holder, timeout: float) -> Iterator[Lease]:
        """See `Lock.hold`; the lease says before each write whether it still holds. Raises `StateLost` as well."""
        with self._database.connect() as connection:
            with self._database.asked():
                require_layout(connection)
                _require_session(self._database, connection)
                self._acquire(connection, timeout)
                self._wait_for_the_last(connection)
                lease = Lease(self._database, connection, self._name)
                lease.begin(holder, self._patience)
            try:
                with lease.kept():
                    yield lease
            finally:
                with suppress(StateLost), self._database.asked():
                    lease.release()
                    connection.execute("SELECT pg_advisory_unlock(%s)", [self._key])

    def holder(self) -> Holder | None:
        """Who holds it, or held it last and did not release it."""
        with self._database.look() as connection:
            return self._noted(connection)

    def _acquire(self, connection: psycopg.Connection[Any], timeout: float) -> None:
        machine = this_machine()
        end, told = machine.monotonic() + timeout, False
        while not _one(connection, "SELECT pg_try_advisory_lock(%s)", self._key)[0]:
            other = self._noted(connection) or "another run"
            if machine.monotonic() >= end:
                words = f"another run holds the lock of this company: {other}"
                raise LockHeld(words, hint="wait with --lock-timeout 5m; see `pleoctl lock list`")
            if not told and timeout > TOLD_SECONDS:
                LOG.warning("waiting for the lock, at most %g s: %s", timeout, other)
            told = True
            machine.sleep(_POLL_SECONDS)

    def _wait_for_the_last(self, connection: psycopg.Connection[Any]) -> None:
        """The last holder's session has ended without a release: let what it may have begun come to its end."""
        told = False
        while (left := self._left(connection)) > 0:
            if not told and left > TOLD_SECONDS:
                LOG.warning(
                    "waiting %.0f s: the last run on this company was cut off, and what it sent may still be carried "
                    "out: %s",
                    left,
                    self._noted(connection),
                )
            told = True
            this_machine().sleep(min(left, RENEW_SECONDS))

    def _left(self, connection: psycopg.Connection[Any]) -> float:
        found = connection.execute(
            "SELECT %s + patience - extract(epoch FROM clock_timestamp() - renewed)"
            " FROM pleoctl.lease WHERE name = %s AND NOT released",
            [LEASE_SECONDS, self._name],
        ).fetchone()
        return float(found[0]) if found else 0.0

    def _noted(self, connection: psycopg.Connection[Any]) -> Holder | None:
        found = connection.execute(
            "SELECT holder FROM pleoctl.lease WHERE name = %s AND NOT released", [self._name]
        ).fetchone()
        return Holder(**found[0]) if found else None


class Lease:
    """The row that a holder renews; see above."""

    def __init__(self, database: Database, connection: psycopg.Connection[Any], name: str) -> None:
        """``connection`` is the one that holds the advisory lock: a lease cannot outlive it."""
        self._database, self._connection, self._name = database, connection, name
        self._token = this_machine().token(16)
        self._renewed = 0.0
        self._lost: str | None = None

    def begin(self, holder: Holder, patience: float) -> None:
        """Write the row."""
        moment = this_machine().monotonic()
        self._connection.execute(
            "INSERT INTO pleoctl.lease (name, holder, token, renewed, patience)"
            " VALUES (%(name)s, %(holder)s, %(token)s, clock_timestamp(), %(patience)s)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token,"
            " renewed = excluded.renewed, patience = excluded.patience, released = false",
            {"name": self._name, "holder": json.dumps(asdict(holder)), "token": self._token, "patience": patience},
        )
        self._renewed = moment

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it for the block."""
        over = threading.Event()
        renewing = threading.Thread(target=self._renew, args=[over], name="pleoctl-lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            renewing.join()

    def check(self) -> None:
        """Raise `StateLost` unless a write may start now."""
        age = this_machine().monotonic() - self._renewed
        if self._lost is None and age <= WRITE_SECONDS:
            return
        why = self._lost or f"it could not be renewed for {age:.0f} s"
        raise StateLost(
            f"the lock of this company is lost: {why}; nothing more is sent", hint="run the same plan again"
        )

    def release(self) -> None:
        """Tell whoever comes next that nothing is going on any more."""
        self._connection.execute(
            "UPDATE pleoctl.lease SET released = true WHERE name = %s AND token = %s", [self._name, self._token]
        )

    def _renew(self, over: threading.Event) -> None:
        while not over.wait(RENEW_SECONDS) and self._lost is None:
            moment = this_machine().monotonic()
            try:
                with self._database.asked():
                    kept = self._connection.execute(
                        "UPDATE pleoctl.lease SET renewed = clock_timestamp() WHERE name = %s AND token = %s",
                        [self._name, self._token],
                    ).rowcount
            except StateLost as error:
                self._lost = error.message
                return
            if not kept:
                self._lost = "another run has taken it"
                return
            self._renewed = moment


def _require_session(database: Database, connection: psycopg.Connection[Any]) -> None:
    """Raise `InvalidFile` where a pooler gives each transaction another session: there no lock is held.

    What this connection has set is still there once another transaction, begun meanwhile, may have been given its
    session.
    """
    mine = "SELECT pg_backend_pid()"
    with connection.transaction():
        before = _one(connection, mine)[0]
        other = database.connect()
    with other, other.transaction():
        other.execute(mine)
        after = _one(connection, mine)[0]
    if before != after:
        words = "the database's url leads to a pooler that shares sessions between transactions"
        raise InvalidFile(f"{words}; no lock can be held there", hint="name the database itself, or a pool of sessions")


def _one(connection: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    found = connection.execute(query.encode(), values).fetchone()
    if found is None:
        raise StateLost("the database answered nothing")
    return found
