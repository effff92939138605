"""``pleoctl help``."""

from __future__ import annotations

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command
from pleoctl.cli.shared import offered
from pleoctl.text import Shown


def _next(ctx: click.Context) -> list[str]:
    """The commands that may come after what is written."""
    root = ctx.find_root()
    asked: click.Command | None = root.command
    for word in ctx.params.get("words") or ():
        asked = asked.get_command(root, word) if isinstance(asked, click.Group) else None
    return asked.list_commands(root) if isinstance(asked, click.Group) else []


@as_command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=offered(_next))
def command(options: Options, *, words: tuple[str, ...]) -> Output:
    """Show what a command does and takes.

    Examples:
    pleoctl help
    pleoctl help plan
    pleoctl help mapping check

    """
    del options
    current = click.get_current_context()
    root = current.find_root()
    context, asked = root, root.command
    for word in words:
        if not isinstance(asked, click.Group):
            raise click.UsageError(f"{context.command_path} has no commands of its own", current)
        try:
            name, found, _ = asked.resolve_command(context, [word])
        except click.UsageError as error:
            raise click.UsageError(error.message, current) from error
        if found is None:
            raise click.UsageError(f"No such command {word!r}.", current)
        asked, context = found, click.Context(found, parent=context, info_name=name, **found.context_settings)
    text = asked.get_help(context)
    return Output(Shown.lines(text.split("\n")), {"command": " ".join(words), "help": text})
