"""Where a fleet keeps how its companies' last runs ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.fleet.book import Book, FileBook

if TYPE_CHECKING:
    from pleoctl.fleet.fleet import Fleet


def book_of(fleet: Fleet) -> Book:
    """Where the fleet keeps it. Raises `PleoctlError`."""
    if fleet.database is None:
        return FileBook(fleet.folder)
    from pleoctl.fleet.queue.book import DatabaseBook
    from pleoctl.state.postgres.database import database

    return DatabaseBook(database(fleet.database.reveal()), fleet.settings.name)
