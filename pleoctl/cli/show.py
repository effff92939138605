"""``pleoctl show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.boundary import Output
from pleoctl.cli.common import PATH, as_command
from pleoctl.cli.plan import render_options, render_plan
from pleoctl.errors import UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options


@as_command("show", formats=("text", "json", "markdown", "html"))
@click.argument("plan", metavar="PLAN|RECEIPT", type=PATH)
@render_options
def command(options: Options, *, plan: str, **look: Any) -> Output:
    """Show a saved plan; needs no workspace and talks to nobody.

    A plan of `plan` or of `jobs plan`, or a receipt.

    Examples:
    pleoctl show plan.json
    pleoctl show plan.json --format markdown --max-bytes 30000
    pleoctl show plan.json --format html > plan.html
    pleoctl show plan.json --gitlab-report counts.json

    """
    from pleoctl.documents.versions import kind_of
    from pleoctl.jobs.document import KIND, read_posting_plan
    from pleoctl.plan.artifact import read_plan

    kind = kind_of(Path(plan), KIND, "Receipt")
    if kind == "Receipt":
        return _receipt(options, Path(plan), plan)
    if kind is not None:
        from pleoctl.cli.jobs import render

        return render(options, read_posting_plan(Path(plan), plan))
    read = read_plan(Path(plan), plan)
    return render_plan(options, read, file=plan, **look)


def _receipt(options: Options, path: Path, name: str) -> Output:
    from pleoctl.markup import Markdown
    from pleoctl.report.kept import any_receipt, receipt_lines

    read = any_receipt(path, name)
    if options.format == "html":
        raise UsageError("a receipt has no page", hint="--format text, json or markdown")
    if options.format == "json":
        return Output(raw=path.read_bytes())
    lines = receipt_lines(read)
    if options.format == "markdown":
        return Output(page=Markdown.fence("text", [line.plain for line in lines]) + Markdown("\n"))
    return Output(Shown.lines(lines))
