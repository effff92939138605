"""The journal's lines on a disk that fills up."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING

import pytest

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
