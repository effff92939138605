"""``pleoctl plan``."""

from __future__ import annotations

from typing import Any

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, open_workspace, write_output
from pleoctl.cli.planning import connected, mapping_warnings, scope_options
from pleoctl.errors import ExitCode


@as_command("plan", formats=("text", "json", "markdown"))
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Save the plan here.")
@scope_options
@click.option("--allow-archive", type=click.IntRange(min=0), metavar="N",
              help="Approve exactly N archives: all that the plan has.")  # fmt: skip
@click.option("--today", metavar="DATE", help="The day that expiry dates are judged by (YYYY-MM-DD).")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@click.option("--brief", is_flag=True, help="Totals without the single changes.")
def command(
    options: Options, *, output: str | None, only: str | None, dimensions: tuple[str, ...],
    allow_archive: int | None, today: str | None, detailed_exitcode: bool, brief: bool,
) -> Output:  # fmt: skip
    """Compare the desired state with live Pleo and show what would change.

    Writes nothing to Pleo. With -o the plan is saved for `pleoctl apply`, also when it is empty or refused by the
    guard (exit 3).

    Examples:
    pleoctl plan
    pleoctl plan -o plan.json
    pleoctl plan --only accounts --format markdown
    pleoctl plan -o plan.json --allow-archive 37

    """
    from pleoctl.plan import build_plan  # noqa: PLC0415 - the engine only where it is used
    from pleoctl.plan.prepare import prepare  # noqa: PLC0415
    from pleoctl.pleo.reader import PleoReader  # noqa: PLC0415

    workspace = open_workspace(options)
    inputs = prepare(
        workspace,
        only=only,
        dimensions=dimensions,
        today=today,
        acknowledged=allow_archive,
        further=mapping_warnings(workspace),
    )
    with connected(workspace, PleoReader) as reader:
        made = build_plan(inputs, reader)
    if output is not None:
        write_output(output, made.bytes)
    code = ExitCode.OK if made.guard_passed else ExitCode.REFUSED
    if code is ExitCode.OK and detailed_exitcode and made.changes:
        code = ExitCode.CHANGES
    shown = render_plan(options, made.document, made.bytes, brief=brief, per_minute=workspace.requests_per_minute)
    if output is not None and options.format == "text" and made.guard_passed:
        shown.text += f"\nSaved to {output}. Carry it out with: pleoctl apply {output}\n"
    shown.exit_code = code
    return shown


def render_plan(
    options: Options,
    document: dict[str, Any],
    raw: bytes,
    *,
    brief: bool = False,
    per_minute: int | None = None,
) -> Output:
    """A plan in the asked format."""
    if options.format == "json":
        return Output(raw=raw)
    if options.format == "markdown":
        from pleoctl.report.markdown import plan_markdown  # noqa: PLC0415

        return Output(text=plan_markdown(document))
    from pleoctl.report.text import plan_text  # noqa: PLC0415

    return Output(text=plan_text(document, brief=brief, per_minute=per_minute))
