"""A PostgreSQL for the tests of what machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
def planned(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Makes a workspace with its state at a url, and a plan of three changes in two requests."""

    def make(url: str) -> Path:
        monkeypatch.setenv("STATE", url)
        made: Path = workspace(pleo, state="env:STATE")
        rows = [{"externalId": key, "code": key, "name": "N"} for key in ("ext-1000", "ext-2000", "new")]
        desired(made, accounts=rows)
        assert cli("plan", "-o", "plan.json").code == 0
        return made

    return make


@pytest.fixture
def folder(shared: str, planned: Callable[[str], Path]) -> Path:
    """A workspace whose state is shared, with its plan."""
    return planned(shared)
