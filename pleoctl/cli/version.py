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

    del options
    data = {
        "version": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    told = f"pleoctl, version {data['version']} (Python {data['python']}, {data['system']})"
    return Output(Shown.lines([told]), data)
