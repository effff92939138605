"""One database of the shared state: connections for short looks, and those that hold something.

Its url is a secret: no error shows more of it than host and database name.
"""

from __future__ import annotations

import atexit
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile, MissingExtra
from pleoctl.state.base import StateLost, once_each, scheme_of
from pleoctl.state.postgres.layout import require_layout
from pleoctl.state.postgres.url import require_readable, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    import psycopg_pool

# A peer that vanishes is noticed after 10 + 3 * 5 s, so before anybody may take its lease for old.
KEEPALIVES: Final[dict[str, Any]] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
    "connect_timeout": 10,
}
"""What every connection is made with."""
# Not as options of the connection, which poolers refuse.
_TIMEOUTS: Final = "SET statement_timeout = '20s'; SET lock_timeout = '15s'"
SCHEMES: Final = ("postgresql", "postgres")
PATIENCE: Final = 5.0
"""Seconds for which a connection is waited for."""
# By a part of what PostgreSQL says, for where it runs well.
_CURES: Final = {
    "authentication failed": "see the user and the password in its url",
    "no password supplied": "see the password in its url",
    "SSL": "see `sslmode` in its url and the server's certificate",
    "certificate": "see `sslrootcert` in its url and the server's certificate",
    "does not exist": "see its url",
    "read-only transaction": "name the primary in its url, e.g. with target_session_attrs=read-write",
    "permission denied": "have its owner grant the rights that docs/reliability.md names",
    "No space left": "see the room on its disk",
}
_LOOKS: Final = 8
"""Connections for short looks at a time; more wait."""


class Database:
    """A database whose tables are of this version. Raises `InvalidFile` where they are not."""

    def __init__(self, url: str) -> None:
        """Connects when it is first asked."""
        self._url = url
        self._holding = threading.Semaphore(_LOOKS - 1)
        self._opening = threading.Lock()
        self._opened: psycopg_pool.ConnectionPool[psycopg.Connection[Any]] | None = None

    @property
    def name(self) -> str:
        """Host and database, for people."""
        return shown(self._url)

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, each statement its own transaction. Raises `StateLost`."""
        import psycopg  # only shared state needs it

        with self.asked():
            made = psycopg.connect(self._url, autocommit=True, **KEEPALIVES)
            _configure(made)
        return made

    @contextmanager
    def look(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection for a short look; each statement is its own transaction. Raises `StateLost`."""
        with self.asked(), self._pool().connection(PATIENCE) as connection:
            yield connection

    @contextmanager
    def hold(self) -> Iterator[psycopg.Connection[Any]]:
        """The same for a look that other looks are taken in: of many threads, as many as leave a connection for those.

        Else each could hold one and wait for another.
        """
        with self._holding, self.look() as connection:
            yield connection

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Turn a failure of the database into a sentence. Raises `StateLost`."""
        import psycopg
        import psycopg_pool

        try:
            yield
        except (psycopg.Error, psycopg_pool.PoolTimeout, OSError) as error:
            raise self.lost(error) from error

    def lost(self, error: BaseException) -> StateLost:
        """The sentence for a failure of the database."""
        words = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
        told = " ".join(words.replace(self._url, "…").split())[:200] or type(error).__name__
        words = f"the shared state in {self.name} cannot be used: {told}"
        return StateLost(words, hint=f"nothing is sent without it; {_cure(told)}")

    def close(self) -> None:
        """Let go of the connections for short looks."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _pool(self) -> psycopg_pool.ConnectionPool[psycopg.Connection[Any]]:
        """The connections for short looks, of which threads that ask at a time open but one pool."""
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> psycopg_pool.ConnectionPool[psycopg.Connection[Any]]:
        import psycopg_pool

        with self.connect() as first:
            require_layout(first)
        return psycopg_pool.ConnectionPool(
            self._url,
            kwargs={"autocommit": True, **KEEPALIVES},
            min_size=1,
            max_size=_LOOKS,
            num_workers=1,
            open=True,
            configure=_configure,
            check=psycopg_pool.ConnectionPool.check_connection,  # those from before a restart are dead
        )


def _cure(told: str) -> str:
    return next((cure for part, cure in _CURES.items() if part in told), "see that the database runs")


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.execute(_TIMEOUTS)


@once_each
def _database(url: str) -> Database:
    try:
        import psycopg_pool  # noqa: F401 - told before anything is asked
    except ImportError as error:
        raise MissingExtra("a shared state needs psycopg", hint="pip install 'pleoctl[state]'") from error
    require_readable(url)
    made = Database(url)
    atexit.register(made.close)
    return made


def database(url: str) -> Database:
    """The database of a url, one for the whole process. Raises `MissingExtra`, `InvalidFile` for another url."""
    if scheme_of(url) not in SCHEMES:
        begins = f"leads to {scheme_of(url)}:" if scheme_of(url) else "begins with no postgresql://"
        words = f"this needs a PostgreSQL database, and its url {begins}"
        raise InvalidFile(words, hint="an object store keeps the lock of a workspace alone; it has no tables")
    return _database(url)
