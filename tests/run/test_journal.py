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
    from pathlib import Path


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
        journal.write("intent", ["account:1"])
    room.clear()
    journal.write("intent", ["account:2"])
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
    """A disk that is done with its first piece of work when all threads wait for it."""

    def __init__(self, path: Path, refusal: OSError | None = None) -> None:
        self.path, self.refusal = path, refusal
        self.written: list[int] = []

    def sync(self, descriptor: int) -> None:
        lines = 0
        while not self.written and lines < THREADS:
            lines = len(self.path.read_bytes().splitlines())
        self.written.append(len(self.path.read_bytes().splitlines()))
        if self.refusal is not None and len(self.written) == 1:
            raise self.refusal
        super().sync(descriptor)


THREADS = 4


def _sent(journal: Journal, number: int) -> str:
    try:
        journal.write("sent", [f"account:{number}"])
    except JournalError as error:
        return error.message
    return "on disk"


def test_threads_that_wait_for_the_disk_share_the_way(tmp_path: Path) -> None:
    """Two ways are enough for any number of lines that come while the first is made."""
    path = tmp_path / "journal.jsonl"
    machine = _Slow(path)
    with on(machine), ThreadPoolExecutor(THREADS) as pool:
        journal = Journal(path)
        assert list(pool.map(lambda n: _sent(journal, n), range(THREADS))) == ["on disk"] * THREADS
        assert machine.written == [THREADS, THREADS]
        journal.close()


def test_what_the_disk_refused_is_never_taken_for_written(tmp_path: Path) -> None:
    """A disk that is asked again after a fault may say that all is well: nobody's request leaves."""
    path = tmp_path / "journal.jsonl"
    machine = _Slow(path, OSError(errno.EIO, os.strerror(errno.EIO)))
    with on(machine), ThreadPoolExecutor(THREADS) as pool:
        journal = Journal(path)
        said = set(pool.map(lambda n: _sent(journal, n), range(THREADS)))
        assert said == {"the journal cannot be written (input/output error); nothing more is sent to Pleo"}
        assert len(machine.written) == 1
        journal.close()
