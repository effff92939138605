"""The ``sql`` source: three queries in one read-only transaction (extra: ``pleoctl[sql]``, and a database driver)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sources.base import FIELDS, REQUIRED, SourceRow, Table, named_tables, resource_names
from pleoctl.sources.bounds import DEFAULT_SECONDS, Bounds
from pleoctl.sources.cells import as_text, settle
from pleoctl.sources.csv_files import ACTIVE, INACTIVE
from pleoctl.sources.database import limit_statements, open_database
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pleoctl.sources.context import Context

# What makes a transaction read-only, by dialect; all three queries see the same state where that can be asked for.
_READ_ONLY: Final = {
    "sqlite": ["PRAGMA query_only = ON", "BEGIN"],
    "postgresql": ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"],
    "mysql": ["SET TRANSACTION READ ONLY"],
    "mariadb": ["SET TRANSACTION READ ONLY"],
    "oracle": ["SET TRANSACTION READ ONLY"],
}
_STARTS: Final = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)
# Each alternative ends with the text at the latest, so that none is tried again from every place where it may begin.
_TEXTS: Final = re.compile(r"'(?:''|[^'])*(?:'|\Z)|\"(?:\"\"|[^\"])*(?:\"|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_PORTION: Final = 1000


class SqlSource:
    """Reads a database whose SQLAlchemy url is a secret."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Check the queries; connect to nothing yet. Raises `SourceError`."""
        self._context, self._section = context, section
        self._seconds = float(section.get("timeoutSeconds", DEFAULT_SECONDS))
        self._tables: dict[str, Table] | None = None
        for name in named_tables(section):
            check_query(str(section[name]["query"]), Setting("source", name, "query"))

    def read(self, resource: str) -> Table | None:
        """See `Source.read`; the first call reads everything, in one transaction that is rolled back."""
        if resource not in self._section:
            return None
        if self._tables is None:
            self._tables = self._read_all()
        return self._tables[resource]

    def _read_all(self) -> dict[str, Table]:
        bounds = Bounds("the database", seconds=self._seconds)
        engine = open_database(self._context, self._section["url"], bounds)
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                for statement in _READ_ONLY.get(connection.dialect.name, ()):
                    connection.execute(text(statement))
                limit_statements(connection, self._seconds)
                tables = {
                    str(name): self._table(connection, name, bounds)
                    for name in resource_names()
                    if name in self._section
                }
                transaction.rollback()
        except (SQLAlchemyError, MemoryError) as error:
            raise (bounds.late() if bounds.over else _failed(error)) from None
        finally:
            engine.dispose()
        return tables

    def _table(self, connection: Connection, resource: str, bounds: Bounds) -> Table:
        key = Setting("source", resource, "query")
        # Colons are text here, not parameters. Rows come in portions, so that no answer is held as a whole.
        query = text(str(self._section[resource]["query"]).replace(":", "\\:"))
        result = connection.execution_options(yield_per=_PORTION).execute(query)
        names = list(result.keys())
        _check_columns(names, resource, key)
        rows = []
        for number, values in enumerate(result, 1):
            bounds.row(values)
            rows.append(_row(dict(zip(names, values, strict=True)), number, str(key)))
        return Table(str(key), rows)


def _failed(error: Exception) -> SourceError:
    """The database's own words, without the statement and the url."""
    if isinstance(error, MemoryError):
        return SourceError("the database cannot be read: a value or a query needs too much memory")
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return SourceError(f"the database cannot be read: {words[0] if words else type(error).__name__}")


def check_query(query: str, key: Setting) -> None:
    """Raise `SourceError` unless a query is one that only reads."""
    bare = _TEXTS.sub(" ", query).strip().rstrip(";")
    if not _STARTS.match(bare) or ";" in bare:
        raise SourceError(f"{key} is not one SELECT", hint="a source only reads", setting=key)


def _check_columns(names: list[str], resource: str, key: Setting) -> None:
    for name in names:
        if name not in FIELDS[resource]:
            raise SourceError(
                f"{key} gives a column {name!r}, which is no field",
                hint=did_you_mean(name, sorted(FIELDS[resource])),
                setting=key,
            )
    missing = [name for name in REQUIRED[resource] if name not in names]
    if missing or len(set(names)) != len(names):
        raise SourceError(
            f"{key} gives no column {missing[0]}" if missing else f"{key} gives a column twice",
            hint='name columns like fields: select id as "externalId", …',
        )


def _row(cells: dict[str, Any], number: int, label: str) -> SourceRow:
    row = SourceRow(
        {name: value if name == "active" else as_text(value) for name, value in cells.items()}, f"{label}, row {number}"
    )
    if "active" in cells:
        row.cells["active"] = _active(cells["active"])
    settle(row.cells)
    return row


def _active(value: Any) -> Any:
    """Databases without booleans have 1 and 0, or words."""
    if isinstance(value, str):
        word = value.strip().casefold()
        return True if word in ACTIVE else False if word in INACTIVE else value
    return bool(value) if value in (0, 1) and value is not None else value
