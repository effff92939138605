"""``pleoctl config``."""

from __future__ import annotations

import json

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group


@as_group("config")
def command() -> None:
    """The effective settings of the workspace."""


@as_command("show", parent="config")
def show(options: Options) -> Output:
    """Show every setting with its value and origin.

    Secrets stay references.

    Examples:
    pleoctl config show

    """
    from pleoctl.report.table import table
    from pleoctl.workspace.show import effective

    settings = list(effective(open_workspace(options)))
    rows = [[s.key, s.value if isinstance(s.value, str) else json.dumps(s.value), s.origin] for s in settings]
    data = [{"key": s.key, "value": s.value, "origin": s.origin} for s in settings]
    return Output(table(["setting", "value", "origin"], rows), data)


command.add_command(show)
