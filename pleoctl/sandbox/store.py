# ruff: noqa: S608 - every name in a statement is a column or table of this module, every value a parameter
"""The state of the sandbox in SQLite, in memory or in a file.

One table per kind, whose columns are the camel-cased fields of a record. ``seq`` counts inserts and
is the default order of every list, so that a record that is added never moves a page. One connection behind
one lock: SQLite answers in microseconds, and a fault that waits does so outside of it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pleoctl.sandbox.errors import Record


@dataclass(frozen=True)
class Table:
    """One kind of record: its columns, and which of them are not plain text.

    ``folded`` is the column that gets a case-folded copy, kept in ``folded``; ``parent`` the column with the id of the
    record that holds this one.
    """

    name: str
    columns: tuple[str, ...]
    flags: frozenset[str]
    documents: frozenset[str]
    indexes: tuple[tuple[str, ...], ...]
    folded: str | None = None
    parent: str | None = None

    @classmethod
    def of(
        cls,
        name: str,
        row: type[msgspec.Struct],
        *,
        indexes: tuple[tuple[str, ...], ...] = (),
        folded: str | None = None,
        parent: str | None = None,
    ) -> Table:
        """The table of a seed's row; one with ``createdAt`` also says when a row was last changed."""
        fields = {field.encode_name: _kinds(field.type) for field in msgspec.structs.fields(row)}
        plain = [name for name in fields if name != "id"]
        more = [*([parent] if parent else []), *(["folded"] if folded else [])]
        stamps = ["updatedAt"] if "createdAt" in fields else []
        return cls(
            name,
            ("id", *more, *plain, *stamps),
            frozenset(name for name, kinds in fields.items() if bool in kinds),
            frozenset(name for name, kinds in fields.items() if kinds & {dict, list, tuple}),
            indexes,
            folded,
            parent,
        )

    def unstamped(self) -> Table:
        """The same without a column of ours that says when a row was last changed."""
        return replace(self, columns=tuple(name for name in self.columns if name != "updatedAt"))

    def encoded(self, record: Record) -> tuple[Any, ...]:
        """The values of a row in the order of the columns, as SQLite keeps them."""
        return tuple(
            value if type(value := record.get(name)) is str or value is None else self._encode(name, value)
            for name in self.columns
        )

    def decoded(self, row: Sequence[Any]) -> Record:
        """The record that a row holds, with ``seq`` first."""
        record = dict(zip(("seq", *self.columns), row, strict=True))
        for name in self.flags:
            record[name] = bool(record[name])
        for name in self.documents:
            text = record[name]
            if text is not None:
                record[name] = {} if text == "{}" else json.loads(text)
        return record

    def with_key(self, record: Record) -> Record:
        """The record with its case-folded key, if the table keeps one."""
        if self.folded is None or record.get(self.folded) is None:
            return record
        return record | {"folded": record[self.folded].casefold()}

    def _encode(self, name: str, value: Any) -> Any:
        if name in self.documents:
            return json.dumps(value, ensure_ascii=False) if value else _EMPTY[type(value)]
        return int(value) if name in self.flags else value


@dataclass
class Filter:
    """Conditions that all hold, with their values."""

    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    @classmethod
    def when(cls, holds: bool) -> Filter:
        """Everything, or nothing at all."""
        return cls() if holds else cls(["0"])

    def where(self, clause: str, *values: Any) -> Filter:
        """Add a condition; returns the filter itself."""
        self.clauses.append(clause)
        self.values.extend(values)
        return self

    def one_of(self, column: str, values: Iterable[Any], *, scan: bool = False) -> Filter:
        """Add the condition that a column has one of the values, null included.

        ``scan`` keeps SQLite from using the column's index: the rows then come in their order without a sort,
        which is faster when the values let most rows through.
        """
        wanted = list(values)
        texts = [value for value in wanted if value is not None]
        if len(wanted) == len(texts) == 1:
            return self.where(f"{column} = ?", texts[0])
        clause = f"{'+' if scan else ''}{column} IN (SELECT value FROM json_each(?))"
        if len(texts) < len(wanted):
            clause = f"({clause} OR {column} IS NULL)"
        return self.where(clause, json.dumps(texts))

    @property
    def sql(self) -> str:
        """The WHERE clause, or an empty text."""
        return f" WHERE {' AND '.join(self.clauses)}" if self.clauses else ""


class Store:
    """Records of all kinds; `lock` guards every use from several threads.

    ``on_write`` is told the table and id of every record that was written or deleted.
    """

    def __init__(self, tables: Sequence[Table], database: str = ":memory:") -> None:
        """Open or create the database with these tables."""
        self._tables = tables
        self.lock = threading.RLock()
        self.version = 0
        self.on_write: Callable[[Table, str], None] | None = None
        self._counts: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.create_function("holds", 2, _holds, deterministic=True)
        self._in_memory = database == ":memory:"
        if self._in_memory:
            self._db.deserialize(_empty(tuple(tables)))
        else:
            _make(self._db, tables)

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever written, in memory and by this store."""
        return self._in_memory and not self.version

    def close(self) -> None:
        """Let go of the database."""
        with self.lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, or none of them if an error leaves the block."""
        with self.lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                self.version += 1
                raise
            self._db.execute("COMMIT")

    def clear(self) -> None:
        """Forget every record."""
        if self.is_new:
            return
        with self.transaction():
            for table in self._tables:
                self._db.execute(f'DELETE FROM "{table.name}"')
            self._db.execute("DELETE FROM company")
            self._db.execute("DELETE FROM sqlite_sequence")
            self.version += 1

    def inserted(self) -> int:
        """How many records were ever added since the store was last cleared."""
        return int(self._db.execute("SELECT IFNULL(SUM(seq), 0) FROM sqlite_sequence").fetchone()[0])

    def remember(self, name: str, value: Any) -> None:
        """Keep one value of the company, such as its installation."""
        self._db.execute("INSERT OR REPLACE INTO company VALUES (?, ?)", (name, json.dumps(value)))
        self.version += 1

    def recall(self, name: str) -> Any:
        """A value that was kept, or None."""
        with self.lock:
            row = self._db.execute("SELECT value FROM company WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def insert_many(self, table: Table, records: Iterable[Record]) -> None:
        """Add records in this order."""
        listed = ", ".join(table.columns)
        marks = ", ".join("?" for _ in table.columns)
        self._db.executemany(
            f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})',
            (table.encoded(table.with_key(record)) for record in records),
        )
        self.version += 1

    def insert(self, table: Table, record: Record) -> Record:
        """Add one record; returns it as stored."""
        self.insert_many(table, [record])
        self._written(table, record["id"])
        return self.need(table, record["id"])

    def update(self, table: Table, record_id: str, fields: Record) -> Record:
        """Change fields of one record; returns it as stored."""
        changed = table.with_key(fields)
        values = dict(zip(table.columns, table.encoded(changed), strict=True))
        listed = ", ".join(f"{name} = ?" for name in changed)
        self._db.execute(
            f'UPDATE "{table.name}" SET {listed} WHERE id = ?',
            [*(values[name] for name in changed), record_id],
        )
        self.version += 1
        self._written(table, record_id)
        return self.need(table, record_id)

    def delete(self, table: Table, record_id: str) -> None:
        """Remove one record for good."""
        self._db.execute(f'DELETE FROM "{table.name}" WHERE id = ?', (record_id,))
        self.version += 1
        self._written(table, record_id)

    def _written(self, table: Table, record_id: str) -> None:
        if self.on_write is not None:
            self.on_write(table, record_id)

    def get(self, table: Table, record_id: str) -> Record | None:
        """One record by its id."""
        found = self.select(table, Filter().where("id = ?", record_id.lower()))
        return found[0] if found else None

    def need(self, table: Table, record_id: str) -> Record:
        """One record that is known to exist."""
        found = self.get(table, record_id)
        if found is None:
            raise KeyError(record_id)
        return found

    def select(
        self, table: Table, where: Filter | None = None, order: str = "seq", limit: int = -1, offset: int = 0
    ) -> list[Record]:
        """Records that a filter lets through, in the order of an SQL expression."""
        chosen = where or Filter()
        listed = ", ".join(("seq", *table.columns))
        sql = f'SELECT {listed} FROM "{table.name}"{chosen.sql} ORDER BY {order} LIMIT ? OFFSET ?'
        with self.lock:
            rows = self._db.execute(sql, [*chosen.values, limit, offset]).fetchall()
        return [table.decoded(row) for row in rows]

    def count(self, table: Table, where: Filter | None = None) -> int:
        """How many records a filter lets through; counted once between two writes."""
        chosen = where or Filter()
        key = (table.name, chosen.sql, repr(chosen.values))
        with self.lock:
            version, number = self._counts.get(key, (-1, 0))
            if version != self.version:
                sql = f'SELECT COUNT(*) FROM "{table.name}"{chosen.sql}'
                number = self._db.execute(sql, chosen.values).fetchone()[0]
                if len(self._counts) > _REMEMBERED_COUNTS:
                    self._counts.clear()
                self._counts[key] = (self.version, number)
        return int(number)

    def replica(self) -> Store:
        """A copy in memory with everything that is stored now."""
        copy = Store(self._tables)
        with self.lock:
            self._db.backup(copy._db)
        return copy

    def copy_record(self, table: Table, record_id: str, source: Store) -> None:
        """Make one record what it is in another store, in the same place of the order."""
        found = source.get(table, record_id)
        with self.transaction():
            self._db.execute(f'DELETE FROM "{table.name}" WHERE id = ?', (record_id,))
            if found is not None:
                marks = ", ".join("?" for _ in ("seq", *table.columns))
                row = (found["seq"], *table.encoded(found))
                self._db.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', row)
            self.version += 1


@cache
def _empty(tables: tuple[Table, ...]) -> bytes:
    """A database in memory with these tables: taking its bytes over is faster than making the tables again."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        _make(made, tables)
        return made.serialize()


def _make(db: sqlite3.Connection, tables: Sequence[Table]) -> None:
    for table in tables:
        columns = ", ".join(f'"{c}"' + (" TEXT UNIQUE" if c == "id" else "") for c in table.columns)
        db.execute(f'CREATE TABLE IF NOT EXISTS "{table.name}" (seq INTEGER PRIMARY KEY AUTOINCREMENT, {columns})')
        for index in table.indexes:
            listed = ", ".join(index)
            db.execute(f'CREATE INDEX IF NOT EXISTS "{table.name}_{"_".join(index)}" ON "{table.name}" ({listed})')
    db.execute("CREATE TABLE IF NOT EXISTS company (name TEXT PRIMARY KEY, value TEXT)")


def _kinds(annotation: Any) -> set[Any]:
    """The plain types that an annotation lets through."""
    if get_origin(annotation) in {Union, UnionType}:
        return {kind for option in get_args(annotation) for kind in _kinds(option)}
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    return {get_origin(annotation) or annotation}


def _holds(text: str | None, part: str) -> bool:
    return part.casefold() in (text or "").casefold()


_EMPTY: Final[dict[type[Any], str]] = {dict: "{}", list: "[]", tuple: "[]"}
_REMEMBERED_COUNTS: Final = 200
