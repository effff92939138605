"""``pleoctl sync``."""

from __future__ import annotations

from typing import Any

from pleoctl.cli.approve import approval_options, approvers_of
from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, lock_timeout_option, open_workspace, terminal_width
from pleoctl.cli.planning import scope_options
from pleoctl.errors import ExitCode, Finding


@as_command("sync", formats=("text", "json"))
@scope_options
@approval_options
@lock_timeout_option
def command(
    options: Options, *, only: tuple[str, ...], dimensions: tuple[str, ...], lock_timeout: str | None, **approvals: Any
) -> Output:
    """Export, plan and apply in one go, under one lock.

    Nobody reviews the plan; the guard is the only stop (exit 3). With --approvers a plan with changes is carried out
    only if it was approved: its id is that of the same `plan`, and the signatures lie beside the workspace file.

    Examples:
    pleoctl sync
    pleoctl sync --only accounts --lock-timeout 5m

    """
    from pleoctl.cli.applying import Terminal, output_of
    from pleoctl.fleet.company import synced
    from pleoctl.plan.prepare import Choices
    from pleoctl.report.text import plan_text

    caller = Terminal(options, lock_timeout, approvers_of(**approvals))
    workspace = open_workspace(options)
    exported, made, applied = synced(workspace, Choices(only, dimensions), caller)
    text = plan_text(made, per_minute=workspace.requests_per_minute, width=terminal_width())
    if applied is None:
        refused = Finding("guard", "the guard refuses the plan", hint="review it: `pleoctl plan`")
        return Output(text, made.document, [*exported.findings, refused], ExitCode.REFUSED)
    shown = output_of(options, applied, caller.asked)
    if options.format == "text":
        shown.text = text + shown.text
    else:
        shown.raw, shown.data = None, applied.as_json()
    shown.findings = [*exported.findings, *shown.findings]
    return shown
