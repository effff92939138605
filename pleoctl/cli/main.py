"""The entry point: a table of commands, loaded when they are used, and the one place that ends the process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from typing import Final, NoReturn

import click

from pleoctl.cli.boundary import asked_for, end_interrupted, end_usage_error
from pleoctl.cli.door import say, tell
from pleoctl.cli.lines import choose
from pleoctl.cli.shared import as_group
from pleoctl.errors import ExitCode
from pleoctl.text import Shown

# Every command with its summary, in the order that `pleoctl --help` shows; its module in pleoctl.cli has its name.
COMMANDS: Final = {
    "demo": "Run the whole main job on a sandbox on this machine.",
    "init": "Scaffold a workspace; files that exist are never overwritten.",
    "connect": "Set a company up, from nothing to its first plan, by questions.",
    "login": "Sign in by OAuth: to Pleo, the source or the sink.",
    "logout": "End a sign-in: the server ends its tokens, and they are forgotten on this machine or "
    "in the shared state.",
    "doctor": "Ask Pleo who this credential is and what it may do.",
    "export": "Read the accounting system into the desired-state file.",
    "import": "Write live Pleo as a desired state to start from.",
    "validate": "Check every file of the workspace, offline, all at once.",
    "plan": "Show what would change in live Pleo.",
    "show": "Show a saved plan; needs no workspace and talks to nobody.",
    "comment": "Show a saved plan as a comment on a pull request.",
    "apply": "Carry out exactly a saved plan.",
    "approve": "Approve a saved plan: sign its id with an SSH key.",
    "sync": "Export, plan and apply in one go, under one lock.",
    "drift": "Has live Pleo moved away from the desired state? Exit 2 if so.",
    "undo": "Plan to take a run back.",
    "dimensions": "Choose the dimensions that become tag groups (at most five).",
    "vendors": "Vendors that were made in Pleo.",
    "map": "Map Pleo export items to accounting entries.",
    "mapping": "Check, test and explain the mapping rules.",
    "jobs": "Pleo's export jobs: from its queue into the books.",
    "sink": "The books that export jobs are booked into.",
    "source": "The accounting system that the workspace reads.",
    "trust": "Let workspaces send secrets to a host, for this user; or list such hosts.",
    "fleet": "Many companies, many machines.",
    "log": "List the runs of this workspace, show one, or prove the chain of their receipts.",
    "lock": "Who is writing to which company, here and in a shared state.",
    "config": "The effective settings of the workspace.",
    "schema": "Print a JSON Schema (draft-07), or the names of all schemas.",
    "fmt": "Write the desired-state files as `export` writes them.",
    "completion": "Print the completion script of a shell.",
    "help": "Show what a command does and takes.",
    "version": "Show the version of pleoctl, and what it runs on.",
    "sandbox": "Run a Pleo on this machine to try out and to test against.",
}


class CommandTable(click.Group):
    """A group that imports a command's module only when that command is used."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command behind a name."""
        if name not in COMMANDS:
            return None
        module = f"{name}_" if iskeyword(name) else name
        found: click.Command = import_module(f"pleoctl.cli.{module}").command
        return found

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table itself is the list, so that help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Add a "did you mean" to an unknown command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from pleoctl.text import did_you_mean

            hint = did_you_mean(args[0], list(COMMANDS), "Commands")
            raise click.UsageError(f"{error.message} {hint[0].upper()}{hint[1:]}", ctx) from error


WIDEST: Final = 110
# The control character keeps click from rewrapping the block.
HELP: Final = """Plan and apply for Pleo: keep tax codes, accounts, tags and vendors
in line with your accounting system.

\b
pleoctl export              read the accounting system into desired-state.yaml
pleoctl plan -o plan.json   compare it with live Pleo
pleoctl apply plan.json     carry out exactly that plan
"""


@as_group(
    cls=CommandTable,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _param, asked: _version(ctx) if asked else None,
    help="Show the version and exit.",
)
def cli() -> None:
    """Print help when no command is given."""


def _version(ctx: click.Context) -> NoReturn:
    from pleoctl.release import head, told

    say(Shown.lines([told(head())]))
    ctx.exit()


def _width() -> int:
    """How wide help is, as click works it out, but without ``shutil``, whose archives take longer to load than help."""
    columns = os.environ.get("COLUMNS", "")
    wide = int(columns) if columns.isdecimal() else 0
    if not wide:
        with suppress(OSError, ValueError, AttributeError):
            wide = os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]  # suppressed
    return max(min(wide or 80, WIDEST) - 2, 50)  # click's default, margin and least


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code as a number."""
    choose(asked_for(arguments, "--log-format", "PLEOCTL_LOG_FORMAT"))
    try:
        ended = cli.main(args=arguments, prog_name="pleoctl", standalone_mode=False, terminal_width=_width())
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except click.UsageError as error:
        return end_usage_error(error, arguments)
    except click.ClickException as error:
        tell(Shown.lines([f"error: {error.format_message()}"]), level="error")
        return int(ExitCode.USAGE)
    except click.Abort as error:
        # Click's own prompts say where it comes from by its context alone.
        return end_interrupted(error.__cause__ or error.__context__, arguments)
    return int(ended) if isinstance(ended, int) else 0
