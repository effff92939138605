"""From a workspace to a reader or a writer of its company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from pleoctl.errors import PleoError
from pleoctl.machine import connection_name
from pleoctl.pleo.client import NAME
from pleoctl.pleo.reader import PleoReader
from pleoctl.remote.auth import Auth, basic, bearer
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.state.opening import state_of

if TYPE_CHECKING:
    import threading

    from pleoctl.workspace import Workspace

R = TypeVar("R", bound=PleoReader)

PARALLEL: Final = 8


def connect(workspace: Workspace, kind: type[R], *, stop: threading.Event | None = None) -> R:
    """A reader or writer of the workspace's company; the secret is resolved here and kept nowhere else."""
    url, company = workspace.url, workspace.company
    auth = _authorisation_of(workspace)
    service = Service(url, NAME, workspace.limits, loopback=workspace.is_loopback, failure=PleoError)
    owner = auth.fingerprint if workspace.settings.pleo.budget_by == "credential" else company
    window = state_of(workspace).window(connection_name(url, owner))
    budget = Budget(workspace.requests_per_minute, window, stop=stop)
    return kind(Transport(service, auth, budget, pool=PARALLEL), company)


def _authorisation_of(workspace: Workspace) -> Auth:
    if workspace.oauth is not None:
        # A company with a key of its own does not wait for what signs in.
        from pleoctl.pleo.signing import pleo_grant
        from pleoctl.remote.oauth.auth import renewing

        return renewing(pleo_grant(workspace))
    method, secret = workspace.auth
    return authorisation(method, secret.reveal(), workspace.company)


def authorisation(method: str, secret: str, company: str) -> Auth:
    """Bearer for an access token; Basic with the key as user and an empty password for an API key (N3).

    Pleo counts requests by key; an access token changes within the hour, so the company stands for its owner.
    """
    return bearer(secret, owner=company) if method == "accessToken" else basic(secret, "")
