"""Files that are whole or not there at all."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.files import lies_straight, whole_file, write_atomically
from pleoctl.errors import NotWritten
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli, MakeDesired, MakeWorkspace


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
        ("file/below", True),
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


def become_a_pipe(path: Path) -> None:
    """Whoever reads the file gets it from a pipe, once: a run that reads it against its promise does not hang here."""
    content = path.read_bytes()
    path.unlink()
    os.mkfifo(path)

    def write() -> None:
        with suppress(OSError):
            path.write_bytes(content)

    threading.Thread(target=write, daemon=True).start()


NAMED = {
    "key": ("plan", 78, "pleoctl.yaml:4:56: file:key: is a pipe or a device, not a file"),
    "desired-state.yaml": (
        "plan",
        78,
        "desired-state.yaml: is a pipe or a device, not a file (let it be a plain file)",
    ),
    "rules.yaml": ("mapping check", 78, "rules.yaml: is a pipe or a device, not a file"),
    "tests.yaml": ("mapping test tests.yaml", 0, ""),
    "vendors.csv": ("mapping check", 78, "vendors.csv: is a pipe or a device, not a file"),
    "accounts.csv": ("export", 1, "accounts.csv: is a pipe or a device, not a file (let it be a plain file)"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_pipe_is_read_only_where_somebody_gives_it(
    name: str, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, tmp_path: Path
) -> None:
    """One that a file names is refused before anybody waits for what it says; on the command line it is a file."""
    auth = {"apiKey": "file:key" if name == "key" else "env:PLEO_API_KEY"}
    source = {"type": "csv", "accounts": {"path": "accounts.csv"}}
    pleo = {"url": "http://127.0.0.1:9", "auth": auth}
    folder = workspace(None, pleo=pleo, source=source, mapping="mapping.yaml")
    desired(folder, accounts=[])
    (folder / "accounts.csv").write_text("externalId,name\n")
    (folder / "key").write_text("k")
    (folder / "vendors.csv").write_text("code,account\n")
    header = "apiVersion: pleoctl/v1\nkind: ExportMapping\n"
    (folder / "rules.yaml").write_text(f"{header}vendors: {{unmatched: fail, file: vendors.csv}}\n")
    (folder / "mapping.yaml").write_text(f"{header}include: [standard, rules.yaml]\n")
    test = "{name: t, given: {type: other, lines: [{amount: 1}]}, expect: {fails: validation_failure}}"
    (folder / "tests.yaml").write_text(f"{header}tests:\n- {test}\n")
    become_a_pipe(folder / name)
    command, code, words = NAMED[name]
    said = cli(*command.split())
    assert (said.code, words in said.stderr) == (code, True), said
