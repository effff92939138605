"""``pleoctl sync``."""

from __future__ import annotations

from typing import Any

from pleoctl.cli.approve import Asked, approval_options
from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, lock_timeout_option, open_workspace, terminal_width
from pleoctl.cli.planning import connected, mapping_warnings, scope_options
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
    from pleoctl.cli.applying import carry_out, locked, output_of
    from pleoctl.cli.signals import stoppable
    from pleoctl.plan import build_plan
    from pleoctl.plan.prepare import Choices, prepare
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.report.text import plan_text
    from pleoctl.run.doubts import wait_out
    from pleoctl.run.shared import RECENT
    from pleoctl.sources.write import export_to_workspace

    workspace, asked = open_workspace(options), Asked(**approvals)
    asked.of(workspace)
    with locked(workspace, "sync", lock_timeout) as runs:
        exported = export_to_workspace(workspace)
        workspace = open_workspace(options)
        inputs = prepare(workspace, Choices(only, dimensions), further=mapping_warnings(workspace))
        wait_out(runs.exchange(RECENT))
        with connected(workspace, PleoReader) as reader:
            made = build_plan(inputs, reader)
        if not made.guard_passed:
            text = plan_text(made, per_minute=workspace.requests_per_minute, width=terminal_width())
            refused = Finding("guard", "the guard refuses the plan", hint="review it: `pleoctl plan`")
            return Output(text, made.document, [*exported.findings, refused], ExitCode.REFUSED)
        if made.changes:
            asked.require(workspace, made.id, sorted(workspace.root.glob("*.sig*")), runs)
        with stoppable() as stop:
            applied = carry_out(options, workspace, runs, made, stop=stop)
        shown = output_of(options, applied, stop)
        if options.format == "text":
            shown.text = plan_text(made, per_minute=workspace.requests_per_minute, width=terminal_width()) + shown.text
        shown.raw, shown.data = None, applied.as_json()
        shown.findings = [*exported.findings, *shown.findings]
        return shown
