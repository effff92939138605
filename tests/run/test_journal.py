"""The journal's lines on a disk that fills up."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pleoctl.machine import Machine, on
from pleoctl.run.journal import Journal, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapes import Value


def test_half_a_line_does_not_spoil_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a full disk cut off stands alone; what is written once there is room again can be read."""
    journal, write, room = Journal(tmp_path / "journal.jsonl"), os.write, [20]

    def full(descriptor: int, content: bytes) -> int:
        if not room:
            return write(descriptor, content)
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken, room[0] = room[0], 0
        return write(descriptor, content[:taken])

    monkeypatch.setattr("os.write", full)
    with pytest.raises(JournalError, match="no space left on device"):
        journal.write("sent", ["account:1"])
    room.clear()
    journal.write("sent", ["account:2"])
    journal.close()
    torn, whole = (tmp_path / "journal.jsonl").read_bytes().splitlines()
    assert len(torn) == 20
    assert json.loads(whole)["addresses"] == ["account:2"]


def test_closing_never_fails(tmp_path: Path) -> None:
    """What a run had to say is on disk line by line."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.close()
    journal.close()


class _Slow(Machine):
    """A disk that is done with its first piece of work when all threads have come."""

    def __init__(self, path: Path, refusal: OSError | None = None) -> None:
        self.path, self.refusal = path, refusal
        self.written: list[int] = []
        self.heard: list[Value] = []
        self.awaited = THREADS
        self.meanwhile: Callable[[], object] = lambda: None

    def sync(self, descriptor: int) -> None:
        while not self.written and len(self.heard) < self.awaited:
            pass
        self.written.append(len(self.path.read_bytes().splitlines()))
        if len(self.written) == 1:
            self.meanwhile()
            if self.refusal is not None:
                raise self.refusal
        super().sync(descriptor)


THREADS = 8


def _sent(journal: Journal, number: int) -> str:
    try:
        journal.write("sent", [f"account:{number}"])
    except JournalError as error:
        return error.message
    return "on disk"


def test_threads_that_wait_for_the_disk_share_the_way(tmp_path: Path) -> None:
    """A few ways are enough for any number of lines that come while the first is made."""
    path = tmp_path / "journal.jsonl"
    machine = _Slow(path)
    with on(machine), ThreadPoolExecutor(THREADS) as pool:
        journal = Journal(path, machine.heard.append)
        assert list(pool.map(lambda n: _sent(journal, n), range(THREADS))) == ["on disk"] * THREADS
        assert len(machine.written) <= 3
        assert machine.written[-1] == THREADS
        journal.close()
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == machine.heard


def test_what_the_disk_refused_is_never_taken_for_written(tmp_path: Path) -> None:
    """A disk that is asked again after a fault may say that all is well: nobody's request leaves."""
    path = tmp_path / "journal.jsonl"
    machine = _Slow(path, OSError(errno.EIO, os.strerror(errno.EIO)))
    with on(machine), ThreadPoolExecutor(THREADS) as pool:
        journal = Journal(path, machine.heard.append)
        said = set(pool.map(lambda n: _sent(journal, n), range(THREADS)))
        assert said == {"the journal cannot be written (input/output error); nothing more is sent to Pleo"}
        assert len(machine.written) == 1
        journal.close()


def _quick(folder: Path) -> tuple[_Slow, Journal]:
    """A machine whose disk waits for no threads, and a journal on it."""
    machine = _Slow(folder / "journal.jsonl")
    machine.awaited = 0
    return machine, Journal(machine.path, machine.heard.append)


def test_an_intent_reaches_the_file_with_what_follows(tmp_path: Path) -> None:
    """It is forced with its ``sent``; without one it is there when the journal is closed."""
    machine, journal = _quick(tmp_path)
    with on(machine):
        journal.write("intent", ["account:1"])
        journal.write("sent", ["account:1"])
        assert machine.written == [2]
        journal.write("confirmed", ["account:1"])
        journal.write("intent", ["account:2"])
        assert len(machine.path.read_bytes().splitlines()) == 3
        journal.close()
    assert [json.loads(line) for line in machine.path.read_bytes().splitlines()] == machine.heard


def test_an_end_that_comes_while_another_line_is_forced_waits_for_nobody(tmp_path: Path) -> None:
    """Whoever is on the way to the disk takes it along, before its own request leaves."""
    machine, journal = _quick(tmp_path)
    with on(machine):
        machine.meanwhile = lambda: journal.write("confirmed", ["account:2"])
        journal.write("sent", ["account:1"])
        assert [json.loads(line) for line in machine.path.read_bytes().splitlines()] == machine.heard
        assert machine.written == [1]
        journal.close()


def test_a_line_of_another_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes a line along says so where the disk is full, and sends nothing itself."""
    path = tmp_path / "journal.jsonl"
    machine, write = _Slow(path), os.write

    def full(descriptor: int, content: bytes) -> int:
        if b"account:2" in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content)

    monkeypatch.setattr("os.write", full)
    machine.awaited = 0
    with on(machine):
        journal = Journal(path)
        machine.meanwhile = lambda: journal.write("confirmed", ["account:2"])
        assert (
            _sent(journal, 1) == "the journal cannot be written (no space left on device); nothing more is sent to Pleo"
        )
        assert _sent(journal, 3) == "on disk"
        journal.close()
