"""``pleoctl show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pleoctl.cli.common import PATH, as_command
from pleoctl.cli.plan import render_plan

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options, Output


@as_command("show", formats=("text", "json", "markdown"))
@click.argument("plan", type=PATH)
@click.option("--brief", is_flag=True, help="Totals without the single changes.")
def command(options: Options, *, plan: str, brief: bool) -> Output:
    """Show a saved plan; needs no workspace and talks to nobody.

    Examples:
    pleoctl show plan.json
    pleoctl show plan.json --format markdown

    """
    from pleoctl.plan.artifact import read_plan  # noqa: PLC0415 - the engine only where it is used

    read = read_plan(Path(plan), plan)
    return render_plan(options, read.document, read.bytes, brief=brief)
