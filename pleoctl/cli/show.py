"""``pleoctl show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from pleoctl.cli.boundary import Output
from pleoctl.cli.common import PATH, as_command
from pleoctl.cli.plan import render_options, render_plan
from pleoctl.cli.posting import JOBS_PLAN, no_job
from pleoctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.cli.boundary import Options
    from pleoctl.documents.versions import Kept


@as_command("show", formats=("text", "json", "markdown", "html"))
@click.argument("plan", metavar="PLAN|RECEIPT", type=PATH)
@render_options
def command(options: Options, *, plan: str, **look: Any) -> Output:
    """Show a saved plan; needs no workspace and talks to nobody.

    A plan of `plan` or of `jobs plan`, or a receipt, also of a fleet's run; `-` reads standard input. Where `jobs plan
    --format json` found no export job, it says so.

    Examples:
    pleoctl show plan.json
    pleoctl show plan.json --format markdown --max-bytes 30000
    pleoctl show plan.json --format html > plan.html
    pleoctl show receipt.json --format html > receipt.html
    pleoctl show plan.json --gitlab-report counts.json
    pleoctl jobs plan --format json | pleoctl show -

    """
    from pleoctl.documents.versions import Kept
    from pleoctl.fleet.receipt import FLEET_KIND
    from pleoctl.jobs.document import KIND, posting_plan_of
    from pleoctl.plan.artifact import plan_of

    kept = Kept.at(plan)
    if kept.had_nothing(JOBS_PLAN):
        return no_job()
    kind = kept.kind(KIND, "Receipt", FLEET_KIND)
    if kind is not None:
        _without(look)
    if kind in {"Receipt", FLEET_KIND}:
        return _receipt(options, kept)
    if kind is not None:
        from pleoctl.cli.posting import render, workspace_of

        posting = posting_plan_of(kept.content, kept.name)
        return render(options, posting, workspace_of(options, posting), plan)
    read = plan_of(kept.content, kept.name)
    return render_plan(options, read, file=plan, **look)


def _without(look: Iterable[str]) -> None:
    """Raise `UsageError` for an option that says how a plan of `plan` looks, where something else is shown."""
    context = click.get_current_context()
    for name in look:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise UsageError(f"--{name.replace('_', '-')} is for plans of `plan`")


def _receipt(options: Options, kept: Kept) -> Output:
    from pleoctl.markup import Markdown
    from pleoctl.report.kept import any_receipt, receipt_shown

    read = any_receipt(kept.content, kept.name)
    if options.format == "json":
        return Output(raw=kept.content)
    if options.format == "html":
        from pleoctl.report.receipt_page import receipt_html

        return Output(page=receipt_html(read))
    shown = receipt_shown(read)
    if options.format == "markdown":
        return Output(page=Markdown.fence("text", shown.plain.rstrip("\n").split("\n")) + Markdown("\n"))
    return Output(shown)
