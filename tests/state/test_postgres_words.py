"""What is told of a database that cannot be used: its own cure, and nothing of the url that is a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.machine import this_machine
from pleoctl.state.base import StateLost
from pleoctl.state.postgres.budget import PostgresWindow
from pleoctl.state.postgres.database import database

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

UNREADABLE = ["me:a s3cret@h/d", "me:s3cret%ZZ@h/d", "me:a@s3cret@h/d", "me:1/s3cret@h/d", "h/d?password=s3cret%ZZ"]


@pytest.mark.parametrize("rest", UNREADABLE)
def test_no_piece_of_an_unreadable_url_is_told(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, rest: str
) -> None:
    """A password that is not encoded as urls have it: exit 78 with the cure, though PostgreSQL would quote it."""
    monkeypatch.setenv("STATE", f"postgresql://{rest}")
    for command in (["apply", str(folder / "plan.json"), "--debug"], ["lock", "list"]):
        said = cli(*command)
        assert (said.code, "percent-encoded" in said.stderr, "s3cret" in said.stdout + said.stderr) == (78, True, False)
    assert "this machine" in cli("lock", "list").stdout


def test_each_failure_names_its_own_cure(shared: str) -> None:
    """A server that runs and refuses is not to be started."""
    for url, cure in (
        (f"{shared}none", "see its url"),
        (f"{shared}?sslmode=require", "see `sslmode`"),
        ("postgresql://127.0.0.1:9/d", "see that the database runs"),
        (f"{shared}?options=-cdefault_transaction_read_only%3Don", "name the primary"),
    ):
        with pytest.raises(StateLost) as caught:
            PostgresWindow(database(url), "x").take(1, this_machine())
        assert cure in str(caught.value.findings[0])
        database(url).close()
