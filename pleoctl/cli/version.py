"""``pleoctl version``."""

from __future__ import annotations

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command
from pleoctl.text import Shown


@as_command("version")
def command(options: Options) -> Output:
    """Show the version of pleoctl, and what it runs on.

    Examples:
    pleoctl version
    pleoctl version --format json

    """
    import platform

    from pleoctl import __version__
    from pleoctl.release import commit, told

    del options
    data = {
        "version": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    return Output(Shown.lines([told(data["commit"], f"Python {data['python']}", str(data["system"]))]), data)
