"""Sections of sources that talk to a server or a database of a test."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value

ACCOUNTS = {
    "path": "/a",
    "paginate": {"type": "none"},
    "records": "@",
    "fields": {"externalId": "id", "name": "name"},
}


ROWS = [{"id": "1", "name": "Cash"}]


def http(url: str, **more: Value) -> Json:
    """A source with one list and one secret."""
    return {"type": "http", "baseUrl": url, "auth": {"bearer": "env:BOOKS_TOKEN"}, "accounts": ACCOUNTS, **more}


def database(path: Path) -> Path:
    """A database with one account."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE chart (id TEXT, name TEXT); INSERT INTO chart VALUES ('1', 'Cash');")
    return path
