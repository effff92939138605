"""SQLite files that others wrote: opened to be read, never made, with an end to what a statement may cost."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import NOT_PLAIN

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sources.bounds import Bounds

# Instructions of SQLite's machine between two looks at the clock: about a millisecond.
_STEPS: Final = 20_000
_LONGEST_VALUE: Final = 4 * 1024 * 1024
_MEMORY: Final = 384 * 1024 * 1024


def open_read_only(path: Path, bounds: Bounds, options: str = "") -> sqlite3.Connection:
    """A connection that ends a statement with an error when the time of ``bounds`` is up.

    ``options`` are further parameters of the file's uri. Raises `sqlite3.Error`, also for a pipe, which SQLite
    would wait for.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise sqlite3.OperationalError(NOT_PLAIN)
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro{options}", uri=True, check_same_thread=False, isolation_level=None
    )
    connection.set_progress_handler(lambda: int(bounds.over), _STEPS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    # Functions that a file's own views and columns name do nothing but compute; memory has a lid for the process.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA hard_heap_limit = {_MEMORY}")
    return connection
