"""Books on a server of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_books import TOKEN, Books, FakeServer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from trusted import ROWS


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server with one account."""
    fake = FakeServer()
    fake.app = lambda _call: Reply(ROWS)
    yield fake
    fake.close()


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """A workspace folder in a folder of its own, with both sides' secrets."""
    monkeypatch.setenv("BOOKS_TOKEN", TOKEN)
    monkeypatch.setenv("THE_PLEO_KEY", "the-key-of-pleo")
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    (tmp_path / "books").mkdir()
    return Books(tmp_path / "books")
