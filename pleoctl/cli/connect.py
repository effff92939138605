"""``pleoctl connect``: the first half hour, one question after another; it runs the commands that it shows."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, WORKSPACE, as_command
from pleoctl.cli.door import tell
from pleoctl.cli.init import PRODUCTION, SCAFFOLD, STAGING, a_company
from pleoctl.errors import ExitCode, PleoctlError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.workspace import Workspace

PLAN: Final = "plan.json"
TRIES: Final = 3
"""How often a question is asked whose answer does not do."""


class Stopped(Exception):
    """A command did not go well, and asking once more does not help."""

    def __init__(self, code: int) -> None:
        """``code`` is the exit code of that command."""
        super().__init__(code)
        self.code = code


@as_command("connect")
@click.argument("folder", metavar="[DIR]", type=PATH, default=".")
def command(options: Options, *, folder: str) -> Output:
    """Set a company up, from nothing to its first plan, by questions.

    It asks for the company, the credential, a file of your accounting system and the dimensions, and runs `init`,
    `doctor`, `source init`, `export`, `dimensions select` and `plan`, each of which it shows. It writes nothing else,
    and nothing in Pleo. What is done already is passed over, so it can be called again. The credential is kept for
    this run alone; where pleoctl.yaml has `pleo.auth.oauth` it runs `login` instead.

    Without a terminal, or where CI is set, it asks nothing and prints the commands that are left to run.

    Examples:
    pleoctl connect books

    """
    place = Place(Path(folder))
    if not _asks(options):
        left = list(place.left())
        return Output(Shown.lines(left), left)
    try:
        Guide(place).go()
    except Stopped as stopped:
        tell(Shown.lines(["", f"When that is mended, go on with: pleoctl connect {shlex.quote(folder)}"]))
        return Output(exit_code=ExitCode(stopped.code))
    into = "" if place.folder == Path() else f"cd {shlex.quote(folder)}; "
    return Output(Shown.lines(["", f"Look at the plan. To carry it out: {into}pleoctl apply {PLAN}"]))


def _asks(options: Options) -> bool:
    """Whether somebody is there to answer."""
    return options.format == "text" and sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a workspace, which may not be there yet, and how far it has come."""

    folder: Path

    @property
    def file(self) -> Path:
        """The workspace file."""
        return self.folder / WORKSPACE

    @property
    def workspace(self) -> Workspace:
        """The workspace as it is now. Raises `PleoctlError`."""
        from pleoctl.workspace import Workspace

        return Workspace(self.file)

    @property
    def has_source(self) -> bool:
        """Whether somebody's own source stands there in place of the example."""
        return self.workspace.source is not None and SCAFFOLD not in self.workspace.document.text

    @property
    def dimensions(self) -> list[str]:
        """Codes of the dimensions of the books."""
        from pleoctl.desired.read import load_desired

        return [found.row.key or "" for found in load_desired(self.workspace.desired_files).dimensions or ()]

    def in_folder(self, *words: str) -> list[str]:
        """A command for this workspace."""
        return [*words, *([] if self.folder == Path() else ["--workspace", str(self.folder)])]

    def left(self) -> Iterator[str]:
        """The commands that are left to run, for a shell."""
        made = self.file.exists()
        if not made:
            yield shlex.join(["pleoctl", "init", str(self.folder), "--company", "UUID", "--url", STAGING])
        signs_in = made and self.workspace.oauth is not None
        if not signs_in and not os.environ.get("PLEO_API_KEY"):
            yield "export PLEO_API_KEY=…"
        commands = [["login"], ["doctor"]] if signs_in else [["doctor"]]
        if not (made and self.has_source):
            commands += [["source", "init", str(self.folder / "as/FILE")], ["source", "check", "--trace", "3"]]
        commands += [["export"]]
        if not (made and self.workspace.selected is not None):
            commands += [["dimensions", "list"], ["dimensions", "select", "--auto"]]
        for words in [*commands, ["plan", "-o", PLAN]]:
            yield shlex.join(["pleoctl", *self.in_folder(*words)])


class Guide:
    """Asks and runs. Raises `Stopped`, `click.Abort`."""

    def __init__(self, place: Place) -> None:
        """See the class."""
        self._place = place

    def go(self) -> None:
        """From what there is to a plan."""
        if not self._place.file.exists():
            self._init()
        self._credential()
        if not self._place.has_source:
            self._source()
        self._must("export")
        if self._place.workspace.selected is None and self._place.dimensions:
            self._select()
        self._must("plan", "-o", str(self._place.folder / PLAN))

    def _init(self) -> None:
        self._say("1. The company.", "Its UUID stands in Pleo's settings; begin with staging if you have it.")
        company = _asked("Company (UUID)", a_company)
        where = _asked("Pleo: staging, production, or a url", _url, default="staging")
        self._must("init", str(self._place.folder), "--company", company, "--url", where, alone=True)

    def _credential(self) -> None:
        """Signing in where the workspace says `oauth`, else the key."""
        if self._place.workspace.oauth is None:
            self._key()
        elif self._run("doctor") != ExitCode.OK:
            self._must("login")
            self._must("doctor")

    def _key(self) -> None:
        self._say("2. The credential.", "An API key from Pleo's settings; it is kept nowhere.")
        name = self._place.workspace.auth[1].variable or ""
        for _ in range(TRIES):
            if name.isidentifier() and not os.environ.get(name):
                os.environ[name] = click.prompt(f"{name} (not shown)", hide_input=True, err=True).strip()
                tell(Shown.lines([f"For later: export {name}=…"]))
            code = self._run("doctor")
            if code == ExitCode.OK:
                return
            if code != ExitCode.ERROR or not name.isidentifier():
                break
            os.environ.pop(name, None)
        raise Stopped(code)

    def _source(self) -> None:
        folder = self._place.folder / "as"
        self._say("3. The books.", f"Put a file with the chart of accounts into {folder} (CSV, xlsx, SIE, GnuCash …).")
        for _ in range(TRIES):
            file = click.prompt(
                "The file (empty: the example that init made)", default="", show_default=False, err=True
            )
            if not file:
                return
            given = next((path for path in (Path(file), folder / file) if path.is_file()), Path(file))
            if (code := self._run("source", "init", str(given))) == ExitCode.OK:
                self._must("source", "check", "--trace", "1")
                return
        raise Stopped(code)

    def _select(self) -> None:
        codes = self._place.dimensions
        self._say("4. Dimensions that become tag groups, at most five.", f"The books have: {', '.join(codes)}")
        for _ in range(TRIES):
            given = click.prompt(
                "Codes, divided by blanks (empty: none for now)", default="", show_default=False, err=True
            )
            if not given.strip():
                return
            if (code := self._run("dimensions", "select", *given.split())) == ExitCode.OK:
                return
        raise Stopped(code)

    def _must(self, *words: str, alone: bool = False) -> None:
        code = self._run(*words, alone=alone)
        if code != ExitCode.OK:
            raise Stopped(code)

    def _run(self, *words: str, alone: bool = False) -> int:
        """Show a command and run it; ``alone`` without naming the workspace."""
        from pleoctl.cli.main import run

        arguments = list(words) if alone else self._place.in_folder(*words)
        tell(Shown.lines(["", f"$ {shlex.join(['pleoctl', *arguments])}"]))
        code = run(arguments)
        if code >= ExitCode.HANGUP:
            raise Stopped(code)
        return code

    @staticmethod
    def _say(*words: str) -> None:
        tell(Shown.lines(["", *words]))


def _asked(question: str, check: Callable[[str], str], default: str | None = None) -> str:
    """An answer that does."""

    def checked(given: str) -> str:
        try:
            return check(given.strip())
        except PleoctlError as error:
            raise click.UsageError(str(Shown(error.message).plain)) from error

    found: str = click.prompt(question, value_proc=checked, default=default, err=True)
    return found


def _url(given: str) -> str:
    return {"staging": STAGING, "production": PRODUCTION}.get(given, given)
