"""Companies in processes of their own: the same ends, a deadline, a memory limit, an environment that is their own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pleoctl
from pleoctl.errors import PleoctlError
from pleoctl.machine import Machine, on, this_machine
from pleoctl.sandbox import Fault
from pleoctl.state.lock import FileLock, Holder

if TYPE_CHECKING:
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder


def confined() -> bool:
    """Whether the kernel lets a process give up rights."""
    if sys.platform != "linux":
        return False
    from py_landlock import LandlockError, get_abi_version

    try:
        return int(get_abi_version()) >= 6
    except LandlockError:
        return False


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator lets workspaces run programs."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")


def runs(fleet: FleetFolder, program: str) -> None:
    """Let the books of north be a program."""
    source = {"type": "exec", "accounts": {"command": ["python3", "-c", program]}}
    fleet["north"].write(source=source)


def test_a_process_comes_to_the_same_end(fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans with their ids, refusals with their words; python files of the checkout are files like any other."""
    monkeypatch.chdir(fleet.root)
    for name in ("msgspec.py", "json.py", "pleoctl.py"):
        (fleet.root / name).write_text("raise SystemExit(9)")
    fleet["north"].write(pleo={"url": fleet["north"].pleo.url, "auth": {"apiKey": "env:PLEO_FLEET_WEST__KEY"}})
    two = ["--select", "north", "--select", "south", "--format", "json"]
    threads = cli("fleet", "plan", *two).json["result"]["companies"]
    processes = cli("fleet", "plan", "--isolation", "process", *two).json["result"]["companies"]
    assert processes == threads


class Later(Machine):
    """A machine on which two hours have passed once a file is there."""

    def __init__(self, file: Path) -> None:
        """Nothing has passed yet."""
        super().__init__()
        self._file = file

    def monotonic(self) -> float:
        """The real time, and the hours."""
        return super().monotonic() + (7200.0 if self._file.exists() else 0.0)


def lives(process: int) -> bool:
    """Whether a process goes on."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")
@pytest.mark.parametrize("code", [0, 5])
def test_what_a_program_leaves_behind_is_ended(fleet: FleetFolder, cli: Cli, code: int) -> None:
    """Also in a session of its own whose parent has ended: when the run ends, and when its time is over."""
    fleet.write(isolation="process", concurrency=1)
    printing = "> /dev/null" if code == 0 else ""  # the run waits for whoever may print a row
    strays = (
        f"setsid sleep 600 {printing} & echo $! > stray; setsid sh -c 'sleep 600 & echo $! > f; mv f far' {printing}"
    )
    row = json.dumps({"externalId": "a0", "code": "0", "name": "N0"})
    runs(fleet, f"import subprocess; subprocess.run(['sh', '-c', {strays!r}]); print({row!r})")
    with on(Later(fleet["north"].folder / "far") if code else this_machine()):
        assert cli("fleet", "sync", "--select", "north").code == code
    left = [int((fleet["north"].folder / name).read_text()) for name in ("stray", "far")]
    assert [lives(one) for one in left] == [False, False]


def test_a_company_that_does_not_end_is_ended(fleet: FleetFolder, cli: Cli) -> None:
    """Its run may have written, so it is partial; another has its turn then, though there is but one turn at a time."""
    fleet.write(isolation="process", deadlineSeconds=3600, concurrency=1)
    deaf = "import signal, subprocess; signal.signal(15, signal.SIG_IGN)"
    runs(fleet, f"{deaf}; open('hangs', 'w').close(); subprocess.run(['sleep', '600'])")
    with on(Later(fleet["north"].folder / "hangs")):
        said = cli("fleet", "sync", "--select", "north", "--select", "west", "--format", "json")
    assert said.code == 5
    assert [one["outcome"] for one in said.json["result"]["companies"]] == ["partial", "done"]
    assert "did not end within 3600 s" in said.json["result"]["companies"][0]["error"]["message"]


def test_a_company_gets_no_more_memory_than_it_may_have(fleet: FleetFolder, cli: Cli) -> None:
    """Its programs neither."""
    fleet.write(isolation="process", memoryMiB=512)
    runs(fleet, "bytearray(2 << 30)")
    said = cli("fleet", "sync", "--select", "north", "--format", "json")
    assert (said.code, said.json["result"]["companies"][0]["error"]["code"]) == (1, "source")


REACH = """
import json, os, pathlib, signal
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "reached"
pathlib.Path("names.txt").write_text(str(dict(os.environ)))
worker = int(pathlib.Path(f"/proc/{os.getppid()}/stat").read_text().split()[3])
pathlib.Path("seen.json").write_text(json.dumps({
    "own": tried(lambda: pathlib.Path("accounts.csv").read_text()),
    "read": tried(lambda: pathlib.Path("../south/accounts.csv").read_text()),
    "write": tried(lambda: pathlib.Path("../south/accounts.csv").write_text("")),
    "list": tried(lambda: os.listdir("../west")),
    "receipts": tried(lambda: os.listdir("../../.pleoctl/fleet")),
    "history": tried(lambda: pathlib.Path("../../elsewhere/HEAD").read_text()),
    "fleet": tried(lambda: open("../../fleet.yaml", "a")),
    "trust": tried(lambda: open(TRUST, "a")),
    "pleoctl": tried(lambda: open(PLEOCTL, "a")),
    "signal": tried(lambda: os.kill(worker, 0)),
    "environment": tried(lambda: open(f"/proc/{worker}/environ").read()),
    "own environment": tried(lambda: open(f"/proc/{os.getppid()}/environ").read()),
}))
"""


def test_a_company_reaches_no_other(fleet: FleetFolder, cli: Cli) -> None:
    """Neither others' names and files, nor what fleet and git keep, nor the process and program that all share."""
    cli("fleet", "drift", "--select", "south")
    git = fleet.root / "elsewhere" / "worktrees" / "fleet"
    git.mkdir(parents=True)
    (git / "commondir").write_text("../..\n")
    (git.parent.parent / "HEAD").write_text("ref: refs/heads/main")
    (fleet.root / ".git").write_text(f"gitdir: {git}\n")
    trust = this_machine().config_folder() / "trusted-hosts"
    trust.parent.mkdir(parents=True, exist_ok=True)
    runs(fleet, f"TRUST, PLEOCTL = {str(trust)!r}, {pleoctl.__file__!r}\n{REACH}")
    said = cli("fleet", "sync", "--isolation", "process", "--select", "north")
    names = fleet["north"].folder / "names.txt"
    assert names.exists(), said
    assert "PATH" in names.read_text()
    assert "PLEO_FLEET" not in names.read_text()
    if not confined():
        pytest.skip("the kernel has no Landlock")
    seen = json.loads((fleet["north"].folder / "seen.json").read_text())
    assert seen.pop("own") == "reached"
    assert set(seen.values()) == {"PermissionError"}, seen


def test_plans_of_processes_are_saved_and_carried_out(fleet: FleetFolder, cli: Cli) -> None:
    """Where the fleet's plans lie, though no company can look there; a plan that was changed is refused."""
    two = ["--select", "south", "--select", "west"]
    assert cli("fleet", "plan", "--isolation", "process", "-o", "plans", *two).code == 0
    assert len(list((fleet.root / "plans").glob("*.plan.json"))) == 2
    edited = fleet.root / "plans" / f"{fleet['west'].pleo.company}.plan.json"
    edited.write_text(edited.read_text().replace("N0", "N9"))
    said = cli("fleet", "apply", "plans", "--isolation", "process", "--format", "json")
    assert [one["outcome"] for one in said.json["result"]["companies"]] == ["done", "failed"]
    assert fleet["south"].accounts == ["N0"]


def test_a_user_without_a_home(fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as a bare number: there are no settings to keep from programs."""

    def homeless(_machine: Machine) -> Path:
        raise PleoctlError("this user has no home folder for settings")

    monkeypatch.setattr(Machine, "config_folder", homeless)
    assert cli("fleet", "plan", "--isolation", "process", "--select", "south").code == 0


def test_a_child_that_is_left_alone_ends(fleet: FleetFolder) -> None:
    """Its parent was killed: its writes in flight come to their end, and its lock is free for whoever comes."""
    fleet["north"].pleo.add_fault(Fault(kind="status", status=503, retry_after=30))
    os.mkfifo(fleet["north"].folder / "begun")
    runs(fleet, 'open(\'begun\', \'w\').write(\'x\'); print(\'[{"externalId": "a0", "code": "0", "name": "N0"}]\')')
    begun = os.open(fleet["north"].folder / "begun", os.O_RDONLY | os.O_NONBLOCK)
    command = [sys.executable, "-m", "pleoctl", "fleet", "sync", "--isolation", "process", "--select", "north"]
    with subprocess.Popen(command, cwd=fleet.root, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as parent:
        assert select.select([begun], [], [], 30)[0]
        parent.kill()
    os.close(begun)
    url, company = fleet["north"].pleo.url, fleet["north"].pleo.company
    with FileLock(url, company).hold(Holder.me(url, company, "apply"), 25):
        pass


_RACE = """
import os, sys
from pathlib import Path
from pleoctl.fleet.confine import confine
hidden, passing = map(Path, sys.argv[1:])
opened = os.open
def late(path, flags, *more, **options):
    if flags & os.O_PATH:
        passing.unlink(missing_ok=True)
    return opened(path, flags, *more, **options)
os.open = late
print(confine([str(hidden)]))
print((hidden / "secret").read_text())
"""


def test_files_that_others_take_away_meanwhile_keep_nobody_from_being_confined(tmp_path: Path) -> None:
    """What stands beside the way to a hidden place may vanish between the look and the rule."""
    if not confined():
        pytest.skip("the kernel has no Landlock")
    hidden, passing = tmp_path / "hidden", tmp_path / "passing"
    hidden.mkdir()
    (hidden / "secret").write_text("secret")
    passing.touch()
    command = [sys.executable, "-c", _RACE, str(hidden), str(passing)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, "PermissionError" in done.stderr, passing.exists()) == ("True\n", True, False)


_FULL = """
import sys
from py_landlock import Landlock, get_abi_version
from py_landlock.abi import get_supported_fs
from pleoctl.__main__ import main
whole = get_supported_fs(get_abi_version())
for _ in range(16):
    Landlock(strict=False).allow_all_network().allow_all_scope().add_path_rule("/", access=whole).apply()
sys.argv[:] = ["pleoctl", "fleet", "plan", "--isolation", "process", "--select", "north", "--format", "json"]
main()
"""


def test_a_process_that_cannot_be_confined_does_nothing(fleet: FleetFolder) -> None:
    """The kernel takes 16 layers of rules, and these are used up: the company says so, and Pleo is not asked."""
    if not confined():
        pytest.skip("the kernel has no Landlock")
    done = subprocess.run([sys.executable, "-c", _FULL], cwd=fleet.root, capture_output=True, check=False, timeout=60)
    (north,) = json.loads(done.stdout)["result"]["companies"]
    assert (north["exitCode"], north["error"]["code"]) == (1, "not-confined")
    assert "could not be kept from other companies" in north["error"]["message"]
    assert fleet["north"].pleo.stats()["log"] == []


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_system_without_landlock_is_told(
    isolation: str, fleet: FleetFolder, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all companies, whose runs go on; of threads nothing of the kind is promised."""
    from py_landlock import LandlockDisabledError

    def none() -> int:
        raise LandlockDisabledError

    monkeypatch.setattr("py_landlock.get_abi_version", none)
    said = cli("fleet", "plan", "--isolation", isolation, "--select", "south")
    assert said.code == 0
    assert said.stderr.count("has no Landlock") == (isolation == "process")
