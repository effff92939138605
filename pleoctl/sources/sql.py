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
# By what some databases begin or end a text or a comment, and others do not. Without it all of them see one statement
# where we do; with it a semicolon in what we take for a text may be where the next one begins.
_DOUBTFUL: Final = re.compile(r"[\\$#`\[\r]|--(?!\s)|[\w&](?=\x00)|/\*(?:[!M]|.*/\*)", re.DOTALL)
# SQL Server takes several statements without any semicolon, and knows no transaction that only reads.
_SQL_SERVER_TEXTS: Final = re.compile(rf"\[(?:\]\]|[^\]])*(?:\]|\Z)|{_TEXTS.pattern}", re.DOTALL)
_SQL_SERVER_DOES: Final = re.compile(
    r"\b(alter|backup|begin|bulk|checkpoint|commit|create|dbcc|declare|delete|deny|drop|exec|execute|goto|grant|if|insert"
    r"|into|kill|merge|print|raiserror|reconfigure|restore|revert|revoke|rollback|save|set|setuser|shutdown|truncate"
    r"|update|updatetext|use|waitfor|while|writetext)\b|/\*",
    re.IGNORECASE,
)
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
                self._check_for(connection.dialect.name)
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

    def _check_for(self, dialect: str) -> None:
        if dialect == "mssql":
            for name in named_tables(self._section):
                check_for_sql_server(str(self._section[name]["query"]), Setting("source", name, "query"))

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
    """Raise `SourceError` unless a query is one that only reads, whichever database reads it."""
    bare = _TEXTS.sub(" ", query).strip().rstrip(";")
    if not _STARTS.match(bare) or ";" in bare:
        raise _not_one(key)
    if ";" not in query.strip().rstrip(";"):
        return
    sign = _DOUBTFUL.search(_TEXTS.sub(lambda text: f"\x00{text[0]}" if text[0][0] == "'" else text[0], query))
    if sign is not None:
        raise SourceError(
            f"{key} has a semicolon within, and {sign[0][:2]!r}, which databases read in different ways",
            hint="leave one of the two out, or ask a view",
            setting=key,
        )


def check_for_sql_server(query: str, key: Setting) -> None:
    """Raise `SourceError` for words that only another statement of the same batch can have."""
    found = _SQL_SERVER_DOES.search(_SQL_SERVER_TEXTS.sub(_emptied, query))
    if found is not None:
        raise _not_one(key, f": it has {found[0]}")


def _emptied(text: re.Match[str]) -> str:
    """A blank; of comments within a comment, which SQL Server knows, the sign is kept."""
    return "/*" if text[0].startswith("/*") and "/*" in text[0][2:] else " "


def _not_one(key: Setting, why: str = "") -> SourceError:
    return SourceError(f"{key} is not one SELECT{why}", hint="a source only reads", setting=key)


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
