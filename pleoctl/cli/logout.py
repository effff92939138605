"""``pleoctl logout``."""

from __future__ import annotations

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.signing import grant_for, target_option
from pleoctl.text import Shown


@as_command("logout")
@target_option
def command(options: Options, *, target: str) -> Output:
    """Forget the tokens of a sign-in on this machine, or in the shared state.

    The server still knows of them: who wants them void revokes the connection there.

    Examples:
    pleoctl logout
    pleoctl logout --target source

    """
    grant = grant_for(open_workspace(options), target)
    there = grant.forget()
    told = f"signed out: {grant.client.service}" if there else f"nobody was signed in: {grant.client.service}"
    return Output(Shown.lines([told]), {"target": target, "place": grant.vault.place, "forgotten": there})
