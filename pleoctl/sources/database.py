"""Database urls: what one may name depends on who wrote it.

A url from the environment, or below ``PLEOCTL_SECRETS_DIR``, names whatever host or file it likes. One from a file of
the workspace was written by the branch: a known driver, a trusted host, a file below the workspace, and no option that
reads a file, loads a library or names another host.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pleoctl.errors import MissingExtra, Refused, SourceError
from pleoctl.hosts import Endpoint
from pleoctl.place import Setting
from pleoctl.sources.context import origin_of
from pleoctl.sources.sqlite import open_read_only
from pleoctl.workspace.secrets import Origin
from pleoctl.workspace.trust import TrustedHosts

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

    from pleoctl.sources.bounds import Bounds
    from pleoctl.sources.context import Context

_URL: Final = Setting("source", "url")

# Drivers whose urls say where they go in the url's own host and nowhere else.
DRIVERS: Final = frozenset(
    {
        "sqlite",
        "sqlite+pysqlite",
        "postgresql",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+pg8000",
        "mysql",
        "mysql+pymysql",
        "mysql+mysqldb",
        "mysql+mysqlconnector",
        "mariadb",
        "mariadb+pymysql",
        "mariadb+mysqldb",
        "mariadb+mysqlconnector",
        "mariadb+mariadbconnector",
        "oracle",
        "oracle+oracledb",
        "mssql+pymssql",
    }
)
OPTIONS: Final = frozenset({"sslmode", "charset", "client_encoding", "application_name", "service_name"})
_SQLITE_OPTIONS: Final = frozenset({"uri", "mode", "cache", "timeout", "check_same_thread", "immutable", "nolock"})
_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "mssql": 1433}
# What the library has to say about cursors and pools stands in the error; the rest of it is no business of a user.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
_NAME: Final = re.compile(r"[\w.$-]*")
# How long a connection may take, as the driver calls it.
_CONNECT_SECONDS: Final = 15
_CONNECT: Final = {
    "psycopg": "connect_timeout",
    "psycopg2": "connect_timeout",
    "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout",
    "mysqlconnector": "connection_timeout",
    "pymssql": "login_timeout",
    "pg8000": "timeout",
}


def open_database(context: Context, reference: str, bounds: Bounds) -> Engine:
    """An engine for the url behind a reference; connects to nothing yet.

    Raises `SourceError` for what is no url, `Refused` for one that nobody trusts, `MissingExtra`.
    """
    url = _parsed(context.reveal(reference, "source", "url"))
    vouched = origin_of(context, reference) is Origin.ENVIRONMENT
    if not vouched:
        _check(url)
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        path, options = _file(context, url, vouched=vouched)
        return create_engine("sqlite://", creator=lambda: open_read_only(path, bounds, options), poolclass=NullPool)
    return _engine(url)


def limit_statements(connection: Connection, seconds: float) -> None:
    """Let the server end a statement that takes longer, where its dialect knows how to."""
    name, milliseconds = connection.dialect.name, int(seconds * 1000)
    if name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
    elif getattr(connection.dialect, "is_mariadb", False):
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {seconds:g}")
    elif name == "mysql":
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {milliseconds}")
    elif name == "oracle":
        driver: Any = connection.connection.dbapi_connection
        driver.call_timeout = milliseconds


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # a port that is no number
        raise SourceError(
            f"{_URL} is not an SQLAlchemy url", hint="e.g. postgresql://user@host/books", setting=_URL
        ) from None
    if "@" in (url.host or ""):
        words = f"{_URL} has an @ in its user or password"  # of which a part would be told as the host
        raise SourceError(words, hint="write it as %40", setting=_URL)
    return url


def _engine(url: URL) -> Engine:
    driver = url.drivername.partition("+")[2]
    arguments = {_CONNECT[driver]: _CONNECT_SECONDS} if driver in _CONNECT and _CONNECT[driver] not in url.query else {}
    try:
        return create_engine(url, connect_args=arguments, poolclass=NullPool)
    except NoSuchModuleError:
        raise SourceError(f"{_URL} names a database that SQLAlchemy does not know", setting=_URL) from None
    except SQLAlchemyError:
        raise SourceError(
            f"{_URL} is not an SQLAlchemy url", hint="e.g. postgresql://user@host/books", setting=_URL
        ) from None
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the database needs the driver {error.name}", hint=f"pip install {error.name}") from None


def _check(url: URL) -> None:
    """What a url of the branch may say. Raises `Refused`."""
    if url.drivername not in DRIVERS:
        raise _refused(f"the driver {url.drivername!r}")
    for name in url.query:
        if name not in OPTIONS:
            raise _refused(f"the option {name!r}")
    if url.drivername.startswith("sqlite"):
        return
    if not _NAME.fullmatch(url.database or ""):
        raise _refused("a database name that a driver may read as more than a name")
    if url.host:
        _check_host(url.drivername.partition("+")[0], url.host, url.port)


def _check_host(dialect: str, host: str, port: int | None) -> None:
    endpoint = Endpoint.of("https", f"[{host}]" if ":" in host else host, port or _PORTS[dialect])
    if endpoint is None:
        raise _refused("a host that is no plain host name")
    hosts = TrustedHosts()
    if not hosts.trust(endpoint):
        message, hint = hosts.refusal(endpoint, "source.url")
        raise Refused(message, hint=hint)


def _refused(what: str) -> Refused:
    return Refused(
        f"source.url: {what} is not allowed in a url that a file of the workspace gives",
        hint="give the url in an environment variable, url: env:NAME, or below PLEOCTL_SECRETS_DIR",
    )


def _file(context: Context, url: URL, *, vouched: bool) -> tuple[Path, str]:
    """The file of an SQLite url, relative to the workspace, and what else its uri says."""
    name = (url.database or "").removeprefix("file:")
    if not name or name == ":memory:":
        raise SourceError(
            f"{_URL} names no database file", hint="e.g. sqlite:///as/books.db, from the workspace on", setting=_URL
        )
    for option in url.query:
        if option not in _SQLITE_OPTIONS:
            raise SourceError(f"{_URL}: the option {option!r} is not known for SQLite", setting=_URL)
    kept = "".join(f"&{option}=1" for option in ("immutable", "nolock") if url.query.get(option) == "1")
    return (context.root / name if vouched else context.inside(name, "source", "url")), kept
