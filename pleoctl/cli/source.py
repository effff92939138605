"""``pleoctl source``."""

from __future__ import annotations

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace


@click.group("source")
def command() -> None:
    """The accounting system that the workspace reads."""


@as_command("check", parent="source")
@click.option(
    "--trace",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Show the first N rows of each resource.",
)
def check(options: Options, *, trace: int) -> Output:
    """Read the source with all its guards and write nothing.

    Examples:
    pleoctl source check --trace 3

    """
    from pleoctl.documents.comments import render  # noqa: PLC0415 - the engine only where it is used
    from pleoctl.model.records import DesiredState  # noqa: PLC0415
    from pleoctl.sources.export import counts, read_source  # noqa: PLC0415

    state, findings = read_source(open_workspace(options))
    counted = counts(state)
    text = ", ".join(f"{number} {name}" for name, number in counted.items()) + "\n"
    if trace:
        first = DesiredState(accounts=(state.accounts or [])[:trace] or None)
        first.dimensions = (state.dimensions or [])[:trace] or None
        text += render(first)
    return Output(text, counted, findings)


command.add_command(check)
