"""Exit codes and output shapes of the command line, whatever the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.cli.main import COMMANDS

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

RULES = """\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fallback}
"""


ENVELOPE = {"formatVersion", "command", "exitCode", "findings", "result"}
FINDING = {"code", "level", "file", "line", "column", "address", "rule", "message", "hint"}
HEAD = "apiVersion: pleoctl/v1\nkind: DesiredState\n"


def pleoctl(*arguments: str, **options: Value) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pleoctl", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def envelope(said: Value, command: str, code: int) -> Value:
    """The JSON of a run, checked to be complete."""
    data = json.loads(said.stdout)
    assert (said.code, data["exitCode"], data["command"], data["formatVersion"]) == (code, code, command, 1)
    assert set(data) == ENVELOPE
    for finding in data["findings"]:
        assert set(finding) == FINDING
        assert finding["level"] in {"error", "warning", "info"}
        assert finding["message"]
    return data


# --- the JSON envelope at every exit code -----------------------------------------------------------------------


def test_success_has_the_envelope(cli: Cli, workspace: MakeWorkspace, desired: MakeDesired) -> None:
    """Exit 0: a result, no findings, nothing on stderr."""
    desired(workspace(), accounts=[])
    said = cli("validate", "--format", "json")
    assert envelope(said, "validate", 0)["result"] == {"files": ["pleoctl.yaml", "desired-state.yaml"]}
    assert said.stderr == ""


def test_errors_of_the_source_have_the_envelope(cli: Cli, workspace: MakeWorkspace) -> None:
    """Exit 1: the books cannot be read."""
    workspace(None, source={"type": "csv", "accounts": {"path": "a.csv"}})
    (finding,) = envelope(cli("export", "--format", "json"), "export", 1)["findings"]
    assert (finding["code"], finding["file"]) == ("source", "a.csv")


def test_errors_of_pleo_have_the_envelope(cli: Cli, workspace: MakeWorkspace, desired: MakeDesired) -> None:
    """Exit 1: nobody answers; also for plan, which has a shape of its own where there is a plan."""
    desired(workspace(None, pleo={"url": "http://127.0.0.1:9", "auth": {"apiKey": "env:NO_SUCH"}}), accounts=[])
    for command in ("doctor", "plan", "drift", "import"):
        arguments = ["-o", "x.yaml"] if command == "import" else []
        (finding,) = envelope(cli(command, *arguments, "--format", "json"), command, 1)["findings"]
        assert "NO_SUCH is not set" in finding["message"]


def test_changes_have_the_envelope(cli: Cli, workspace: MakeWorkspace) -> None:
    """Exit 2: fmt --check."""
    (workspace() / "desired-state.yaml").write_text(HEAD + "accounts:  []\n")
    assert envelope(cli("fmt", "--check", "--format", "json"), "fmt", 2)["result"] == {
        "changed": ["desired-state.yaml"]
    }


def test_refusals_have_the_envelope(cli: Cli, workspace: MakeWorkspace, desired: MakeDesired) -> None:
    """Exit 3: a foreign url."""
    desired(workspace(None, pleo={"url": "https://pleo.io.evil.com", "auth": {"apiKey": "env:A"}}), accounts=[])
    (finding,) = envelope(cli("doctor", "--format", "json"), "doctor", 3)["findings"]
    assert (finding["code"], finding["file"]) == ("refused", "pleoctl.yaml")
    assert "PLEOCTL_URL" in finding["hint"]


def test_a_held_lock_has_the_envelope(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Exit 6: another process holds this company's lock, and is named."""
    from pleoctl.state.lock import FileLock, Holder

    workspace(pleo)
    holder = Holder.me(pleo.url, pleo.company, "sync")
    with FileLock(pleo.url, pleo.company).hold(holder, 0):
        listed = envelope(cli("lock", "list", "--format", "json"), "lock list", 0)["result"]
        assert [(h["command"], h["pid"], h["company"]) for h in listed] == [("sync", holder.pid, pleo.company)]
        (finding,) = envelope(cli("lock", "release", "--format", "json"), "lock release", 6)["findings"]
        assert f"pid {holder.pid}" in finding["message"]
    assert envelope(cli("lock", "list", "--format", "json"), "lock list", 0)["result"] == []


USAGE = {
    "no such command": (["exprot", "--format", "json"], "", "Did you mean 'export'?"),
    "option before the command": (["--format", "json", "--today", "plan"], "", "pleoctl COMMAND --today"),
    "option before the subcommand": (
        ["lock", "--format", "json", "--trace", "list"],
        "lock",
        "lock COMMAND --trace",
    ),
    "no such option": (["export", "--force", "--format=json"], "export", "--force"),
    "no such option of a subcommand": (["config", "show", "--x", "--format", "json"], "config show", "--x"),
    "missing argument": (["show", "--format", "json"], "show", "PLAN"),
    "surplus argument": (["export", "x", "--format", "json"], "export", "x"),
    "wrong value": (["log", "-n", "0", "--format", "json"], "log", "0"),
    "wrong choice": (["completion", "tcsh", "--format", "json"], "completion", "tcsh"),
    "missing value": (["plan", "--format", "json", "--workspace"], "plan", "--workspace"),
    "no subcommand": (["config", "nope", "--format", "json"], "config", "nope"),
    "unknown schema": (["schema", "nope", "--format", "json"], "schema", "nope"),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage_errors_have_the_envelope(name: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 64: mistakes on the command line, too, are JSON where JSON was asked for."""
    monkeypatch.chdir(tmp_path)
    arguments, command, words = USAGE[name]
    (finding,) = envelope(cli(*arguments), command, 64)["findings"]
    assert finding["code"] == "usage"
    assert words in finding["message"] + (finding["hint"] or "")


def test_usage_errors_are_text_otherwise(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr, with the usage and where to read on; PLEOCTL_FORMAT asks for JSON as well."""
    said = cli("export", "--nope")
    assert (said.code, said.stdout) == (64, "")
    assert "Usage: pleoctl export" in said.stderr
    assert "pleoctl export --help" in said.stderr
    monkeypatch.setenv("PLEOCTL_FORMAT", "json")
    envelope(cli("export", "--nope"), "export", 64)
    monkeypatch.setenv("PLEOCTL_FORMAT", "markdown")
    assert cli("completion", "bash").code == 0


def test_invalid_files_have_the_envelope(cli: Cli, workspace: MakeWorkspace) -> None:
    """Exit 78: every finding with file, line and column."""
    folder = workspace()
    (folder / "desired-state.yaml").write_text(HEAD + "accounts:\n- {externalId: 0100, naem: NO}\n")
    findings = envelope(cli("validate", "--format", "json"), "validate", 78)["findings"]
    assert {(f["file"], f["line"]) for f in findings} == {("desired-state.yaml", 4)}
    assert len(findings) >= 3
    said = cli("validate")
    assert (said.code, said.stdout) == (78, "")
    assert 'error: desired-state.yaml:4:16: 0100 is not read alike by all YAML readers (write "0100")' in said.stderr


def test_a_bug_is_told_without_a_traceback(cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 and a request to report it; the traceback only with --debug; the envelope stands."""
    workspace()
    monkeypatch.setattr("pleoctl.workspace.Workspace.find", lambda *_: 1 / 0)
    said = cli("log")
    assert (said.code, said.stdout) == (1, "")
    assert "unexpected ZeroDivisionError" in said.stderr
    assert "Traceback" not in said.stderr
    assert "Traceback" in cli("log", "--debug").stderr
    (finding,) = envelope(cli("log", "--format", "json"), "log", 1)["findings"]
    assert finding["code"] == "internal"


def test_an_interruption_has_the_envelope(cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 130: Ctrl-C, also where JSON was asked for."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    workspace()
    monkeypatch.setattr("pleoctl.workspace.Workspace.find", interrupt)
    said = cli("log")
    assert (said.code, said.stdout) == (130, "")
    (finding,) = envelope(cli("log", "--format", "json"), "log", 130)["findings"]
    assert finding["code"] == "interrupted"


# --- streams ------------------------------------------------------------------------------------------------------


def test_no_colours_in_a_pipe_and_colours_on_request(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR, --no-color and TERM=dumb beat FORCE_COLOR."""
    monkeypatch.chdir(tmp_path)
    assert "\x1b[" not in cli("plan").stderr
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in cli("plan").stderr
    assert "\x1b[" not in cli("plan", "--no-color").stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in cli("plan").stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`pleoctl … | head` ends quietly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pleoctl", "schema", "desired-state"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


# --- start-up -----------------------------------------------------------------------------------------------------

HEAVY = ("requests", "msgspec", "jsonschema", "ruamel", "deepdiff", "rich", "jinja2", "uvicorn", "platformdirs")
ALL_HELP = f"""
import sys
import click
from pleoctl.cli.main import cli

def ask(command, context):
    command.get_help(context)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        below = command.get_command(context, name)
        ask(below, click.Context(below, info_name=name, parent=context))

ask(cli, click.Context(cli, info_name="pleoctl"))
print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)
"""


def test_no_help_of_any_command_imports_anything_heavy() -> None:
    """Whoever reads it waits for nothing that only the command's work needs."""
    done = subprocess.run([sys.executable, "-c", ALL_HELP], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["completion", "bash"]], ids=str)
def test_quick_commands_import_nothing_heavy(arguments: list[str]) -> None:
    """They answer while a person is still looking."""
    code = (
        f"import sys; from pleoctl.cli.main import run; code = run({arguments!r}); "
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_who_only_reads_or_writes_files_loads_no_yaml_and_no_checks() -> None:
    """The room's files are imported one by one."""
    code = "import sys, pleoctl.documents.files; print([m for m in ('yaml', 'msgspec', 'json') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    ("columns", "widest"), [("60", 58), ("100", 98), ("300", 108), ("0", 78), ("wide", 78), ("9", 50)]
)
def test_help_fits_the_terminal(columns: str, widest: int, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells less than it has, 80 where nobody knows, and no wider than one reads."""
    monkeypatch.setenv("COLUMNS", columns)
    lines = cli("jobs", "run", "--help").stdout.partition("Options:")[2].splitlines()
    assert widest - 12 <= max(len(line) for line in lines) <= widest


def test_help_lists_every_command_with_its_summary(cli: Cli) -> None:
    """In the order of the table."""
    said = cli("--help")
    assert said.code == 0
    listed = [line.split()[0] for line in said.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--help"], ["pleoctl.cli.plan", "pleoctl.cli.common", "pathlib", "lzma"]),
        (["plan", "--help"], ["pleoctl.cli.init", "pathlib", "lzma"]),
    ],
)
def test_help_imports_nothing_that_only_a_run_needs(arguments: list[str], unused: list[str]) -> None:
    """`pleoctl --help` shows the table's summaries without a look at the commands; a command shows its own."""
    code = (
        f"import sys; from pleoctl.cli.main import run; code = run({arguments!r}); "
        f"print([m for m in sys.modules if m in {unused!r}], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_start_of_its_help(name: str, cli: Cli) -> None:
    """One sentence, the same in both places."""
    assert COMMANDS[name].partition(". ")[0] in " ".join(cli(name, "--help").stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, cli: Cli) -> None:
    """Its own page, also for groups."""
    assert cli(name, "--help").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_behind_standard_output_is_told(form: str) -> None:
    """One line and exit 1, no traceback."""
    command = [sys.executable, "-m", "pleoctl", "schema", "--format", form]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    words = "no space left on device (free some space, or write to another disk)"
    assert (done.returncode, done.stderr) == (1, f"error: standard output cannot be written: {words}\n")


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_no_summary_is_cut_on_a_narrow_terminal(words: list[str], cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of commands are read whole at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    listed = cli(*words, "--help").stdout.partition("\nCommands:")[2]
    assert not [line for line in listed.splitlines() if line.endswith("...")]


def test_the_version_is_told(cli: Cli) -> None:
    """One line; `python -m pleoctl` is the same program."""
    from pleoctl import __version__

    said = cli("--version")
    assert (said.code, said.stderr) == (0, "")
    assert re.fullmatch(
        rf"pleoctl, version {re.escape(__version__)}(?: \(commit [0-9a-f]{{12}}(?:-dirty)?\))?\n", said.stdout
    )
    done = pleoctl("--version")
    assert (done.returncode, done.stdout) == (0, said.stdout)


def test_the_process_ends_with_the_exit_code(tmp_path: Path) -> None:
    """0, 64 and 78 reach the shell; -h is short for --help."""
    assert pleoctl("plan", "-h").returncode == 0
    assert pleoctl("nope").returncode == 64
    done = pleoctl("plan", "--format", "json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["exitCode"]) == (78, 78)


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-o", "desired-state.yaml"),
        ("plan", "-o", "pleoctl.yaml"),
        ("map", "items.json", "-o", "items.json"),
        ("map", "items.json", "-o", "mapping.yaml"),
        ("mapping", "check", "--sarif", "mapping.yaml"),
        ("import", "-o", "pleoctl.yaml", "--force"),
        ("apply", "plan.json", "--receipt", "plan.json"),
    ],
    ids=" ".join,
)
def test_no_output_replaces_an_input(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, arguments: tuple[str, ...]
) -> None:
    """Exit 64, every file as it was, nothing written to Pleo."""
    folder = workspace(pleo, mapping="mapping.yaml")
    desired(folder, accounts=[{"externalId": "e0", "code": "0", "name": "Name 0"}])
    (folder / "mapping.yaml").write_text(f"{RULES}include: [standard]\n")
    (folder / "items.json").write_text("[]")
    cli("plan", "-o", "plan.json")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert cli(*arguments).code == 64
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert pleo.stats()["writes"] == 0


def test_a_machine_without_memory_is_no_bug(
    cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with what helps, and no request to report it."""
    workspace()

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pleoctl.workspace.Workspace.find", full)
    (finding,) = envelope(cli("log", "--format", "json"), "log", 1)["findings"]
    assert (finding["code"], finding["message"]) == ("error", "the machine gives no more memory")
