"""Standard streams, output files and signals: whatever becomes of them, a run ends as what it is.

Each run is a process of its own below bash, as people and CI jobs start it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox import Sandbox

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs bash and /dev/full")

NUMBER = 12
MAPPING = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1", outOfPocket: "2", contra: "3", accountsPayable: "4"}
vendors: {unmatched: fail}
include: [standard]
"""
AMOUNT = {
    "inWalletCurrency": {"currency": "EUR", "value": 100},
    "inSupplierCurrency": {"currency": "EUR", "value": 100},
}


def item(number: int, account: str | None = "5") -> dict[str, Any]:
    """An export item; without an account it fails."""
    return {
        "companyId": "12abc3d4-e567-4890-8234-abc56e78fabc",
        "accountingEntryId": str(number),
        "type": "card_purchase",
        "date": "2026-03-15T10:00:00Z",
        "amount": AMOUNT,
        "additionalInformation": {"reconciliationId": f"R{number}"},
        "accountingEntryLines": [
            {"accountingEntryLineId": "l", "lineAmount": AMOUNT, "account": account and {"id": "a", "code": account}},
        ],
    }


@pytest.fixture
def folder(pleo: Sandbox, workspace: Any, desired: Any) -> Path:
    """Twelve accounts to be renamed, one after another; a source, rules and items beside them."""
    rows = [{"externalId": f"acc-{n}", "code": f"{n}", "name": f"Account {n}"} for n in range(NUMBER)]
    pleo.reset(Seed(accounts=rows), Settings())
    made: Path = workspace(pleo, source={"type": "csv", "accounts": {"path": "books.csv"}}, mapping="mapping.yaml")
    desired(made, accounts=[{**row, "name": f"{row['name']} new"} for row in rows])
    lines = ["externalId,code,name", *(f"acc-{n},{n},Account {n} new" for n in range(NUMBER))]
    (made / "books.csv").write_text("\n".join(lines) + "\n")
    (made / "mapping.yaml").write_text(MAPPING)
    (made / "items.json").write_text(json.dumps([item(1), item(2)]))
    return made


@pytest.fixture
def plan(folder: Path, cli: Callable[..., Any]) -> Path:
    """A saved plan."""
    assert cli("plan", "-o", "plan.json").code == 0
    return folder / "plan.json"


def shell(script: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A line of bash in which ``pleoctl`` is this package's command and ``$code`` ends up as its exit code."""
    pleoctl = f'pleoctl() {{ "{sys.executable}" -m pleoctl "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", f"{pleoctl}{script}"], capture_output=True, text=True, check=False, timeout=60, **options
    )


def code_of(script: str) -> int:
    """The exit code of the first command of a pipeline."""
    done = shell(f"{script}\nexit ${{PIPESTATUS[0]}}")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode


def renamed(pleo: Sandbox) -> int:
    """How many accounts Pleo shows with their new names."""
    return sum(account["name"].endswith(" new") for account in pleo.state()["accounts"])


def receipt(folder: Path) -> Any:
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


def test_no_command_depends_on_its_reader(folder: Path, cli: Callable[..., Any]) -> None:
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


# --- output files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_a_plan_can_go_to_standard_output(name: str, plan: Path, cli: Callable[..., Any]) -> None:
    """Its bytes alone, what people read on stderr, and no file of that name."""
    before = sorted(plan.parent.iterdir())
    said = cli("plan", "-o", name)
    assert (said.code, said.stdout.encode()) == (0, plan.read_bytes())
    assert "12 to update" in said.stderr
    assert sorted(plan.parent.iterdir()) == before
    assert cli("plan", "-o", name, "--format", "json")[:2] == (0, plan.read_text())


def test_a_plan_can_go_into_a_pipe(plan: Path) -> None:
    """A shell's process substitution gets the bytes; a reader that goes away is no error."""
    done = shell("pleoctl plan -o >(cat >copy.json); code=$?; wait $!; exit $code")
    assert (done.returncode, done.stderr) == (0, "")
    assert (plan.parent / "copy.json").read_bytes() == plan.read_bytes()
    assert "Saved to" not in done.stdout
    assert code_of("pleoctl plan -o >(true)") == 0
    assert code_of("pleoctl plan -o - >/dev/full") == 1


def test_other_outputs_can_go_to_standard_output(plan: Path, cli: Callable[..., Any]) -> None:
    """Receipts, reports, entries and imports like plans."""
    assert cli("map", "items.json", "-o", "-").stdout == cli("map", "items.json").stdout
    assert cli("validate", "--junit", "-").stdout.startswith("<?xml")
    assert cli("import", "-o", "-").stdout.startswith("apiVersion: pleoctl/v1\nkind: DesiredState")
    assert json.loads(cli("apply", str(plan), "--receipt", "-").stdout)["outcome"] == "done"
    assert not (plan.parent / "-").exists()


UNWRITABLE = (
    "plan -o {}",
    "plan -o {} --detailed-exitcode",
    "plan --junit {}",
    "plan --sarif {}",
    "plan --gitlab-report {}",
    "validate --junit {}",
    "validate --sarif {}",
    "map items.json --format csv -o {}",
    "import -o {}",
    "mapping test --junit {}",
    "apply plan.json --receipt {}",
)


@pytest.mark.parametrize("command", UNWRITABLE)
@pytest.mark.usefixtures("plan")
def test_an_output_that_cannot_be_written_is_told(command: str, cli: Callable[..., Any]) -> None:
    """A finding that names the file, and never exit 0; what the command did or found is told as ever."""
    said = cli(*command.format("/dev/full").split())
    assert said.code == 1
    assert "/dev/full: cannot be written: no space left on device" in said.stderr
    assert "bug" not in said.stderr
    if command.startswith("apply"):
        assert "Apply done: 12 done." in said.stdout


def test_an_output_that_is_a_link_to_itself_is_told(plan: Path, cli: Callable[..., Any]) -> None:
    """A sentence with the fix; the link stays."""
    link = plan.parent / "loop.json"
    link.symlink_to("loop.json")
    for command in ("plan -o", "map items.json --format csv -o", "validate --junit", "import --force -o"):
        said = cli(*command.split(), "loop.json")
        assert said.code == 1
        assert "loop.json: is a link that leads to itself" in said.stderr
    assert link.is_symlink()


@pytest.mark.parametrize("command", UNWRITABLE)
def test_an_output_that_leads_out_of_the_workspace_is_refused(
    command: str, plan: Path, cli: Callable[..., Any], pleo: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through a link that a branch may have planted: exit 3, nothing written there, and nothing to Pleo."""
    outside = tmp_path_factory.mktemp("outside")
    (plan.parent / "out").symlink_to(outside)
    said = cli(*command.format("out/file").split())
    assert said.code == 3
    assert "out/file leads outside the workspace" in said.stderr
    assert not list(outside.iterdir())
    assert renamed(pleo) == 0


def test_outputs_outside_the_workspace_are_as_good_as_any(
    plan: Path, cli: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A path that says where it leads, links on its way and links within the workspace included."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "link").symlink_to(outside)
    (plan.parent / "inner").symlink_to(".")
    for file in (
        outside / "a.json",
        outside / "link/b.json",
        Path("inner/c.json"),
        Path(os.path.relpath(outside)) / "d",
    ):
        assert cli("plan", "-o", str(file)).code == 0
        assert file.read_bytes() == plan.read_bytes()


def test_nothing_else_is_written_out_of_the_workspace(
    folder: Path, cli: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither a file of `init` nor the workspace itself, where a link stands in its place."""
    outside = tmp_path_factory.mktemp("outside")
    (folder / "new").mkdir()
    (folder / "new/.gitignore").symlink_to(outside / "made")
    said = cli("init", "new")
    assert (said.code, "new/.gitignore leads outside the workspace" in said.stderr) == (3, True)
    assert list(outside.iterdir()) == []
    (folder / "pleoctl.yaml").rename(outside / "theirs.yaml")
    (folder / "pleoctl.yaml").symlink_to(outside / "theirs.yaml")
    theirs = (outside / "theirs.yaml").read_bytes()
    assert cli("import", "--force").code == 3
    assert (outside / "theirs.yaml").read_bytes() == theirs


@pytest.mark.parametrize(
    "command", ["plan", "validate", "log", "show plan.json", "init x", "map i.json -o x", "plan -o x"]
)
def test_a_deleted_working_directory_is_told(
    command: str, cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence with the fix."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    said = cli(*command.split())
    assert said.code in {1, 78}
    assert re.search(r"folder no longer exists|file does not exist|no such file", said.stdout + said.stderr)
    assert "bug" not in said.stderr


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


def signalled(command: str, number: int, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A command that is sent a signal when it is about to write."""
    arguments = [sys.executable, "-c", SIGNALLED, str(int(number)), *command.split()]
    return subprocess.run(arguments, capture_output=True, check=False, timeout=60, **options)


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
    assert (done.returncode, done.stderr) == (code, b"")
    told = json.loads(done.stdout)
    assert (told["exitCode"], [f["code"] for f in told["findings"]]) == (code, ["interrupted"])
    assert files(plan.parent) == before


def test_an_ignored_signal_stays_ignored(folder: Path) -> None:
    """Below `nohup` a run outlives its terminal."""
    (folder / "out.json").unlink(missing_ok=True)
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    assert signalled("map items.json -o out.json", signal.SIGHUP, **ignoring).returncode == 0
    assert len((folder / "out.json").read_bytes().splitlines()) == 2
