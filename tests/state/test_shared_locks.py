"""`lock list` and `lock release` where machines share a state, in a database and in an object store."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Protocol

import psycopg
import pytest
from psycopg.types.json import Jsonb

from clocks import FakeTime
from object_server import MemoryStore, open_door, s3_environment
from pleoctl.machine import connection_name, on
from pleoctl.state.lock import FileLock, Holder
from pleoctl.state.objects.lock import Note, ObjectLease, key_of
from pleoctl.state.objects.store import Objects
from pleoctl.state.postgres.database import database
from pleoctl.state.postgres.lock import PostgresLock
from pleoctl.state.postgres.runs import PostgresRuns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from shapes import Value
    from tests.conftest import Cli, MakeWorkspace

COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
SERVER = "http://127.0.0.1:9"
NAME = connection_name(SERVER, COMPANY)
THEM = Holder(SERVER, COMPANY, "apply", 7, "elsewhere", "https://ci.example/1", "2026-01-01T00:00:00+00:00")


class Shared(Protocol):
    """A shared state, and what another machine does there."""

    status: str
    url: str

    def cut_off(self) -> None:
        """Take the lock and end without a word, a while ago."""

    def living(self) -> AbstractContextManager[object]:
        """Hold it for the block."""


class InDatabase:
    """A database."""

    status = "cutOff"

    def __init__(self, url: str) -> None:
        """With its tables."""
        self.url = url

    def cut_off(self) -> None:
        """See `Shared.cut_off`."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO pleoctl.lease SELECT %s, to_jsonb(h), 't', now() - interval '25 s', 100"
                " FROM jsonb_to_record(%s) AS h(url text, company text, command text, pid int, host text, run text,"
                " since text)",
                [NAME, Jsonb({name: getattr(THEM, name) for name in THEM.__slots__})],
            )

    def living(self) -> AbstractContextManager[object]:
        """See `Shared.living`."""
        return PostgresLock(database(self.url), NAME, 100.0).hold(THEM, 0)


class InObjects:
    """An object store; its locks are watched in a time that passes at once."""

    status = "unknown"

    def __init__(self, url: str, time: FakeTime) -> None:
        """Reachable."""
        self.url, self._time = url, time

    def cut_off(self) -> None:
        """See `Shared.cut_off`."""
        assert self._lease().take(None)

    def living(self) -> AbstractContextManager[object]:
        """See `Shared.living`."""
        lease = self._lease()
        assert lease.take(None)

        def renew() -> None:
            lease.renew()
            self._time.later(10, renew)

        self._time.later(10, renew)
        return nullcontext()

    def _lease(self) -> ObjectLease:
        return ObjectLease(Objects(self.url), key_of(NAME), Note("", 0, 100.0, THEM))


@pytest.fixture(params=["database", "objects"])
def state(
    request: pytest.FixtureRequest, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Shared]:
    """A workspace whose state is shared."""
    made: Shared
    workspace(state="env:STATE")
    if request.param == "database":
        made = InDatabase(request.getfixturevalue("shared"))
        monkeypatch.setenv("STATE", made.url)
        yield made
        return
    with open_door(MemoryStore()) as door, on(time := FakeTime()):
        for name, value in s3_environment(door):
            monkeypatch.setenv(name, value)
        made = InObjects(f"s3://locks/{door.url.rpartition(':')[2]}", time)
        monkeypatch.setenv("STATE", made.url)
        yield made


def shared_rows(cli: Cli, *options: str) -> list[Value]:
    """What `lock list` tells of the shared state."""
    said = cli("lock", "list", "--format", "json", *options)
    assert said.code == 0
    return [row for row in said.json["result"] if row["lock"] == "shared"]


def test_who_holds_what_is_listed(state: Shared, cli: Cli) -> None:
    """Whatever machine they run on, beside this machine's own; with how long the next run would wait."""
    state.cut_off()
    with FileLock("http://127.0.0.1:8", COMPANY).hold(Holder.me("http://127.0.0.1:8", COMPANY, "sync"), 0):
        (row,) = shared_rows(cli)
        said = cli("lock", "list")
    assert (row["host"], row["since"], row["run"]) == (THEM.host, THEM.since, THEM.run)
    assert (row["status"], row["leaseSeconds"]) == (state.status, 130)
    assert [("elsewhere" in line, "this machine" in line) for line in said.stdout.splitlines()[-2:]] == [
        (False, True),
        (True, False),
    ]
    assert "cut off" in said.stdout


def test_a_release_is_asked_about_and_warned_of(state: Shared, cli: Cli) -> None:
    """Without a terminal only --yes does it (64); then the next run waits for nobody."""
    assert cli("lock", "release", "--yes").stdout == "nothing to release\n"
    state.cut_off()
    said = cli("lock", "release")
    assert (said.code, "may still be carried out" in said.stderr, "--yes" in said.stderr) == (64, True, True)
    assert len(shared_rows(cli)) == 1
    said = cli("lock", "release", "--yes", "--format", "json")
    assert (said.code, said.json["result"]["released"], said.json["result"]["holder"]["host"]) == (0, True, THEM.host)
    assert [finding["code"] for finding in said.json["findings"]] == ["lock-released"]
    assert shared_rows(cli) == []


def test_a_living_holder_keeps_its_lock(state: Shared, cli: Cli) -> None:
    """Exit 6, whoever says --yes."""
    with state.living():
        said = cli("lock", "release", "--yes")
        assert (said.code, "pid 7 on elsewhere" in said.stderr) == (6, True)
        assert len(shared_rows(cli)) == 1


def test_an_unreachable_state_hides_no_lock_of_this_machine(
    workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could be asked is told, what could not is an error."""
    workspace(state="env:STATE")
    monkeypatch.setenv("STATE", "postgresql://me:s3cret-word@127.0.0.1:9/none")
    with FileLock(SERVER, COMPANY).hold(Holder.me(SERVER, COMPANY, "sync"), 0):
        said = cli("lock", "list", "--format", "json")
    assert (said.code, [row["command"] for row in said.json["result"]]) == (1, ["sync"])
    assert [finding["code"] for finding in said.json["findings"]] == ["state-lost"]
    assert "s3cret" not in said.stdout + said.stderr


def test_a_fleet_s_database_is_asked_by_name(
    shared: str, workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its companies have no state of their own; their locks are listed and released all the same."""
    folder = workspace()
    (folder / "fleet.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: Fleet\ncompanies: [acme/pleoctl.yaml]\ndatabase: env:FLEET\n"
    )
    monkeypatch.setenv("FLEET", shared)
    InDatabase(shared).cut_off()
    assert shared_rows(cli) == []
    assert len(shared_rows(cli, "--fleet", "fleet.yaml")) == 1
    assert cli("lock", "release", "--yes", "--fleet", "fleet.yaml").stdout == "released\n"
    assert shared_rows(cli, "--fleet", "fleet.yaml") == []


def test_companies_whose_receipts_join_at_once_wait_for_one_another(shared: str) -> None:
    """Each holds its chain's note and keeps its receipt meanwhile: there is always a connection left for that."""
    many = 8
    together = threading.Barrier(many)

    def joined(number: int) -> dict[str, bool]:
        runs = PostgresRuns(database(shared), f"company {number}")
        with runs.note("chain"):
            with suppress(threading.BrokenBarrierError):
                together.wait(0.1)
            return runs.names()

    with ThreadPoolExecutor(many) as pool:
        assert list(pool.map(joined, range(many))) == [{}] * many
