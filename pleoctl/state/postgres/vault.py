"""Tokens in the database: one holder at a time over all machines that share it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pleoctl.state.postgres.layout import require_layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.state.postgres.database import Database

# A waiter outlasts a holder whose server takes its time to answer.
_PATIENCE = "SET LOCAL lock_timeout = '120s'; SET LOCAL statement_timeout = '130s'"


class PostgresVault:
    """`pleoctl.state.base.Vault` in two rows: one is locked by a transaction, the other is written meanwhile.

    A write has to last although the transaction that holds the lock never ends well: who dies after it must leave it.
    """

    def __init__(self, database: Database, name: str) -> None:
        """``name`` is the sign-in's."""
        self._database, self._name = database, name

    @property
    def place(self) -> str:
        """See `Vault.place`."""
        return f"the shared state in {self._database.name}"

    def read(self) -> bytes:
        """See `Vault.read`."""
        with self._database.look() as connection:
            found = connection.execute("SELECT content FROM pleoctl.token WHERE name = %s", [self._name]).fetchone()
        return bytes(found[0]) if found else b""

    @contextmanager
    def hold(self) -> Iterator[TokenRow]:
        """See `Vault.hold`."""
        connection = self._database.connect()
        try:
            with self._database.asked():
                require_layout(connection)
                connection.execute("INSERT INTO pleoctl.vault VALUES (%s) ON CONFLICT DO NOTHING", [self._name])
                connection.execute("BEGIN")
                connection.execute(_PATIENCE)
                connection.execute("SELECT FROM pleoctl.vault WHERE name = %s FOR UPDATE", [self._name])
            yield TokenRow(self, self._database, self._name)
        finally:
            connection.close()


class TokenRow:
    """Tokens that are held."""

    def __init__(self, vault: PostgresVault, database: Database, name: str) -> None:
        """Nothing is asked yet."""
        self._vault, self._database, self._name = vault, database, name

    def read(self) -> bytes:
        """All of it."""
        return self._vault.read()

    def write(self, content: bytes) -> None:
        """Replace it, on the database's disk when this returns."""
        with self._database.look() as connection:
            connection.execute(
                "INSERT INTO pleoctl.token VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                [self._name, content],
            )
