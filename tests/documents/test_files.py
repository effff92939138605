"""Files that are whole or not there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.files import whole_file, write_atomically
from pleoctl.errors import NotWritten
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pathlib import Path


def test_a_process_that_dies_at_once_can_remove_what_is_half_written(tmp_path: Path) -> None:
    """Nothing is left in the folder, and a write that goes on all the same says that it came to nothing."""

    def dying() -> None:
        with whole_file(tmp_path / "file") as stream:
            stream.write(b"half")
            this_machine().remove_unfinished()
            assert list(tmp_path.iterdir()) == []

    with pytest.raises(NotWritten):
        dying()
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """With its permissions, and nothing beside it."""
    path = tmp_path / "file"
    write_atomically(path, b"old", mode=0o640)

    def failing() -> None:
        with whole_file(path) as stream:
            stream.write(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert ([*tmp_path.iterdir()], path.read_bytes()) == ([path], b"old")
    write_atomically(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
