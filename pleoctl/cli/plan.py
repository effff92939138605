"""``pleoctl plan``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace, terminal_width, write_output
from pleoctl.cli.planning import allow_archive_option, scope_options
from pleoctl.cli.reports import report_options, reporting
from pleoctl.cli.shared import OUTPUT, together
from pleoctl.errors import ExitCode, Finding
from pleoctl.text import COMMENT_BYTES, Shown

if TYPE_CHECKING:
    from pleoctl.cli.reports import Reported
    from pleoctl.plan.artifact import Plan

PLAN_FILE: Final = "plan.json"


render_options = together(
    click.option("--brief", is_flag=True, help="Totals without the single changes."),
    click.option(
        "--max-bytes",
        type=click.IntRange(min=1),
        default=COMMENT_BYTES,
        metavar="N",
        help=f"Most bytes of markdown (default {COMMENT_BYTES}); keeps all archives.",
    ),
    click.option(
        "--gitlab-report", type=OUTPUT, metavar="FILE", help="Also write GitLab's counts (artifacts:reports:terraform)."
    ),
)
"""What `plan` and `show` share beside the format."""


@as_command("plan", formats=("text", "json", "markdown"))
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Save the plan here.")
@scope_options
@allow_archive_option
@click.option("--today", metavar="DATE", help="The day that expiry dates are judged by (YYYY-MM-DD).")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@report_options
@render_options
def command(
    options: Options,
    *,
    output: str | None,
    only: tuple[str, ...],
    dimensions: tuple[str, ...],
    allow_archive: int | None,
    today: str | None,
    detailed_exitcode: bool,
    junit: str | None,
    sarif: str | None,
    **look: Any,
) -> Output:
    """Show what would change in live Pleo.

    Compares the desired state with live Pleo and writes nothing there. With -o the plan is saved for `pleoctl apply`,
    also when it is empty or refused by the guard (exit 3).

    Examples:
    pleoctl plan
    pleoctl plan -o plan.json
    pleoctl plan --only accounts --format markdown
    pleoctl plan -o plan.json --allow-archive 37
    pleoctl plan -o plan.json --junit plan.xml --sarif plan.sarif

    """
    from pleoctl.cli.init import still_example
    from pleoctl.fleet.caller import Caller
    from pleoctl.fleet.planning import planned
    from pleoctl.model.kinds import ACCOUNT
    from pleoctl.plan.prepare import Choices

    with reporting(options, junit=junit, sarif=sarif) as reported:
        choices = Choices(only, dimensions, today, allow_archive)
        workspace = open_workspace(options)
        made = planned(workspace, choices, Caller())
        saved = output is not None and write_output(options, output, made.bytes, inputs=workspace.inputs)
        _report(reported, made, output)
    shown = render_plan(options, made, file=output, per_minute=workspace.requests_per_minute, **look)
    if any(change.action == "create" and change.kind == ACCOUNT.name for change in made.changes):
        shown.findings += still_example(workspace)
    guarded(shown, made)
    if saved and options.format == "text" and made.guard_passed:
        shown.text += where_saved(output)
    if made.guard_passed and detailed_exitcode and made.changes:
        shown.exit_code = ExitCode.CHANGES
    return shown


def where_saved(output: str | None) -> Shown:
    """Where the plan is, and what to do with it."""
    return Shown.lines(["", f"Saved to {output}. Carry it out with: pleoctl apply {output}"])


def guarded(shown: Output, made: Plan) -> None:
    """End as the plan's guard says: where it refuses, with a line for those who only see the log."""
    shown.exit_code = ExitCode.OK if made.guard_passed else ExitCode.REFUSED
    if not made.guard_passed:
        shown.findings.append(_refused(made))


def _refused(made: Plan) -> Finding:
    first = made.head.guard.findings[0].finding
    return Finding("guard", f"the guard refuses this plan: {replace(first, hint=None)}", hint=first.hint)


def _report(reported: Reported, made: Plan, output: str | None) -> None:
    from pleoctl.forge.environment import commit
    from pleoctl.report.markdown import Names, plan_markdown
    from pleoctl.report.review import plan_findings

    reported.files += made.head.desired.files if made.head.desired else []
    reported.findings += plan_findings(made)
    reported.summary = lambda room: plan_markdown(made, Names(output or PLAN_FILE, commit()), max_bytes=room)


def render_plan(
    options: Options,
    plan: Plan,
    *,
    file: str | None = None,
    brief: bool = False,
    max_bytes: int = COMMENT_BYTES,
    gitlab_report: str | None = None,
    per_minute: int | None = None,
) -> Output:
    """A plan in the asked format; ``file`` is where it is saved."""
    from pleoctl.forge.environment import commit

    if gitlab_report is not None:
        from pleoctl.forge.gitlab import gitlab_report as counts

        write_output(options, gitlab_report, counts(plan))
    if options.format == "json":
        return Output(raw=plan.bytes)
    if options.format == "markdown":
        from pleoctl.report.markdown import Names, plan_markdown

        return Output(page=plan_markdown(plan, Names(file or PLAN_FILE, commit()), max_bytes=max_bytes))
    if options.format == "html":
        from pleoctl.report.html import plan_html

        return Output(page=plan_html(plan, file=file or PLAN_FILE, commit=commit()))
    from pleoctl.report.text import plan_text

    return Output(text=plan_text(plan, brief=brief, per_minute=per_minute, width=terminal_width()))
