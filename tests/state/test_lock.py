"""The lock: one for a server and a company by meaning, told in a sentence where there is none to be had."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import Interrupted, LockHeld, PleoctlError
from pleoctl.machine import Machine, on
from pleoctl.state.lock import FileLock, Holder, is_held, lock_path, note_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import MakeWorkspace, Said

COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
URL = "http://127.0.0.1:8080"


def hold(url: str, timeout: float = 0, company: str = COMPANY) -> AbstractContextManager[object]:
    """A lock of the running process."""
    return FileLock(url, company).hold(Holder.me(url, company, "apply"), timeout)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (URL, "http://localhost:8080"),
        (URL, "http://[::1]:8080"),
        (URL, "http://LocalHost:8080/"),
        ("https://external.pleo.io", "https://external.pleo.io:443"),
        ("https://external.pleo.io", "https://EXTERNAL.pleo.io/"),
    ],
)
def test_one_server_has_one_lock(one: str, other: str) -> None:
    """However it is spelt; the holder is named, and afterwards the lock is free."""
    with hold(one), pytest.raises(LockHeld, match="apply \\(pid"), hold(other):
        pass
    with hold(other):
        pass


def test_who_waits_for_a_lock_hears_that_it_shall_stop() -> None:
    """At once, and not when the wait is over."""
    stop = threading.Event()
    stop.set()
    with (
        hold(URL),
        pytest.raises(Interrupted),
        FileLock(URL, COMPANY).hold(Holder.me(URL, COMPANY, "apply"), 600, stop),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "company"),
    [("http://127.0.0.1:8081", COMPANY), (URL, COMPANY.replace("1", "2")), ("https://external.pleo.io", COMPANY)],
)
def test_other_servers_and_companies_have_others(url: str, company: str) -> None:
    """Nobody waits for what has nothing to do with it."""
    with hold(URL), hold(url, company=company):
        pass


def test_an_apply_waits_for_no_other_spelling(
    pleo: Sandbox, workspace: MakeWorkspace, cli: Callable[..., Said], desired: Callable[..., Path]
) -> None:
    """While a run writes to localhost, one that says 127.0.0.1 ends with 6 and asks nothing."""
    desired(workspace(pleo), accounts=[])
    pleo.world.statistics.reset()
    with hold(pleo.url.replace("127.0.0.1", "localhost"), company=pleo.company):
        assert cli("sync").code == 6
    assert pleo.stats()["total"] == 0


def test_a_note_that_cannot_be_written_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It only tells people who holds the lock; and it goes when the run fails."""
    with suppress(KeyError), hold(URL):
        assert note_path(lock_path(URL, COMPANY)).exists()
        raise KeyError
    assert not note_path(lock_path(URL, COMPANY)).exists()

    def full(*_arguments: object, **_options: object) -> None:
        raise PleoctlError("no space left")

    monkeypatch.setattr("pleoctl.state.lock.write_atomically", full)
    with hold(URL):
        assert is_held(lock_path(URL, COMPANY))


class _Waiting(Machine):
    """A machine on which time passes by sleeping alone."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


def test_a_long_wait_is_told_at_once(workspace: MakeWorkspace, cli: Callable[..., Said]) -> None:
    """With its length and the holder; one of a few seconds is not."""
    workspace()
    machine = _Waiting()
    with hold("http://127.0.0.1:9"), on(machine):
        said = cli("sync", "--lock-timeout", "60s")
        assert (said.code, said.stderr.count("waiting for the lock, at most 60 s: apply (pid")) == (6, 1)
        assert 60 <= machine.passed < 61
        assert "waiting" not in cli("sync", "--lock-timeout", "5s").stderr


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EIO])
def test_a_file_system_without_locks_is_told(
    number: int, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Said], workspace: MakeWorkspace
) -> None:
    """No run goes on without a lock, no old file counts as held, and the sentence names the variable."""
    workspace()
    with hold(URL):
        pass

    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    for command in (["lock", "list"], ["sync"]):
        said = cli(*command)
        assert said.code == 1
        assert "has no locks: " in said.stderr
        assert "PLEOCTL_STATE_DIR" in said.stderr
        assert said.stderr.count("\n") == 1


def test_the_lock_of_another_user_is_listed_as_that(
    monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Said], workspace: MakeWorkspace
) -> None:
    """What may not be opened is unknown, not held and no bug; held ones beside it are told as ever."""
    workspace()
    theirs = lock_path("https://other.pleo.io", COMPANY)
    theirs.parent.mkdir(parents=True, exist_ok=True)
    theirs.touch()
    real = os.open

    def guarded(path: Value, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if Path(path) == theirs:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", guarded)
    with hold(URL):
        said = cli("lock", "list")
        listed = cli("lock", "list", "--format", "json").json["result"]
    assert said.code == 0
    assert "unknown: another user's lock" in said.stdout
    assert {"file": theirs.name, "held": None} in listed
    assert [one["url"] for one in listed if "url" in one] == [URL]
    with pytest.raises(PleoctlError, match="cannot be made"), hold("https://other.pleo.io"):
        pass


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nobody who shares the folder can make us lock, or make, a file elsewhere."""
    path = lock_path(URL, COMPANY)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PleoctlError, match="cannot be made"), hold(URL):
        pass
    assert not (tmp_path / "elsewhere").exists()
