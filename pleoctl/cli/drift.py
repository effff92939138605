"""``pleoctl drift``."""

from __future__ import annotations

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace, terminal_width
from pleoctl.cli.planning import scope_options
from pleoctl.errors import ExitCode


@as_command("drift", formats=("text", "json"))
@scope_options
def command(options: Options, *, only: tuple[str, ...], dimensions: tuple[str, ...]) -> Output:
    """Has live Pleo moved away from the desired state? Exit 2 if so.

    The same comparison as `pleoctl plan`, without guard and warnings.

    Examples:
    pleoctl drift
    pleoctl drift --format json

    """
    from pleoctl.fleet.caller import Caller
    from pleoctl.fleet.planning import drifted
    from pleoctl.plan.prepare import Choices
    from pleoctl.report.text import plan_text

    made = drifted(open_workspace(options), Choices(only, dimensions), Caller())
    document = made.document
    code = ExitCode.CHANGES if made.changes else ExitCode.OK
    text = plan_text(made, drift=True, width=terminal_width())
    data = {"summary": document["summary"], "changes": document["changes"], "requests": document["requests"]}
    return Output(text, data, exit_code=code)
