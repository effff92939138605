"""Connections to the database of a shared state."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pleoctl.state.postgres import database as databases
from pleoctl.state.postgres.database import database

if TYPE_CHECKING:
    import pytest

    from shapes import Value


def test_threads_that_look_at_a_time_share_the_connections(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that looks first while another opens them waits for these, and opens none that nobody closes."""
    opened, begun = [], threading.Event()

    def also() -> None:
        begun.set()
        _count(shared)

    look = threading.Thread(target=also)

    def opening(_: Value) -> None:
        opened.append(threading.current_thread())
        if len(opened) == 1:
            look.start()
            begun.wait(5)

    monkeypatch.setattr(databases, "require_layout", opening)
    _count(shared)
    look.join()
    assert len(opened) == 1


def _count(url: str) -> None:
    with database(url).look() as connection:
        connection.execute("SELECT 1")
