"""Procrastinate's tables in the fleet's database: made once, brought up by its migrations, refused if they differ."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile, MissingExtra
from pleoctl.state.postgres.layout import LAYOUT, require_layout

if TYPE_CHECKING:
    import psycopg

    from pleoctl.state.postgres.database import Database

_NOTE: Final = "fleet queue"


def queue_name(fleet: str) -> str:
    """The queue of a fleet; it carries the layout, so that two versions of pleoctl never take each other's runs."""
    return f"pleoctl-{LAYOUT}-{fleet}"


def require_procrastinate() -> None:
    """Raise `MissingExtra` where it is not installed."""
    try:
        import procrastinate  # noqa: F401 - told before anything is asked
    except ImportError as error:
        raise MissingExtra("many machines need procrastinate", hint="pip install 'pleoctl[fleet]'") from error


def upgrade_queue(connection: psycopg.Connection[Any]) -> None:
    """Make the queue's tables, or bring them up. All or nothing; `pleoctl.state.postgres.layout.upgrade` came before.

    Raises `InvalidFile` where a newer procrastinate has made them.
    """
    from procrastinate.schema import SchemaManager

    with connection.transaction():
        connection.execute("LOCK TABLE pleoctl.note")
        steps, before = _steps(), _version(connection)
        if before is None:
            connection.execute(SchemaManager.get_schema().encode())
        else:
            _refuse_newer(before, steps)
            for name in (name for name in steps if name > before):
                connection.execute(_step(name))
        connection.execute(
            "INSERT INTO pleoctl.note (name, content) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            [_NOTE, steps[-1].encode()],
        )


def require_queue(connection: psycopg.Connection[Any]) -> None:
    """Raise `InvalidFile` unless the queue's tables are those of the installed procrastinate."""
    found, steps = _version(connection), _steps()
    if found is not None:
        _refuse_newer(found, steps)
    if found != steps[-1]:
        words = "the database has no queue" if found is None else "the database's queue is of an older procrastinate"
        raise InvalidFile(words, hint="run `pleoctl fleet database upgrade`")


def require_tables(shared: Database) -> None:
    """Raise `InvalidFile` unless all tables are those of this version, `StateLost` where the database is away."""
    with shared.connect() as connection, shared.asked():
        require_layout(connection)
        require_queue(connection)


def _refuse_newer(found: str, steps: list[str]) -> None:
    if found > steps[-1]:
        words = "the database's queue is of a newer procrastinate than the one that is installed"
        raise InvalidFile(words, hint="install the version that upgraded it")


def _version(connection: psycopg.Connection[Any]) -> str | None:
    """The last migration that the tables have."""
    row = connection.execute("SELECT content FROM pleoctl.note WHERE name = %s", [_NOTE]).fetchone()
    return None if row is None else bytes(row[0]).decode()


def _steps() -> list[str]:
    folder = resources.files("procrastinate.sql") / "migrations"
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))


def _step(name: str) -> bytes:
    return (resources.files("procrastinate.sql") / "migrations" / name).read_bytes()
