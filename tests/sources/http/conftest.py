"""A fake accounting system per test, and a workspace that reads it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from fake_books import TOKEN, Books, FakeServer
from pleoctl.sources.http.presets import PRESETS, load_preset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server without an app yet."""
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """An empty workspace folder, the secrets of both sides, and no waiting between tries."""
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("BOOKS_TOKEN", TOKEN)
    monkeypatch.setenv("THE_PLEO_KEY", "the-key-of-pleo")
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    folder = tmp_path / "books"
    folder.mkdir()
    return Books(folder)


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret behind every variable that a preset names."""
    for name in PRESETS.names():
        for variable in re.findall(r"env:(\w+)", json.dumps(load_preset(name).source)):
            monkeypatch.setenv(variable, f"secret-of-{variable}")
