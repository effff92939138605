"""``pleoctl logout``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.signing import grant_for, target_option
from pleoctl.errors import Finding
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.remote.oauth.grant import Forgotten, Grant


@as_command("logout")
@target_option
@click.option("--local", is_flag=True, help="Only forget the tokens; the server is not asked to end them.")
def command(options: Options, *, target: str, local: bool) -> Output:
    """End a sign-in: the server ends its tokens, and they are forgotten on this machine or in the shared state.

    Where the server takes no tokens back, or cannot be asked, they are forgotten all the same, and the output says
    that the connection is to be ended there.

    Examples:
    pleoctl logout
    pleoctl logout --target source --local

    """
    grant = grant_for(open_workspace(options), target)
    forgotten = grant.forget(revoke=not local)
    data = {
        "target": target,
        "place": grant.vault.place,
        "forgotten": forgotten.there,
        "revoked": forgotten.revoked,
    }
    return Output(Shown.lines(_lines(grant, forgotten)), data, list(_findings(grant, forgotten)))


def _lines(grant: Grant, forgotten: Forgotten) -> Iterator[str]:
    service = grant.client.service
    if not forgotten.there:
        yield f"nobody was signed in: {service}"
        return
    yield f"signed out: {service}"
    if forgotten.revoked:
        yield "the server has ended the tokens"
    elif forgotten.why is None:
        yield "the tokens are forgotten; to have them void, end the connection at the server"


def _findings(grant: Grant, forgotten: Forgotten) -> Iterator[Finding]:
    if forgotten.why is not None:
        words = f"{grant.client.service}: the tokens may live on: {forgotten.why}"
        yield Finding("not-revoked", words, "warning", hint="end the connection at the server")
