"""Files that are whole or not there at all."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.files import lies_straight, whole_file, write_atomically
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


def test_an_error_in_the_middle_leaves_the_old_file(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """With its permissions, whatever the umask takes away from new ones, and nothing beside it."""
    path = tmp_path / "file"
    write_atomically(path, b"old", mode=0o640)
    request.addfinalizer(partial(os.umask, os.umask(0o077)))

    def failing() -> None:
        with whole_file(path) as stream:
            stream.write(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert ([*tmp_path.iterdir()], path.read_bytes()) == ([path], b"old")
    write_atomically(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)


@pytest.mark.parametrize(
    ("name", "straight"),
    [
        ("file", True),
        ("in/file", True),
        ("in/new/file", True),
        (".", True),
        ("link", False),
        ("out/file", False),
        ("in/up/x", False),
        ("loop", False),
        ("in/../file", False),
        ("new/../../vault", False),
        ("../vault", False),
        ("/vault", False),
        ("file/below", False),
        ("null\0", False),
    ],
)
def test_what_lies_straight_below_a_folder_lies_in_it(tmp_path: Path, name: str, straight: bool) -> None:
    """Neither a link nor ``..`` may be on the way; the folder itself may be a link."""
    (tmp_path / "home" / "in").mkdir(parents=True)
    home = tmp_path / "here"
    home.symlink_to(tmp_path / "home")
    (home / "file").touch()
    for link, target in (("link", "file"), ("out", tmp_path), ("in/up", ".."), ("loop", "loop")):
        (home / link).symlink_to(target)
    assert lies_straight(home / name, home) is straight
    if straight:
        assert (home / name).resolve().is_relative_to(home.resolve())
