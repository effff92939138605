"""A PostgreSQL for the tests of what machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from postgres import Postgres
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


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


@pytest.fixture
def folder(
    shared: str,
    pleo: Sandbox,
    workspace: MakeWorkspace,
    desired: MakeDesired,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A workspace whose state is shared, with a plan of three changes."""
    monkeypatch.setenv("STATE", shared)
    made: Path = workspace(pleo, state="env:STATE")
    rows = [{"externalId": key, "code": key, "name": "N"} for key in ("ext-1000", "ext-2000", "new")]
    desired(made, accounts=rows)
    assert cli("plan", "-o", "plan.json").code == 0
    return made
