"""`doctor` of a database that machines share: what is wrong with it, with the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli


@pytest.fixture
def member(shared: str) -> Iterator[str]:
    """Somebody who is not the tables' owner; the url with that name."""
    name = f"member_{shared.rpartition('/')[2]}"
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN".encode())
    yield shared.replace("tests:", f"{name}:")
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


WRONG = [
    ("DROP SCHEMA pleoctl CASCADE", "owner", 78, "run `pleoctl fleet database upgrade`"),
    ("UPDATE pleoctl.layout SET number = 1", "owner", 78, "run `pleoctl fleet database upgrade`"),
    ("DROP TABLE pleoctl.journal", "owner", 78, "lacks pleoctl.journal (restore it from a backup; or"),
    ("SELECT", "member", 1, "GRANT USAGE ON SCHEMA pleoctl TO"),
    ("GRANT USAGE ON SCHEMA pleoctl TO {member}; GRANT SELECT ON pleoctl.layout TO {member}", "member", 1, "lacks DEL"),
    ("ALTER ROLE {member} SET default_transaction_read_only = on", "member", 1, "takes no writes (name the primary"),
]


@pytest.mark.parametrize(("statement", "asks", "code", "words"), WRONG)
def test_doctor_names_the_cure_for_a_database_that_will_not_do(
    folder: Path,
    shared: str,
    member: str,
    cli: Cli,
    pleo: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    asks: str,
    code: int,
    words: str,
) -> None:
    """Before a run needs it, and before Pleo is asked."""
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(statement.format(member=member.partition("//")[2].partition(":")[0]).encode())
    monkeypatch.setenv("STATE", member if asks == "member" else shared)
    asked = pleo.stats()["total"]
    said = cli("doctor")
    assert (said.code, words in said.stderr) == (code, True), said
    assert pleo.stats()["total"] == asked
    assert "s3cret" not in said.stderr


def test_doctor_tells_of_a_database_that_will_do(
    folder: Path, member: str, shared: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also to somebody with no more rights than it takes."""
    role = member.partition("//")[2].partition(":")[0]
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(
            f"GRANT USAGE ON SCHEMA pleoctl TO {role};"
            f" GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pleoctl TO {role};"
            f" REVOKE INSERT, UPDATE, DELETE ON pleoctl.layout FROM {role}".encode()
        )
    monkeypatch.setenv("STATE", member)
    said = cli("doctor", "--format", "json")
    assert (said.code, f"layout {LAYOUT}" in said.json["result"]["state"]) == (0, True)
    assert cli("apply", "plan.json").code == 0
    database(member).close()
