"""A PostgreSQL for the tests of what machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres import Postgres


@pytest.fixture
def empty(server: Postgres) -> Iterator[str]:
    """The url of a database without tables."""
    url = server.create()
    yield url
    database(url).close()


@pytest.fixture
def shared(empty: str) -> str:
    """The url of a database with this version's tables."""
    with psycopg.connect(empty, autocommit=True) as connection:
        upgrade(connection)
    return empty
