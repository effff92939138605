"""A transport that never sleeps, and an authorisation server with somebody who signs in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from auth_server import SECRET as CLIENT_SECRET
from auth_server import AuthServer, auth_server
from clocks import FakeTime
from pleoctl.remote.auth import basic
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from sign_ins import Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Cli, Said

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


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AuthServer]:
    """A running authorisation server with books behind it."""
    monkeypatch.setenv("BOOKS_SECRET", CLIENT_SECRET)
    with auth_server() as found:
        yield found


@pytest.fixture
def login(
    server: AuthServer, cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    """Signs the source in by pasting."""

    def sign_in(*arguments: str, **changed: str | None) -> Said:
        monkeypatch.setattr(sys, "stdin", Typed(server, capsys, **changed))
        return cli("login", "--target", "source", "--paste", *arguments)

    return sign_in
