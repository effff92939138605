"""A workspace folder that sources read files of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_books import Books

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """An empty workspace; programs may run."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    monkeypatch.setenv("THE_PLEO_KEY", "the-key-of-pleo")
    return Books(tmp_path)
