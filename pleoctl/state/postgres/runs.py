"""Runs in the database as well: plans, journals, receipts, the chain's end, for every machine that shares it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pleoctl.state.base import StoredRun

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import psycopg

    from pleoctl.state.postgres.database import Database


class PostgresRuns:
    """The runs of one company; every method raises `StateLost`."""

    def __init__(self, database: Database, company: str) -> None:
        """``company`` is the connection's name, so that a sandbox and Pleo are two."""
        self._database, self._company = database, company

    def begin(self, run: str, plan: bytes) -> None:
        """Before anything is sent."""
        with self._database.look() as connection:
            connection.execute(
                "INSERT INTO pleoctl.run (company, run, plan) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [self._company, run, plan],
            )

    def append(self, run: str, lines: bytes) -> None:
        """Lines of the journal; they are on the database's disk when this returns."""
        with self._database.look() as connection:
            connection.execute(
                "INSERT INTO pleoctl.journal (company, run, lines) VALUES (%s, %s, %s)", [self._company, run, lines]
            )

    def keep(self, run: str, receipt: bytes) -> None:
        """The run is over."""
        with self._database.look() as connection:
            connection.execute(
                "UPDATE pleoctl.run SET receipt = %s WHERE company = %s AND run = %s", [receipt, self._company, run]
            )

    @contextmanager
    def note(self, name: str) -> Iterator[StoredNote]:
        """A small note for the block, which nobody else reads or writes meanwhile."""
        key = f"{name}:{self._company}"
        with self._database.hold() as connection, connection.transaction():
            connection.execute("INSERT INTO pleoctl.note VALUES (%s, '') ON CONFLICT DO NOTHING", [key])
            found = connection.execute("SELECT content FROM pleoctl.note WHERE name = %s FOR UPDATE", [key]).fetchone()
            yield StoredNote(connection, key, bytes(found[0]) if found else b"")

    def names(self) -> dict[str, bool]:
        """Every stored run, newest first, and whether it has its receipt."""
        with self._database.look() as connection:
            rows = connection.execute(
                "SELECT run, receipt IS NOT NULL FROM pleoctl.run WHERE company = %s ORDER BY run DESC", [self._company]
            )
            return {str(run): bool(ended) for run, ended in rows}

    def stored(self, runs: Collection[str]) -> Iterator[StoredRun]:
        """Those of the runs that are stored, whole."""
        for run in runs:
            with self._database.look() as connection:
                found = connection.execute(
                    "SELECT plan, receipt FROM pleoctl.run WHERE company = %s AND run = %s", [self._company, run]
                ).fetchone()
                lines = connection.execute(
                    "SELECT lines FROM pleoctl.journal WHERE company = %s AND run = %s ORDER BY number",
                    [self._company, run],
                ).fetchall()
            if found:
                receipt = None if found[1] is None else bytes(found[1])
                yield StoredRun(run, bytes(found[0]), b"".join(bytes(line) for (line,) in lines), receipt)

    def remember(self, subject: str, line: bytes) -> None:
        """A line about a subject, on the database's disk when this returns."""
        with self._database.look() as connection:
            connection.execute(
                "INSERT INTO pleoctl.memory (company, subject, line) VALUES (%s, %s, %s)",
                [self._company, subject, line],
            )

    def remembered(self, subject: str) -> bytes:
        """The lines about a subject, in order."""
        with self._database.look() as connection:
            rows = connection.execute(
                "SELECT line FROM pleoctl.memory WHERE company = %s AND subject = %s ORDER BY number",
                [self._company, subject],
            )
            return b"".join(bytes(line) for (line,) in rows)

    def store(self, run: StoredRun) -> None:
        """A run that was kept while the database was away, or before there was one."""
        with self._database.look() as connection, connection.transaction():
            connection.execute(
                "INSERT INTO pleoctl.run (company, run, plan, receipt) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (company, run) DO UPDATE SET receipt = excluded.receipt",
                [self._company, run.run, run.plan, run.receipt],
            )
            connection.execute("DELETE FROM pleoctl.journal WHERE company = %s AND run = %s", [self._company, run.run])
            connection.execute(
                "INSERT INTO pleoctl.journal (company, run, lines) VALUES (%s, %s, %s)",
                [self._company, run.run, run.journal],
            )


class StoredNote:
    """A note of the database, locked by its transaction."""

    def __init__(self, connection: psycopg.Connection[object], name: str, content: bytes) -> None:
        """What it holds now."""
        self._connection, self._name, self._content = connection, name, content

    def read(self) -> bytes:
        """All of it."""
        return self._content

    def write(self, content: bytes) -> None:
        """Replace it once the block ends well."""
        self._connection.execute("UPDATE pleoctl.note SET content = %s WHERE name = %s", [content, self._name])
