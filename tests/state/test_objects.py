"""A company's lock in an object store: never two holders, whatever is lost, cut off or late."""

from __future__ import annotations

import json
import os
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from clocks import FakeTime
from object_server import MemoryStore, open_door, s3_environment
from pleoctl.errors import Interrupted, InvalidFile, LockHeld
from pleoctl.machine import Machine, on
from pleoctl.state import lease as leases
from pleoctl.state.base import StateLost
from pleoctl.state.lock import Holder
from pleoctl.state.objects.lock import Note, ObjectLease, ObjectLock, Taking, key_of
from pleoctl.state.objects.store import Objects
from pleoctl.state.opening import state_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from object_server import Door
    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli

URL = "s3://locks/pleoctl"
PATIENCE = 25.0


def who(name: str) -> Holder:
    """A holder on a host of this name."""
    return Holder("https://pleo.example", "c", "apply", 1, name, None, "2026-01-01T00:00:00+00:00")


def lock_of(store: Objects) -> ObjectLock:
    """The lock of one company."""
    return ObjectLock(store, "company", PATIENCE)


def lease_of(store: Objects, name: str) -> ObjectLease:
    """A lease that is not taken yet, and that nobody renews."""
    return ObjectLease(store, key_of("company"), Note("", 0, PATIENCE, who(name)))


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The door to a store of S3's shape."""
    with open_door(MemoryStore()) as made:
        for name, value in s3_environment(made):
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def store(door: Door) -> Objects:
    """The objects behind that door."""
    return Objects(URL)


@pytest.fixture
def time() -> Iterator[FakeTime]:
    """A machine whose clocks only waiting moves."""
    made = FakeTime()
    with on(made):
        yield made


def test_one_run_at_a_time(store: Objects, time: FakeTime) -> None:
    """Another sees with the next renewal that the holder lives, and is told who it is; a release frees it at once."""
    with lock_of(store).hold(who("one"), 0) as lease:

        def renew() -> None:
            assert lease.renew()
            time.later(leases.RENEW_SECONDS, renew)

        time.later(leases.RENEW_SECONDS, renew)
        begun = time.seconds
        with pytest.raises(LockHeld, match="on one"), lock_of(store).hold(who("two"), 0):
            pass
        assert time.seconds - begun <= leases.RENEW_SECONDS + 1
        with pytest.raises(LockHeld, match="on one"), lock_of(store).hold(who("two"), 90):
            pass
        assert 90 <= time.seconds - begun - leases.RENEW_SECONDS <= 92
        lease.check()
    begun = time.seconds
    with lock_of(store).hold(who("two"), 0):
        assert time.seconds == begun


def test_each_vendor_s_conditions_are_spoken(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's are generations: taken once, renewed, known again after a lost answer, given back."""
    monkeypatch.setenv("GOOGLE_BASE_URL", door.url)
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "s3cret-word")
    store = Objects("gs://locks/pleoctl")
    with lock_of(store).hold(who("one"), 0) as lease:
        assert not lease_of(store, "two").take(None)
        door.faults.append("after")
        assert lease.renew()
        lease.check()
    with lock_of(store).hold(who("two"), 0):
        pass


def test_who_waits_for_a_lock_hears_that_it_shall_stop(store: Objects, time: FakeTime) -> None:
    """Of one that lives as of one that was killed."""
    stop = threading.Event()
    stop.set()
    begun = time.monotonic()
    with lock_of(store).hold(who("one"), 0), pytest.raises(Interrupted), lock_of(store).hold(who("two"), 90, stop):
        pass
    assert time.monotonic() - begun <= 1


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_killed_run_is_waited_out(store: Objects, caplog: pytest.LogCaptureFixture, hours: int) -> None:
    """30 s and one request's deadline by the waiting one's clock, whatever any machine takes for the time of day."""

    class Elsewhere(FakeTime):
        def time(self) -> float:
            return self.seconds + hours * 3600

    with on(FakeTime()):
        assert lease_of(store, "dead").take(None)
    time = Elsewhere()
    with on(time):
        begun = time.monotonic()
        with lock_of(store).hold(who("next"), 0) as lease:
            assert 55 < time.monotonic() - begun < 57
            lease.check()
    assert "cut off" in caplog.text


def test_a_holder_that_slept_sends_nothing_more(store: Objects, time: FakeTime) -> None:
    """From 20 s after its last renewal on; and it learns with the next one that another has taken the lock."""
    lease = lease_of(store, "asleep")
    assert lease.take(None)
    time.sleep(19.9)
    lease.check()
    time.sleep(0.2)
    with pytest.raises(StateLost, match="could not be renewed for 20 s"):
        lease.check()
    with lock_of(store).hold(who("next"), 0) as taken:
        assert not lease.renew()
        lease.release()
        assert taken.renew()


def test_a_renewal_that_is_refused_ends_the_lease(store: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that renews says so before the next write."""
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.1)
    with lock_of(store).hold(who("one"), 0) as lease:
        other = lease_of(store, "two")
        assert any(other.take(other.look()) for _ in range(1000))
        for thread in threading.enumerate():
            if thread.name == "pleoctl-lease":
                thread.join(timeout=20)
        with pytest.raises(StateLost, match="another run has taken it; nothing more is sent"):
            lease.check()
    found = other.look()
    assert found is not None
    assert found.note.holder == who("two")


FAULTS = [["before"], ["after"] * 3, ["after"] * 7, ["before", "after"] * 4]


@pytest.mark.parametrize("faults", FAULTS, ids="-".join)
def test_lost_answers_make_no_second_holder(store: Objects, door: Door, faults: list[str], time: FakeTime) -> None:
    """Whether a write was carried out or not: who takes, renews or releases knows its own again by its token."""
    stack = ExitStack()
    door.faults.extend(faults)
    lease = stack.enter_context(lock_of(store).hold(who("one"), 0))
    door.faults.clear()
    rival = lease_of(store, "two")
    assert not rival.take(None)
    door.faults.extend(faults)
    with suppress(StateLost):
        assert lease.renew()
    door.faults.clear()
    assert lease.renew()
    lease.check()
    door.faults.extend(faults)
    stack.close()
    door.faults.clear()
    Taking(rival, 0).go()
    assert not lease.renew()


def test_an_unreachable_store_is_a_sentence(store: Objects, door: Door) -> None:
    """Once the lock cannot be had, nothing is left of it, and no word of a key is said."""
    door.shut = True
    with pytest.raises(StateLost, match="s3://locks/pleoctl cannot be used: it went away") as caught:
        lease_of(store, "one").look()
    assert "s3cret" not in str(caught.value.findings)


def test_a_store_that_knows_no_conditions_is_refused(store: Objects, door: Door) -> None:
    """There no lock would be held."""
    door.memory.obeys = False
    with (
        pytest.raises(InvalidFile, match="writes although its condition does not hold"),
        lock_of(store).hold(who("x"), 0),
    ):
        pass


@pytest.mark.parametrize(
    "url", ["s3://", "s3://B", "s3://key:word@bucket/x", "s3://bucket/x?endpoint=http://e", "gs://b:1/x"]
)
def test_a_url_names_bucket_and_prefix_alone(url: str) -> None:
    """Where the store is and who asks stands in the environment."""
    with pytest.raises(InvalidFile, match="bucket and prefix"):
        state_at(url)


def test_tokens_need_a_database(store: Objects) -> None:
    """An object store keeps the lock alone."""
    with pytest.raises(InvalidFile, match="tokens: state needs a database"):
        state_at(URL).vault("name")


def test_a_signature_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where it is part of every url."""
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:9/account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=2021-12-02&sig=s3cret-word")
    with pytest.raises(StateLost, match="it cannot be reached") as caught:
        Objects("az://locks").get("x")
    assert "s3cret" not in str(caught.value.findings) + repr(caught.value.__cause__)


def test_an_object_of_somebody_else_is_refused(store: Objects) -> None:
    """It is not taken for free, nor for held."""
    store.put(key_of("company"), b'{"token": 1}', None)
    with pytest.raises(InvalidFile, match="no lock of this version"), lock_of(store).hold(who("one"), 0):
        pass


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(door: Door, planned: Callable[[str], Path]) -> Path:
    """A workspace whose lock lies in an object store, with its plan."""
    return planned(f"s3://locks/{door.url.rpartition(':')[2]}")


class Losing(Machine):
    """Where so much time passes after so many writes to Pleo that the lock is lost; the store is gone by then."""

    def __init__(self, pleo: Sandbox, door: Door, after: int) -> None:
        """Counted from now on."""
        super().__init__()
        self._pleo, self._door, self._after = pleo, door, after
        self._before = pleo.stats()["writes"]

    def lasting(self) -> float:
        """Seconds."""
        taken = any(key.endswith(".json") for key in self._door.memory.objects)
        lost = taken and self._pleo.stats()["writes"] - self._before >= self._after
        self._door.shut = self._door.shut or lost
        return super().lasting() + 60 * lost


@pytest.mark.parametrize(("after", "code"), [(0, 1), (1, 5)])
def test_a_store_that_goes_away_stops_the_run(
    folder: Path, cli: Cli, pleo: Sandbox, door: Door, after: int, code: int
) -> None:
    """Before its next write: exit 5, or 1 with nothing written; the receipt says so, and the next run goes on."""
    writes = pleo.stats()["writes"]
    with on(Losing(pleo, door, after)):
        said = cli("apply", "plan.json", "--receipt", "r.json")
    door.shut = False
    receipt = json.loads((folder / "r.json").read_text())
    assert (said.code, pleo.stats()["writes"] - writes) == (code, after), said
    assert {finding["code"] for finding in receipt["findings"]} == {"state-lost"}
    door.memory.objects.clear()
    assert cli("apply", "plan.json").code == 0
    assert cli("log", "verify").code == 0


def test_doctor_tries_the_store(folder: Path, cli: Cli, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it can be reached, and that it keeps conditions; with the cure before Pleo is asked."""
    said = cli("doctor")
    assert (said.code, "conditional writes kept" in said.stdout) == (0, True)
    door.memory.obeys = False
    monkeypatch.setenv("STATE", f"{os.environ['STATE']}/another")
    said = cli("doctor")
    assert (said.code, "use a store with conditional writes, or a PostgreSQL database" in said.stderr) == (78, True)
    monkeypatch.setenv("STATE", f"{os.environ['STATE']}/third")
    door.shut = True
    said = cli("doctor")
    assert (said.code, "it went away" in said.stderr, "AWS_" in said.stderr) == (1, True, True)


def test_tables_are_no_matter_of_an_object_store(folder: Path, cli: Cli) -> None:
    """The command that makes them says so."""
    said = cli("fleet", "database", "upgrade", "--workspace", ".")
    assert (said.code, "it has no tables" in said.stderr) == (78, True)
