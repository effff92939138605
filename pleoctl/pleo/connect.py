"""From a workspace to a reader or a writer of its company."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, TypeVar

from pleoctl.machine import connection_name, this_machine
from pleoctl.pleo.reader import PleoReader
from pleoctl.remote.budget import Budget
from pleoctl.remote.transport import Transport

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    import requests

    from pleoctl.workspace import Workspace

R = TypeVar("R", bound=PleoReader)

PARALLEL: Final = 8


def connect(workspace: Workspace, kind: type[R], *, stop: threading.Event | None = None) -> R:
    """A reader or writer of the workspace's company; the secret is resolved here and kept nowhere else."""
    url, company = workspace.url, workspace.company
    store = this_machine().state_folder() / "budget" / connection_name(url, company)
    budget = Budget(workspace.requests_per_minute, store, stop=stop)
    method, secret = workspace.auth
    transport = Transport(
        url, authoriser(method, secret.reveal()), budget, timeout=workspace.timeout,
        loopback=workspace.is_loopback, pool=PARALLEL,
    )  # fmt: skip
    return kind(transport, company)


def authoriser(method: str, secret: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Bearer for an access token; Basic with the key as user and an empty password for an API key (N3)."""
    if method == "accessToken":
        header = f"Bearer {secret}"
    else:
        header = "Basic " + base64.b64encode(f"{secret}:".encode()).decode()

    def authorise(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = header
        return request

    return authorise
