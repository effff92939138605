"""docs/commands.md out of the commands themselves: ``python -m pleoctl.cli.reference > docs/commands.md``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD: Final = """\
# Commands

Options follow the command. Every command has `--workspace`, `--format`, `-v`/`--verbose`, `--debug` and `--no-color`,
which may stand before it as well.
This page is made from the commands' own help (`python -m pleoctl.cli.reference`).
"""
SHARED: Final = {"--workspace", "--format", "--verbose", "--debug", "--no-color", "--help"}


def reference() -> str:
    """The page as markdown."""
    context = click.Context(cli, info_name="pleoctl")
    parts = [HEAD]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is not None:
            parts += _section(command, name, context)
    return "\n".join(parts)


def _section(command: click.Command, path: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent, terminal_width=100)
    yield f"## {path}\n"
    yield _help(command) + "\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _section(child, f"{path} {name}", context)
        return
    yield f"`{' '.join(command.get_usage(context).removeprefix('Usage: ').split())}`\n"
    rows = list(_options(command, context))
    if rows:
        yield "| option | meaning |\n|---|---|"
        yield "\n".join(rows) + "\n"
    yield f"Formats: {', '.join(formats(command))}.\n"


def formats(command: click.Command) -> list[str]:
    """The formats that a command knows."""
    option = next(p for p in command.params if p.name == "format")
    return [str(choice) for choice in getattr(option.type, "choices", ())]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option) and not SHARED & set(option.opts):
            record = option.get_help_record(context)
            if record is not None:
                names, words = (part.replace("|", "\\|") for part in record)
                yield f"| `{names}` | {words} |"


def _help(command: click.Command) -> str:
    text, _, examples = (command.help or "").partition("\b\n")
    told = text.strip()
    lines = [line.strip() for line in examples.splitlines()[1:] if line.strip()]
    return told + ("\n\n```sh\n" + "\n".join(lines) + "\n```" if lines else "")


if __name__ == "__main__":
    sys.stdout.write(reference())
