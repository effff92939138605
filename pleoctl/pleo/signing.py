"""Signing in to Pleo: its published addresses and scopes (N1-N6), unless the workspace names others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.errors import InvalidFile, PleoError
from pleoctl.hosts import Endpoint
from pleoctl.model.kinds import KINDS
from pleoctl.pleo.client import NAME
from pleoctl.pleo.export_jobs import ITEMS_READ, JOBS_READ, JOBS_WRITE
from pleoctl.pleo.kinds import scopes
from pleoctl.remote.oauth.client import Client, endpoint_of
from pleoctl.remote.oauth.opening import grant_of

if TYPE_CHECKING:
    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.workspace import Workspace
    from pleoctl.workspace.settings import OAuth

_API: Final = "external."
_AUTH: Final = "auth."


def pleo_grant(workspace: Workspace) -> Grant:
    """The workspace's sign-in to Pleo. Raises `InvalidFile` where it signs in by other means, `Refused`."""
    if workspace.oauth is None:
        place = workspace.document.place(("pleo", "auth"))
        raise InvalidFile("pleo.auth does not sign in by OAuth", place=place, hint="see docs/signing-in.md")
    return grant_of(workspace, pleo_client(workspace, workspace.oauth), PleoError)


def pleo_client(workspace: Workspace, given: OAuth) -> Client:
    """The client that the workspace names, at Pleo's own server or, on loopback, at the same one."""
    oauth = _filled(workspace.url, given)
    _, secret = workspace.auth
    urls = (oauth.token_url, oauth.authorize_url, oauth.device_url, oauth.revocation_url, workspace.url)
    servers = {found for url in urls if url is not None and (found := endpoint_of(url)) is not None}
    here = Endpoint.parse(workspace.url)
    own = frozenset(one for one in servers if one == here or one.host.endswith(".pleo.io"))
    reveal = secret.reveal if oauth.client_secret else lambda: None
    return Client(oauth, "pleo", NAME, workspace.company, workspace.url, reveal, own)


def _filled(url: str, given: OAuth) -> OAuth:
    server = _server(url)
    published = server is not None
    replaced = {
        "authorize_url": given.authorize_url or (f"{server}/oauth/authorize" if published else None),
        "token_url": given.token_url or (f"{server}/oauth/token" if published else None),
        "device_url": given.device_url or (f"{url}/oauth/device" if server == url else None),
        "revocation_url": given.revocation_url or (f"{url}/oauth/revoke" if server == url else None),
        "scopes": given.scopes if given.scopes is not None else all_scopes(),
    }
    return msgspec.structs.replace(given, **replaced)


def _server(url: str) -> str | None:
    """The authorisation server of a Pleo: ``auth.`` for ``external.``, the same one on loopback."""
    found = Endpoint.parse(url)
    if found is None or found.loopback:
        return url
    if found.host.endswith("pleo.io") and found.host.startswith(_API):
        return f"https://{_AUTH}{found.host.removeprefix(_API)}"
    return None


def all_scopes() -> tuple[str, ...]:
    """What everything that pleoctl does needs."""
    of_kinds = dict.fromkeys(scope for kind in KINDS.values() for scope in scopes(kind))
    return (*of_kinds, JOBS_READ, JOBS_WRITE, ITEMS_READ)
