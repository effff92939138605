"""One database of the shared state: connections for short looks, and those that hold something.

Its url is a secret: no error shows more of it than host and database name.
"""

from __future__ import annotations

import atexit
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile, MissingExtra
from pleoctl.state.base import StateLost, once_each, scheme_of
from pleoctl.state.postgres.layout import require_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    import psycopg_pool

# A peer that vanishes is noticed after 10 + 3 * 5 s, so before anybody may take its lease for old.
_KEEPALIVES: Final[dict[str, Any]] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
    "connect_timeout": 10,
}
# Not as options of the connection, which poolers refuse.
_TIMEOUTS: Final = "SET statement_timeout = '20s'; SET lock_timeout = '15s'"
SCHEMES: Final = ("postgresql", "postgres")
PATIENCE: Final = 5.0
"""Seconds for which a connection is waited for."""
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
        found = re.sub(r"^[a-z]+://", "", self._url).rpartition("@")[2].partition("?")[0]
        return found or "the database"

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, each statement its own transaction. Raises `StateLost`."""
        import psycopg  # only shared state needs it

        with self.asked():
            made = psycopg.connect(self._url, autocommit=True, **_KEEPALIVES)
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
            told = " ".join(str(error).replace(self._url, "…").split())[:200]
            words = f"the shared state in {self.name} cannot be used: {told or type(error).__name__}"
            raise StateLost(words, hint="nothing is sent without it; see that the database runs") from error

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
            kwargs={"autocommit": True, **_KEEPALIVES},
            min_size=1,
            max_size=_LOOKS,
            num_workers=1,
            open=True,
            configure=_configure,
            check=psycopg_pool.ConnectionPool.check_connection,  # those from before a restart are dead
        )


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.execute(_TIMEOUTS)


@once_each
def _database(url: str) -> Database:
    try:
        import psycopg_pool  # noqa: F401 - told before anything is asked
    except ImportError as error:
        raise MissingExtra("a shared state needs psycopg", hint="pip install 'pleoctl[state]'") from error
    made = Database(url)
    atexit.register(made.close)
    return made


def database(url: str) -> Database:
    """The database of a url, one for the whole process. Raises `MissingExtra`, `InvalidFile` for another url."""
    if scheme_of(url) not in SCHEMES:
        words = f"this needs a PostgreSQL database, and its url {'leads to ' + (scheme_of(url) or 'nowhere')}"
        raise InvalidFile(words, hint="an object store keeps the lock of a workspace alone; it has no tables")
    return _database(url)
