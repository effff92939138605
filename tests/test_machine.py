"""The machine: what a run takes from it, and how it is replaced."""

from __future__ import annotations

import pwd
import sys
import threading
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import PleoctlError, Refused
from pleoctl.machine import Machine, ProgramError, connection_name, on, this_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MakeWorkspace, Said


class _At(Machine):
    """A machine whose clock stands still."""

    def time(self) -> float:
        return 1_700_000_000.5


def test_a_double_decides_for_everything_that_runs_on_it() -> None:
    """Inside `on` the double's clock is the clock; afterwards the real machine is back."""
    before = this_machine()
    with on(_At()):
        assert this_machine().now() == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)
    assert this_machine() is before


_KNOWN: ContextVar[int] = ContextVar("known", default=0)


def test_parts_are_taken_side_by_side_and_know_what_their_caller_knew() -> None:
    """As many threads as said wait for one another; results come in order; what a part sets is known to it alone."""
    together = threading.Barrier(3, timeout=30)

    def part(number: int) -> tuple[int, int]:
        if number < 3:
            together.wait()
        known = _KNOWN.get()
        _KNOWN.set(known + 1)
        return number, known

    _KNOWN.set(7)
    with this_machine().pool(3) as pool:
        assert pool.map(part, range(40)) == [(number, 7) for number in range(40)]
        assert pool.map(part, []) == []


def test_after_an_error_no_further_part_is_begun() -> None:
    """The error reaches the caller once what was begun is over."""
    begun: list[int] = []

    def part(number: int) -> None:
        begun.append(number)
        raise IndexError(number)

    with this_machine().pool(1) as pool, pytest.raises(IndexError):
        pool.map(part, range(9))
    assert begun == [0]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without HOME and without an entry in passwd, as in a container that runs as a bare number."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    for name in ("PLEOCTL_STATE_DIR", "HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_is_told_the_variable_to_set() -> None:
    """No folder named `~` is made; the error names PLEOCTL_STATE_DIR."""
    with pytest.raises(PleoctlError) as raised:
        this_machine().state_folder()
    assert "PLEOCTL_STATE_DIR" in str(raised.value.findings[0].hint)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("command", [["lock", "list"], ["lock", "release"], ["doctor"], ["plan"], ["sync"]])
def test_every_command_tells_a_missing_home_in_a_sentence(
    command: list[str], workspace: MakeWorkspace, cli: Callable[..., Said], tmp_path: Path
) -> None:
    """Exit 1 and the fix, never a bug message."""
    folder = workspace()
    (folder / "desired-state.yaml").write_text("apiVersion: pleoctl/v1\nkind: DesiredState\naccounts: []\n")
    said = cli(*command)
    assert said.code == 1
    assert "set PLEOCTL_STATE_DIR" in said.stderr
    assert "bug" not in said.stderr
    assert not (tmp_path / "~").exists()


def test_names_of_connections_differ_by_host_and_company() -> None:
    """The path and the case of the host do not matter, the company does."""
    one = connection_name("https://A.example/x", "c1")
    assert one == connection_name("https://a.example", "c1")
    assert one != connection_name("https://a.example", "c2")


def test_a_program_tells_its_code_and_its_words() -> None:
    """And one that hangs, or is not there, is an error of the machine."""
    machine = this_machine()
    assert machine.program([sys.executable, "-c", "print('x'); exit(3)"], 30) == (3, b"x\n")
    with pytest.raises(ProgramError, match="did not end within"):
        machine.program([sys.executable, "-c", "import time; time.sleep(60)"], 0.05)
    with pytest.raises(FileNotFoundError):
        machine.program(["no-such-program"], 1)


@pytest.mark.parametrize("rest", ["objects", "commondir"])
@pytest.mark.parametrize("link", [False, True])
def test_files_that_pose_as_a_repository_are_not_shown_to_git(rest: str, tmp_path: Path, *, link: bool) -> None:
    """Whichever way git would take them for one: their configuration names programs to run."""
    folder = tmp_path / "posing" / "books"
    folder.mkdir(parents=True)
    head = tmp_path / "posing" / "HEAD"
    head.symlink_to("refs/heads/none") if link else head.write_text("ref: refs/heads/none\n")
    (tmp_path / "posing" / rest).mkdir()
    with pytest.raises(Refused, match="looks like a git repository of its own"):
        this_machine().git(["status"], 30, folder)
    (folder / ".git").mkdir()  # a checkout's own comes first
    assert this_machine().git(["--version"], 30, folder).code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who was started by whom")
def test_a_program_that_is_ended_takes_along_what_it_has_started(tmp_path: Path) -> None:
    """All are asked first, so that a terminal gets its echo back; who does not hear ends all the same."""
    told, asked = tmp_path / "pid", tmp_path / "asked"
    deaf = f"(trap '' TERM; exec sleep 600) & echo $! > {told}"
    with pytest.raises(ProgramError, match="printed more than"):
        this_machine().program(["sh", "-c", f"trap 'echo > {asked}' TERM; {deaf}; yes; wait"], 60, most=1000)
    assert asked.exists()
    with suppress(OSError):  # it is dead; whoever adopts orphans may not have looked yet
        stat = Path("/proc", told.read_text().strip(), "stat").read_bytes()
        assert stat.rpartition(b")")[2].split()[0] == b"Z"
