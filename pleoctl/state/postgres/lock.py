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
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile
from pleoctl.machine import this_machine
from pleoctl.state.base import Standing, StateLost
from pleoctl.state.lease import LEASE_SECONDS, WRITE_SECONDS, Lease, told_wait
from pleoctl.state.lock import TOLD_SECONDS, Holder, holder_lives, lock_held, nap
from pleoctl.state.postgres.layout import require_layout

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterator

    import psycopg

    from pleoctl.state.postgres.database import Database

LOG: Final = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 10.0
# Numbers of the advisory locks that sessions of this database hold.
_HELD: Final = (
    "SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_LEASES: Final = (
    "SELECT name, holder, extract(epoch FROM clock_timestamp() - renewed)::float8, patience FROM pleoctl.lease"
    " WHERE NOT released AND name = coalesce(%(name)s, name) ORDER BY name"
)


class PostgresLock:
    """See `pleoctl.state.lock.Lock`; ``name`` is the company's, ``patience`` one request's deadline in seconds."""

    def __init__(self, database: Database, name: str, patience: float) -> None:
        """Nothing is asked yet."""
        self._database, self._name, self._patience = database, name, patience
        self._key = _key(name)

    @contextmanager
    def hold(self, holder: Holder, timeout: float, stop: threading.Event | None = None) -> Iterator[SessionLease]:
        """See `Lock.hold`; the lease says before each write whether it still holds. Raises `StateLost` as well."""
        with self._database.connect() as connection:
            with self._database.asked():
                require_layout(connection)
                require_session(self._database, connection)
                self._acquire(connection, timeout, stop)
                self._wait_for_the_last(connection, stop)
                lease = SessionLease(self._database, connection, self._name)
                lease.begin(holder, self._patience)
            try:
                with lease.kept():
                    yield lease
            finally:
                with suppress(StateLost), self._database.asked():
                    lease.release()
                    connection.execute("SELECT pg_advisory_unlock(%s)", [self._key])

    def release(self) -> Holder | None:
        """See `pleoctl.state.base.State.release`."""
        while found := next(iter(standings(self._database, self._name)), None):
            if found.status == "held":
                raise holder_lives(found.holder)
            age = found.age or 0.0
            if age <= WRITE_SECONDS:
                this_machine().sleep(WRITE_SECONDS - age + _POLL_SECONDS)
            elif self._released(age):
                return found.holder
        return None

    def _released(self, age: float) -> bool:
        """Whether the lease was given free that nobody has renewed since it was of this age."""
        with self._database.look() as connection:
            done = connection.execute(
                "UPDATE pleoctl.lease SET released = true WHERE name = %s AND NOT released"
                " AND renewed <= clock_timestamp() - make_interval(secs => %s)",
                [self._name, age],
            )
        return done.rowcount > 0

    def require_free(self) -> None:
        """Raise `LockHeld` while it is somebody's: of one that goes on, or that was cut off. Raises `StateLost`."""
        with self._database.look() as connection:
            if self._left(connection) > 0:
                raise lock_held(self._noted(connection) or "another run")

    def _acquire(self, connection: psycopg.Connection[Any], timeout: float, stop: threading.Event | None) -> None:
        machine = this_machine()
        end, told = machine.monotonic() + timeout, False
        while not _one(connection, "SELECT pg_try_advisory_lock(%s)", self._key)[0]:
            other = self._noted(connection) or "another run"
            if machine.monotonic() >= end:
                raise lock_held(other)
            if not told and timeout > TOLD_SECONDS:
                LOG.warning("waiting for the lock, at most %g s: %s", timeout, other)
            told = True
            nap(_POLL_SECONDS, stop)

    def _wait_for_the_last(self, connection: psycopg.Connection[Any], stop: threading.Event | None) -> None:
        """The last holder's session has ended without a release: let what it may have begun come to its end."""
        told = False
        while (left := self._left(connection)) > 0:
            if not told and left > TOLD_SECONDS:
                told_wait(left, self._noted(connection))
            told = True
            nap(min(left, _LOOK_SECONDS), stop)

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


class SessionLease(Lease):
    """The row that a holder renews; see above."""

    def __init__(self, database: Database, connection: psycopg.Connection[Any], name: str) -> None:
        """``connection`` is the one that holds the advisory lock: a lease cannot outlive it."""
        super().__init__()
        self._database, self._connection, self._name = database, connection, name

    def begin(self, holder: Holder, patience: float) -> None:
        """Write the row."""
        moment = this_machine().lasting()
        self._connection.execute(
            "INSERT INTO pleoctl.lease (name, holder, token, renewed, patience)"
            " VALUES (%(name)s, %(holder)s, %(token)s, clock_timestamp(), %(patience)s)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token,"
            " renewed = excluded.renewed, patience = excluded.patience, released = false",
            {"name": self._name, "holder": json.dumps(asdict(holder)), "token": self.token, "patience": patience},
        )
        self.renewed = moment

    def renew(self) -> bool:
        """See `Lease.renew`."""
        moment = this_machine().lasting()
        with self._database.asked():
            kept = self._connection.execute(
                "UPDATE pleoctl.lease SET renewed = clock_timestamp() WHERE name = %s AND token = %s",
                [self._name, self.token],
            ).rowcount
        self.renewed = moment if kept else self.renewed
        return bool(kept)

    def release(self) -> None:
        """Tell whoever comes next that nothing is going on any more."""
        self._connection.execute(
            "UPDATE pleoctl.lease SET released = true WHERE name = %s AND token = %s", [self._name, self.token]
        )


def standings(database: Database, name: str | None = None) -> list[Standing]:
    """The leases that were not released (of one lock, where it is named), by name. Raises `StateLost`."""
    with database.look() as connection:
        held = {int(key) for (key,) in connection.execute(_HELD)}
        rows = connection.execute(_LEASES, {"name": name}).fetchall()
    return [_standing(row, held) for row in rows]


def _standing(row: tuple[str, dict[str, Any], float, float], held: Collection[int]) -> Standing:
    name, holder, age, patience = row
    lives = _key(name) in held and age < LEASE_SECONDS
    return Standing(name, Holder(**holder), "held" if lives else "cutOff", float(age), LEASE_SECONDS + patience)


def _key(name: str) -> int:
    """The number of a lock's advisory lock."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def require_session(database: Database, connection: psycopg.Connection[Any]) -> None:
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
