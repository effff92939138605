"""The example passes the suite that every sink passes: `pip install -e . pytest && pytest`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from pleoctl_sink_sqlite import SCHEMA, SqliteSink

from pleoctl.testing.sinks import CHECKS, SinkCase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Step = Callable[[Path], object]

COMMIT = SqliteSink.commit


def prepare(folder: Path) -> None:
    """Empty books with two accounts."""
    (folder / "books.sqlite").unlink(missing_ok=True)
    run(SCHEMA)(folder)
    run("insert into account values ('6540'), ('1940')")(folder)


def run(script: str) -> Step:
    """A step that changes the books behind the sink's back."""

    def step(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "books.sqlite")) as books:
            books.executescript(script)

    return step


def lose(*, before: bool) -> Step:
    """The next commit fails, before or behind what it does."""

    def failing(books: sqlite3.Connection) -> None:
        SqliteSink.commit = staticmethod(COMMIT)  # type: ignore[method-assign]
        if not before:
            COMMIT(books)
        raise sqlite3.OperationalError("disk I/O error")

    def step(_folder: Path) -> None:
        SqliteSink.commit = staticmethod(failing)  # type: ignore[method-assign]

    return step


CASE = SinkCase(
    {"type": "sqlite", "path": "books.sqlite"},
    prepare=prepare,
    faults={
        "unreachable": lambda folder: (folder / "books.sqlite").unlink(),
        "refused": run("delete from account where code = '6540'"),
        "closed": run("insert into closed values ('2026-03-31')"),
        "lost before": lose(before=True),
        "lost after": lose(before=False),
    },
    tax_code="V25",
)


@pytest.mark.parametrize("name", CHECKS)
def test_conforms(name: str, tmp_path: Path) -> None:
    """Each check in an empty folder."""
    CHECKS[name](CASE, tmp_path)
