"""``pleoctl login``."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.door import tell
from pleoctl.cli.signing import grant_for, standing, target_option, words
from pleoctl.errors import UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.remote.oauth.grant import Grant

_LONGEST = 16384
_ELSEWHERE = "for one on another machine end this (Ctrl-C), and use --paste, or --device where the server has it"


@as_command("login")
@target_option
@click.option("--no-browser", is_flag=True, help="Show the address, and open no browser.")
@click.option("--paste", is_flag=True, help="Ask for the address that the browser ended at, wherever it runs.")
@click.option("--device", is_flag=True, help="Agree on another device, where the server has it.")
def command(options: Options, *, target: str, no_browser: bool, paste: bool, device: bool) -> Output:
    """Sign in by OAuth: to Pleo, the source or the sink.

    Shows an address, opens it in a browser where there is a terminal, and waits five minutes for the answer. The tokens
    are kept for this user alone, renewed by themselves, and never shown. A client with `grant: clientCredentials`
    needs nobody to agree: login only tries it.

    Examples:
    pleoctl login
    pleoctl login --target source --no-browser
    pleoctl login --target sink --paste
    pleoctl login --device

    """
    if paste and device:
        raise UsageError("--paste and --device are two ways", hint="choose one")
    grant = grant_for(open_workspace(options), target)
    if grant.client.grants_itself:
        grant.current()
    else:
        grant.prepare()
        grant.begin(_by_device(grant) if device else _pasted(grant) if paste else _redirected(grant, no_browser))
    found = standing(grant)
    lines = [f"signed in: {grant.client.service}", f"tokens    {words(found)}", f"kept in   {found['place']}"]
    return Output(Shown.lines(lines), {"target": target, **found})


def _redirected(grant: Grant, no_browser: bool) -> Mapping[str, Any]:
    from pleoctl.remote.oauth.login import Consent
    from pleoctl.remote.oauth.loopback import Redirect

    with Redirect(grant.client.oauth.redirect_uri) as redirect:
        consent = Consent.asked(grant.endpoint.client("authorize_url"), redirect.uri)
        _show(consent.url)
        if sys.stderr.isatty() and not no_browser:
            # Beside the waiting: some browsers end only when they have been answered.
            threading.Thread(target=_open, args=(consent.url,), daemon=True).start()
        code = redirect.wait(consent.code)
    return consent.exchanged(code, grant.endpoint)


def _open(address: str) -> None:
    """Open a browser, or say that there is none and what to do instead."""
    import webbrowser

    try:
        opened = _has_screen() and webbrowser.open(address)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        tell(Shown.lines(["no browser could be opened here: open the address in one on this machine;", _ELSEWHERE]))


def _has_screen() -> bool:
    """Whether a browser has somewhere to show itself; text browsers would take the terminal over."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def _pasted(grant: Grant) -> Mapping[str, Any]:
    from pleoctl.remote.oauth.login import Consent, query_of

    redirect = grant.client.oauth.redirect_uri
    if redirect is None:
        raise UsageError(
            "--paste needs the address that is registered", hint=f"set redirectUri in {grant.client.target}.auth.oauth"
        )
    consent = Consent.asked(grant.endpoint.client("authorize_url"), redirect)
    _show(consent.url)
    tell(Shown.lines(["then paste the address that the browser ended at:"]))
    line = sys.stdin.readline(_LONGEST) if sys.stdin is not None else ""
    return consent.exchanged(consent.code(query_of(line)), grant.endpoint)


def _by_device(grant: Grant) -> Mapping[str, Any]:
    from pleoctl.remote.oauth.login import by_device

    return by_device(
        grant.client,
        grant.endpoint,
        lambda address, code: tell(Shown.lines([f"open {address}", f"and enter {code}"])),
    )


def _show(address: str) -> None:
    tell(Shown.lines(["open this address, and agree:", address]))
