"""A transport that never sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clocks import FakeTime
from pleoctl.remote.auth import basic
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

from mocked_pleo import SECRET, URL


@pytest.fixture
def time() -> FakeTime:
    """A clock that only waiting moves."""
    return FakeTime()


@pytest.fixture
def http(time: FakeTime) -> Iterator[Transport]:
    """A transport to production that never sleeps."""
    made = Transport(Service(URL, "Pleo"), basic(SECRET, ""), Budget(None, machine=time))
    yield made
    made.close()
