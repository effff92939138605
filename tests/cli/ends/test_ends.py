"""Standard streams, output files and signals: whatever becomes of them, a run ends as what it is.

Each run is a process of its own below bash, as people and CI jobs start it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Fault
from renames import NUMBER, code_of, item, renamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import Cli

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs bash and /dev/full")


def receipt(folder: Path) -> Value:
    """The one receipt of the workspace."""
    (found,) = folder.glob(".pleoctl/runs/*/receipt.json")
    return json.loads(found.read_text())


STREAMS = {
    "the reader of both goes away": ("2>&1 | head -1", 0),
    "nobody reads both": ("2>&1 | true", 0),
    "nobody reads the data": ("| true", 0),
    "the reader of stderr goes away": ("2> >(head -n1)", 0),
    "full disk behind stderr": ("2>/dev/full", 0),
    "no stderr": ("2>&-", 0),
    "full disk behind stdout": (">/dev/full", 1),
    "full disk behind both": (">/dev/full 2>&1", 1),
    "no stdout": (">&-", 1),
    "nothing at all": ("<&- >&- 2>&-", 1),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.usefixtures("plan")
def test_a_run_is_whole_whatever_becomes_of_its_streams(name: str, folder: Path, pleo: Sandbox) -> None:
    """All is written, the receipt says so, and only data that could not be written is an error."""
    redirection, code = STREAMS[name]
    assert code_of(f"pleoctl apply plan.json {redirection}") == code
    assert renamed(pleo) == NUMBER
    assert receipt(folder)["outcome"] == "done"


@pytest.mark.usefixtures("folder")
def test_a_sync_is_whole_without_a_reader(pleo: Sandbox) -> None:
    """With the export and the plan before it."""
    assert code_of("pleoctl sync 2>&1 | head -1") == 0
    assert renamed(pleo) == NUMBER


@pytest.mark.usefixtures("plan")
def test_a_refusal_stays_a_refusal_behind_a_pipe() -> None:
    """Exit 3, whoever reads."""
    assert code_of("pleoctl apply plan.json --expect-id sha256:wrong 2>&1 | true") == 3
    assert code_of("pleoctl apply plan.json --expect-id sha256:wrong >/dev/full 2>&1") == 3


@pytest.mark.usefixtures("plan")
def test_a_partial_run_stays_partial_behind_a_pipe(pleo: Sandbox) -> None:
    """Exit 5, whoever reads."""
    pleo.add_fault(Fault(kind="status", status=400, method="PUT", nth=1))
    assert code_of("pleoctl apply plan.json 2>&1 | true") == 5


def test_failed_items_stay_failed_behind_a_pipe(folder: Path) -> None:
    """`map` counts to the end although nobody reads the entries, and 5 is told over a full disk."""
    (folder / "items.json").write_text(json.dumps([item(1), item(2, None)]))
    for redirection in ("2>&1 | true", ">/dev/full", "-o /dev/full", "-o >(true)"):
        assert code_of(f"pleoctl map items.json {redirection}") == 5, redirection


def test_items_are_read_to_their_end_from_an_input_that_somebody_made_non_blocking(folder: Path) -> None:
    """As programs do that wait for many things at a time; they come piece by piece, and `map` is quicker."""
    theirs, ours = os.pipe()
    os.set_blocking(theirs, False)
    command = [sys.executable, "-m", "pleoctl", "map", "-", "-o", "out.jsonl"]
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        with os.fdopen(ours, "w") as stream:
            stream.writelines(f"{json.dumps(item(number))}\n" for number in range(1000))
        _, told = process.communicate()
    assert (process.returncode, told) == (0, b"1000 items: 1000 mapped, 0 failed\n")
    assert code_of("pleoctl map - -o out.jsonl <&- 2>&1 | grep -q '<stdin>: cannot be read'") == 78


@pytest.mark.usefixtures("folder")
def test_changes_become_an_error_only_where_they_could_not_be_written() -> None:
    """`--detailed-exitcode` and `drift`: 2 without a reader, 1 on a full disk."""
    for command in ("plan --detailed-exitcode", "drift"):
        assert code_of(f"pleoctl {command} | true") == 2
        assert code_of(f"pleoctl {command} >/dev/full") == 1


COMMANDS = (
    "validate",
    "export",
    "export --check",
    "plan",
    "map items.json",
    "mapping check",
    "mapping test",
    "source check",
    "doctor",
    "drift",
    "log",
    "lock list",
    "config show",
    "fmt",
    "schema",
    "--help",
    "--version",
    "completion bash",
)
ONE_AFTER_ANOTHER = """
import sys
from pathlib import Path
from pleoctl.cli.ends import Ends
from pleoctl.cli.main import run
ends = Ends()
Path("codes").write_text(str([ends.settle(run(command.split())) for command in sys.argv[1:]]))
"""


def test_no_command_depends_on_its_reader(folder: Path, cli: Cli) -> None:
    """Every command ends with its own code for a stdout that nobody reads and a stderr that takes nothing."""
    codes = [cli(*command.split()).code for command in COMMANDS]
    assert set(codes) == {0, 2}
    reading, writing = os.pipe()
    os.close(reading)
    with Path("/dev/full").open("wb") as full:
        subprocess.run(
            [sys.executable, "-c", ONE_AFTER_ANOTHER, *COMMANDS], stdout=writing, stderr=full, check=True, timeout=60
        )
    os.close(writing)
    assert json.loads((folder / "codes").read_text()) == codes


@pytest.mark.usefixtures("folder")
def test_mistakes_keep_their_exit_code() -> None:
    """Usage errors and invalid files, too."""
    assert code_of("pleoctl nope 2>&1 | true") == 64
    assert code_of("pleoctl plan --workspace nowhere.yaml 2>/dev/full") == 78
    assert code_of("pleoctl plan --workspace nowhere.yaml 2>&-") == 78


def test_a_stopped_reader_of_standard_error_holds_up_nothing(plan: Path, pleo: Sandbox) -> None:
    """The pipe behind stderr is full and nobody takes anything out of it; the run is done all the same."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    code = "import pleoctl.cli.ends as ends; ends.LAST_SECONDS = 0.1; from pleoctl.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "apply", str(plan), "--debug"],
        stderr=writing,
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(reading)
    os.close(writing)
    assert done.returncode == 0
    assert done.stdout.startswith(b"Apply done: 12 done.")
    assert renamed(pleo) == NUMBER


AT_ITS_END = """
import atexit, os
at_once = os._exit
os._exit = lambda code: (os.write(2, b"and then at once\\n"), at_once(code))
atexit.register(os.write, 2, b"what is due, ")
from pleoctl.__main__ import program
program()
"""


@pytest.mark.parametrize(("command", "code"), [("--version", 0), ("plan --nonsense", 64)])
def test_the_program_does_what_is_due_at_its_end_and_ends_at_once(command: str, code: int) -> None:
    """Libraries hear of the end of the process; what lies in its memory is not taken apart first."""
    arguments = [sys.executable, "-c", AT_ITS_END, *command.split()]
    done = subprocess.run(arguments, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout[:7] == b"pleoctl") == (code, not code)
    assert done.stderr.endswith(b"what is due, and then at once\n")


# --- output files -------------------------------------------------------------------------------------------------


# --- signals ------------------------------------------------------------------------------------------------------

# The signal comes in the middle of writing a file: its content stands beside the target, not yet renamed.
SIGNALLED = """
import os, sys
number, sync = int(sys.argv.pop(1)), os.fsync
def fsync(descriptor):
    os.kill(os.getpid(), number)
    sync(descriptor)
os.fsync = fsync
from pleoctl.__main__ import main
main()
"""
ENDS = [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
WRITING = (
    "map items.json -o out.json",
    "export --format json",
    "plan -o plan.json --format json",
    "fmt --format json",
    "import --format json --force",
    "init sub --format json",
    "validate --junit x.xml --format json",
    "mapping test --junit x.xml --format json",
    "show old.json --gitlab-report x.json --format json",
)


def signalled(
    command: str, number: int, first: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A command that is sent a signal when it is about to write."""
    arguments = [sys.executable, "-c", SIGNALLED, str(int(number)), *command.split()]
    return subprocess.run(arguments, capture_output=True, check=False, timeout=60, preexec_fn=first)


def files(folder: Path) -> dict[Path, bytes]:
    """All files of a workspace and what stands in them."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("command", "ends"), [(WRITING[0], ends) for ends in ENDS] + [(c, ENDS[0]) for c in WRITING[1:]]
)
def test_a_signal_leaves_no_half_of_a_file(command: str, ends: tuple[signal.Signals, int], plan: Path) -> None:
    """The folder is as before, the exit code is the signal's, and the envelope is complete."""
    (plan.parent / "books.csv").write_text("externalId,code,name\n" + "".join(f"b-{n},{n},B\n" for n in range(NUMBER)))
    shutil.copy(plan, plan.parent / "old.json")
    (plan.parent / "desired-state.yaml").write_text("apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:  []\n")
    before = files(plan.parent)
    number, code = ends
    done = signalled(command, number)
    # The entries of `map` are JSON by themselves, and led into a file: it tells people as well.
    assert (done.returncode, bool(done.stderr)) == (code, command.startswith("map "))
    told = json.loads(done.stdout)
    assert (told["exitCode"], [f["code"] for f in told["findings"]]) == (code, ["interrupted"])
    assert files(plan.parent) == before


def test_an_ignored_signal_stays_ignored(folder: Path) -> None:
    """Below `nohup` a run outlives its terminal."""
    (folder / "out.json").unlink(missing_ok=True)
    ignoring = signalled(
        "map items.json -o out.json", signal.SIGHUP, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    assert ignoring.returncode == 0
    assert len((folder / "out.json").read_bytes().splitlines()) == 2
