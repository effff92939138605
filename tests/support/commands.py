"""What the command lines in files of CI systems and service managers mean."""

from __future__ import annotations

import click

from pleoctl.cli.main import cli as table


def command_of(words: list[str]) -> click.Command | None:
    """The command that words name; None where there is no such command."""
    context, found = click.Context(table), None
    group: click.Command = table
    for word in words:
        if not isinstance(group, click.Group) or word.startswith("-"):
            break
        found = group.get_command(context, word)
        if found is None:
            return None
        group = found
    return found


def known_options(words: list[str]) -> bool:
    """Whether words name a command, and options that it has."""
    found = command_of(words)
    options = {option for parameter in found.params for option in parameter.opts} if found else set()
    return found is not None and {word for word in words if word.startswith("--")} <= options
