"""``pleoctl show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.common import PATH, as_command
from pleoctl.cli.plan import render_options, render_plan

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options, Output


@as_command("show", formats=("text", "json", "markdown", "html"))
@click.argument("plan", type=PATH)
@render_options
def command(options: Options, *, plan: str, **look: Any) -> Output:
    """Show a saved plan; needs no workspace and talks to nobody.

    Examples:
    pleoctl show plan.json
    pleoctl show plan.json --format markdown --max-bytes 30000
    pleoctl show plan.json --format html > plan.html
    pleoctl show plan.json --gitlab-report counts.json

    """
    from pleoctl.documents.versions import kind_of
    from pleoctl.jobs.document import KIND, read_posting_plan
    from pleoctl.plan.artifact import read_plan

    if kind_of(Path(plan), KIND) is not None:
        from pleoctl.cli.jobs import render

        return render(options, read_posting_plan(Path(plan), plan))
    read = read_plan(Path(plan), plan)
    return render_plan(options, read, file=plan, **look)
