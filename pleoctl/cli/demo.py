"""``pleoctl demo``."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command
from pleoctl.cli.door import say
from pleoctl.errors import ExitCode, MissingExtra, PleoctlError, Refused
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sandbox import Sandbox

KEY_NAME: Final = "PLEO_API_KEY"

# What is said before each command, and the command.
STEPS: Final = (
    ("The accounting system's tax codes, chart, dimensions and vendors become a desired-state file.", ["export"]),
    (
        "The plan engine compares it with live Pleo and saves a plan; nothing is written to Pleo.",
        ["plan", "-o", "plan.json", "--brief"],
    ),
    ("This is what people review in a pull request.", ["show", "plan.json"]),
    ("A CI job applies exactly that plan.", ["apply", "plan.json", "--receipt", "receipt.json"]),
    ("The mapping rules are proven complete and free of overlap.", ["mapping", "check"]),
    ("200 exported expenses become balanced accounting entries.", ["map", "items.json", "-o", "entries.jsonl"]),
    (
        "Why one of them is booked as it is.",
        ["mapping", "explain", "items.json", "--id", "bf04b781-f176-4aaa-9e7a-55ca338cf060"],
    ),
    ("Planning again finds nothing left to do.", ["plan", "--brief"]),
    ("Somebody exported expenses: what is to be booked, before anything is.", ["jobs", "plan", "-o", "posting.json"]),
    ("They go into the books once; Pleo hears of each, and the job is closed.", ["apply", "posting.json"]),
    ("The queue is empty.", ["jobs", "plan"]),
)


@as_command("demo")
@click.option("--keep", metavar="DIR", type=PATH, help="Keep the workspace in this new folder.")
def command(options: Options, *, keep: str | None) -> Output:
    """Run the whole main job on a sandbox on this machine.

    An example company: export, plan, show, apply, and plan again, then an export job into a journal, with a line of
    explanation before each. Talks to nobody outside this machine and leaves nothing behind, unless --keep names a
    folder. With --format json all of it is shown on standard error, and what was done told on standard output.

    Examples:
    pleoctl demo
    pleoctl demo --keep company

    """
    steps: list[dict[str, object]] = []
    done: dict[str, object] = {"workspace": keep, "steps": steps}
    with _shown(options), _folder(keep) as folder, _sandbox(folder) as pleo, _environment(folder, pleo):
        _say(options, f"A sandbox Pleo listens on {pleo.url}; the company is in {folder.name}/.")
        for words, arguments in STEPS:
            code = _run(options, words, arguments)
            steps.append({"command": shlex.join(["pleoctl", *arguments]), "exitCode": int(code)})
            if code is not ExitCode.OK:
                return Output(data=done, exit_code=code)
        done["counts"] = _counts(folder)
        _say(options, "No changes: Pleo is in line with the accounting system.")
        if keep is not None:
            _say(
                options, f"Kept in {keep}: start `pleoctl sandbox serve --seed seed.yaml --port 8017` there and go on."
            )
    return Output(data=done)


def _shown(options: Options) -> AbstractContextManager[object]:
    """Where the steps show what they do: standard output is for the answer where it is JSON."""
    return redirect_stdout(sys.stderr) if options.format == "json" else nullcontext()


def _counts(folder: Path) -> dict[str, int]:
    """What the demo came to, by the files that its steps left."""
    import json

    plan, posting = (json.loads((folder / name).read_bytes()) for name in ("plan.json", "posting.json"))
    entries = (folder / "entries.jsonl").read_bytes().count(b"\n")
    return {"changes": len(plan["changes"]), "entries": entries, "booked": posting["summary"]["book"]}


def _say(options: Options, words: str) -> None:
    say(Shown.lines(["", Shown.styled(f"# {words}", colour="blue", bold=True)]), colour=options.color)


def _run(options: Options, words: str, arguments: list[str]) -> ExitCode:
    from pleoctl.cli.main import run

    _say(options, words)
    say(Shown.lines([Shown.styled(f"$ pleoctl {' '.join(arguments)}", bold=True)]), colour=options.color)
    more = ["--no-color"] if options.no_color else []
    more += ["--log-format", options.log_format] if options.log_format else []
    return ExitCode(run([*arguments, *more]))


@contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    """A copy of the example company, and for the time of the demo the current folder."""
    from pathlib import Path
    from shutil import Error, copytree
    from tempfile import TemporaryDirectory

    from pleoctl.documents.files import fix_of
    from pleoctl.documents.published import data_folder

    if keep is not None and Path(keep).exists():
        raise Refused(f"{keep} exists", hint="name a new folder")
    before = Path.cwd()
    with TemporaryDirectory(prefix="pleoctl-demo-") as temporary:
        folder = Path(keep).absolute() if keep else Path(temporary) / "company"
        try:
            copytree(data_folder("examples") / "company", folder)
        except OSError as error:
            # What goes wrong with some of the files comes as a list of these.
            why = error.args[0][0][2] if isinstance(error, Error) else error.strerror
            raise PleoctlError(f"the example company cannot be copied: {why}", hint=fix_of(error)) from error
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


@contextmanager
def _sandbox(folder: Path) -> Iterator[Sandbox]:
    from pleoctl.sandbox import Sandbox, Seed

    pleo = Sandbox(seed=Seed.load(folder / "seed.yaml"))
    try:
        pleo.start()
    except ModuleNotFoundError as error:
        raise MissingExtra("the demo needs the sandbox", hint="install pleoctl[sandbox]") from error
    try:
        yield pleo
    finally:
        pleo.stop()


@contextmanager
def _environment(folder: Path, pleo: Sandbox) -> Iterator[None]:
    """The demo's own url, key and state folder; the user's are as before afterwards."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="pleoctl-demo-state-") as state:
        mine = {
            "PLEOCTL_URL": pleo.url,
            KEY_NAME: pleo.api_key,
            "PLEOCTL_STATE_DIR": state,
            "PLEOCTL_WORKSPACE": str(folder),
        }
        others = ("PLEOCTL_COMPANY", "PLEOCTL_FORMAT", "PLEOCTL_DEBUG")
        before = {name: os.environ.pop(name, None) for name in (*mine, *others)}
        os.environ.update(mine)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
