"""Two machines with one shared state and one accounting system: what one began the other ends, and knows of."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
import pytest

from api_books import ApiBooks, section
from job_outcomes import ALL, booked, outcomes
from pleoctl.pleo.export_jobs import ExportWriter
from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.layout import upgrade
from pleoctl.testing.machine import Death

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from export_pleo import World
    from job_outcomes import MakeBooks
    from postgres import Postgres
    from tests.conftest import Cli


@pytest.fixture
def shared(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The reference of a shared state."""
    url = server.create()
    with psycopg.connect(url, autocommit=True) as connection:
        upgrade(connection)
    monkeypatch.setenv("STATE", url)
    yield "env:STATE"
    database(url).close()


def other_machine(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on another machine, with a clone of the workspace and nothing else."""
    away = tmp_path_factory.mktemp("other")
    for name in ("pleoctl.yaml", "mapping.yaml"):
        shutil.copy(folder / name, away / name)
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(away / "state"))
    monkeypatch.chdir(away)
    return away


def test_what_one_machine_began_another_ends(
    world: World,
    api: ApiBooks,
    books: MakeBooks,
    cli: Cli,
    shared: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without `--take-over`, and into other books only where it is asked to."""

    def dies(*_: object) -> None:
        raise Death

    folder = books(section(api), state=shared)
    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(ExportWriter, "report", dies)
        cli("jobs", "run")
    assert Counter(voucher["reference"] for voucher in api.vouchers) == ALL
    away = other_machine(folder, tmp_path_factory, monkeypatch)
    named = (away / "pleoctl.yaml").read_text()
    (away / "pleoctl.yaml").write_text(
        "\n".join(
            'sink: {"type": "beancount", "path": "books"}' if line.startswith("sink:") else line
            for line in named.splitlines()
        )
    )
    made = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in made["changes"]] == ["refuse"] * 3
    assert "in-progress-elsewhere" not in {warned["code"] for warned in made["warnings"]}
    (away / "pleoctl.yaml").write_text(named)
    said = cli("jobs", "run")
    assert said.code == 0, said.stderr
    assert len(api.vouchers) == len(ALL)
    assert outcomes(world) == {item: ["successful"] for item in ALL}
    assert (world.events, booked(away)) == (["started", "completed"], {})
