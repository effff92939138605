"""What the sandbox holds for the tests of this folder, and a client that speaks plain HTTP to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from export_books import JOB, Books, items
from pleoctl.sandbox import Sandbox, Seed
from sandbox_client import Client, SetClock

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = Seed(
    accounts=[
        {"externalId": "a-1", "code": "1000", "name": "Cash", "metadata": {"owner": {"id": 7}}},
        {
            "externalId": "a-2",
            "code": "2000",
            "name": "Överföring",
            "archived": True,
            "taxCodeExternalId": "V25",
        },
        {"externalId": "a-3", "name": "No code", "usedByCategory": True, "hasEntries": True},
        {
            "externalId": "a-4",
            "code": "2000",
            "name": "Contra",
            "usedByContra": True,
            "extra": {"kind": "asset"},
        },
    ],
    tag_groups=[
        {
            "code": "DEPT",
            "name": "Department",
            "metadata": {"made": "by hand"},
            "tags": [
                {"code": "ENG", "name": "Engineering", "usage": 3, "otherDimensionValues": ["x", "y"]},
                {"code": "eng", "name": "Twin", "archived": True, "createdAt": "2024-05-01T00:00:00Z"},
                {"code": "OPS", "name": "Operations"},
            ],
        },
        {"code": "DEPT", "name": "Duplicate", "archived": True},
        {"code": "PROJ", "name": "Project", "tags": [{"code": "P1"}]},
    ],
)


@pytest.fixture(scope="session")
def contents() -> Seed:
    """Records of every state, in which an account has metadata and a group a twin."""
    return SEED


@pytest.fixture
def clock() -> SetClock:
    """A clock at 0."""
    return SetClock()


@pytest.fixture
def client(pleo: Sandbox) -> Iterator[Client]:
    """A client of that server with all scopes."""
    made = Client(pleo)
    yield made
    made.session.close()


@pytest.fixture
def books(clock: SetClock) -> Iterator[Books]:
    """A company with one pending job of three items."""
    pleo = Sandbox(clock=clock)
    made = Books(pleo, clock)
    made.seeded({"id": JOB, "items": items(3)})
    yield made
    pleo.stop()
